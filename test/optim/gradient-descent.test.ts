// Descent with a matrix for a learning rate, and the matrices of Newton, and Gauss and Newton.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  DTypeError,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const f64 = { dtype: "float64" } as const;
const leaf = (values: number[]): Tensor => tensor(values, { ...f64, requiresGrad: true });
const A = tensor(
  [
    [3, 1],
    [1, 2],
  ],
  f64,
);
/** ½·w·A·w − b·w, whose least is at A⁻¹·b. */
const bowl = (w: Tensor): Tensor =>
  ops.sub(ops.mul(0.5, ops.dot(w, ops.matmul(A, w))), ops.dot(w, tensor([1, 1], f64)));

function step(optimizer: optim.Optimizer, loss: () => Tensor): Tensor {
  optimizer.zeroGrad();
  const value = loss();
  value.backward();
  optimizer.step();
  return value;
}

describe("one step is w − η·P·∂L/∂w", () => {
  const gradient = [3 * 2 + 1 * -1 - 1, 1 * 2 + 2 * -1 - 1];
  test.each<[string, optim.Preconditioner | undefined, number[]]>([
    ["without P", undefined, gradient],
    ["for a diagonal", tensor([2, 0], f64), [2 * (gradient[0] as number), 0]],
    [
      "for a matrix",
      tensor(
        [
          [2, -1],
          [-1, 1],
        ],
        f64,
      ),
      [
        2 * (gradient[0] as number) - (gradient[1] as number),
        (gradient[1] as number) - (gradient[0] as number),
      ],
    ],
    ["for a function", (g: Tensor) => ops.mul(g, 3), gradient.map((g) => 3 * g)],
  ])("%s", (_, preconditioner, move) => {
    for (const run of [<T>(f: T) => f, <T>(f: T) => compile(f as never) as T]) {
      const w = leaf([2, -1]);
      const options = preconditioner === undefined ? { lr: 0.1 } : { lr: 0.1, preconditioner };
      const optimizer = new optim.GradientDescent([w], options);
      run(() => step(optimizer, () => bowl(w)))();
      expectNumbersClose(w.data, [2 - 0.1 * (move[0] as number), -1 - 0.1 * (move[1] as number)]);
    }
  });
});

test("Newton's matrix finds the least of a quadratic in one step", () => {
  class Point extends nn.Module {
    readonly w = new nn.Parameter(tensor([5, -7], f64));
    forward(): Tensor {
      return bowl(this.w);
    }
  }
  const point = new Point();
  const optimizer = new optim.GradientDescent(point.parameters(), { lr: 1 });
  optimizer.preconditioner = optim.newton(point, () => point.forward());
  step(optimizer, () => point.forward());
  expectNumbersClose(point.w.data, [0.2, 0.4]);
});

test("Gauss and Newton's matrix solves least squares of a linear model in one step, over all its parameters", () => {
  manualSeed(1);
  const random = new Generator(2);
  const x = random.normal([20, 3], f64);
  const y = ops.add(ops.matmul(x, tensor([[1], [-2], [0.5]], f64)), 3);
  const model = new nn.Linear(3, 1, f64);
  const optimizer = new optim.GradientDescent(model.parameters(), { lr: 1 });
  const C = (z: Tensor): Tensor => cost.mse(z, y);
  optimizer.preconditioner = optim.gaussNewton(model, () => model.forward(x), C);
  step(optimizer, () => C(model.forward(x)));
  expectNumbersClose([...model.weight.data, ...(model.bias as Tensor).data], [1, -2, 0.5, 3]);
});

test("both are one where the model is linear, and damping shortens the step", () => {
  manualSeed(1);
  const x = new Generator(2).normal([9, 2], f64);
  const y = zeros([9, 1], f64);
  const model = new nn.Linear(2, 1, f64);
  const C = (z: Tensor): Tensor => cost.mse(z, y);
  const [a, b] = [
    optim.newton(model, () => C(model.forward(x)), { damping: 0.1 }),
    optim.gaussNewton(model, () => model.forward(x), C, { damping: 0.1 }),
  ];
  expectNumbersClose(a.data, [...b.data]);
  const heavy = optim.newton(model, () => C(model.forward(x)), { damping: 1e9 });
  expectNumbersClose(ops.diagonal(heavy).data, [1e-9, 1e-9, 1e-9], { rtol: 1e-6, atol: 0 });
});

test("a network comes down much faster than by the gradient alone, compiled, with a matrix renewed in between", () => {
  manualSeed(3);
  const x = new Generator(4).normal([30, 2], f64);
  const y = ops.unsqueeze(ops.sin(ops.sum(x, { dim: 1 })), 1);
  const run = (curved: boolean): number => {
    manualSeed(5);
    const model = new nn.Sequential(new nn.Linear(2, 6, f64), new nn.Tanh(), new nn.Linear(6, 1, f64));
    const matrix = (): Tensor =>
      optim.gaussNewton(
        model,
        () => model.forward(x),
        (z) => cost.mse(z, y),
        { damping: 0.01 },
      );
    const options = curved ? { lr: 0.5, preconditioner: matrix() } : { lr: 0.1 };
    const optimizer = new optim.GradientDescent(model.parameters(), options);
    const compiled = compile(() => step(optimizer, () => cost.mse(model.forward(x), y)));
    let loss = 0;
    for (let i = 0; i < 40; i++) {
      if (curved && i > 0) optimizer.preconditioner = matrix();
      loss = compiled().item();
    }
    return loss;
  };
  expect(run(true)).toBeLessThan(run(false) / 20);
});

describe("a preconditioner is refused", () => {
  const make = (preconditioner: unknown) => () =>
    new optim.GradientDescent([leaf([1, 2])], { preconditioner: preconditioner as Tensor });
  const wrong = "GradientDescent: expected a symmetric positive semi-definite preconditioner, ";
  test.each<[unknown, new (message: string) => Error, string]>([
    [tensor([1, -1], f64), ArgumentError, `${wrong}this diagonal has -1`],
    [tensor([1, Number.NaN], f64), ArgumentError, `${wrong}this diagonal has NaN`],
    [
      tensor(
        [
          [1, 2],
          [0, 1],
        ],
        f64,
      ),
      ArgumentError,
      `${wrong}this one differs from its transpose by 2`,
    ],
    [
      tensor(
        [
          [1, 2],
          [2, 1],
        ],
        f64,
      ),
      ArgumentError,
      `${wrong}this one has a negative eigenvalue`,
    ],
    [
      tensor(
        [
          [-1, 0],
          [0, 0],
        ],
        f64,
      ),
      ArgumentError,
      `${wrong}this one has a negative eigenvalue`,
    ],
    [zeros([3], f64), ShapeError, "GradientDescent: expected a preconditioner [2] or [2, 2], got [3]"],
    [
      zeros([2]),
      DTypeError,
      "GradientDescent: expected the preconditioner to be float64 as the parameters are, got float32",
    ],
    [1, ArgumentError, "GradientDescent: expected preconditioner to be a tensor or a function, got 1"],
    [() => zeros([3], f64), ShapeError, "GradientDescent: expected the preconditioner to give [2], got [3]"],
  ])("%s", (preconditioner, kind, message) => {
    expect(make(preconditioner)).toThrow(new kind(message));
  });

  test("that is a function which is neither", () => {
    expect(make((v: Tensor) => ops.neg(v))).toThrow(/preconditioner, u·P\(u\) is -/);
    const turn = tensor(
      [
        [0, 1],
        [-1, 0],
      ],
      f64,
    );
    expect(make((v: Tensor) => ops.matmul(turn, v))).toThrow(
      /preconditioner, u·P\(v\) and v·P\(u\) differ by /,
    );
  });

  test("not where it is only semi-definite", () => {
    for (const good of [
      zeros([2], f64),
      zeros([2, 2], f64),
      tensor(
        [
          [1, 1],
          [1, 1],
        ],
        f64,
      ),
    ]) {
      expect(make(good)).not.toThrow();
    }
  });

  test("by newton, where the curvature is negative", () => {
    class Hill extends nn.Module {
      readonly w = new nn.Parameter(tensor([1, 2], f64));
      forward(): Tensor {
        return ops.neg(ops.dot(this.w, this.w));
      }
    }
    const hill = new Hill();
    expect(() => optim.newton(hill, () => hill.forward(), { damping: 1 })).toThrow(
      new ArgumentError(
        "newton: the curvature with damping 1 is not positive definite; a larger damping makes it so",
      ),
    );
    expect(optim.newton(hill, () => hill.forward(), { damping: 3 }).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(() => optim.newton(new nn.ReLU(), () => zeros([]))).toThrow(
      new ArgumentError("newton: expected a model with parameters that learn"),
    );
  });
});

describe("a state dict", () => {
  const diagonal = (values: number[]): Tensor => tensor(values, f64);
  const make = (...preconditioners: (optim.Preconditioner | undefined)[]): optim.GradientDescent =>
    new optim.GradientDescent(
      preconditioners.map((preconditioner) => ({
        parameters: [leaf([1, 2])],
        ...(preconditioner === undefined ? {} : { preconditioner }),
      })),
    );
  const scaled = (...values: number[]): optim.StatefulPreconditioner => {
    const state = [diagonal(values)];
    return Object.assign((v: Tensor) => ops.mul(v, state[0] as Tensor), { state });
  };
  const inDict = (optimizer: optim.GradientDescent): unknown[] =>
    optimizer
      .stateDict()
      .paramGroups.map(({ preconditioner }) =>
        [preconditioner].flat().map((one) => (one as Tensor | null | undefined)?.toArray()),
      );

  test("holds matrices, and the state of functions, of every group", () => {
    const own = make(diagonal([2, 3]), scaled(4, 5), undefined, (v) => ops.mul(v, 2));
    expect(inDict(own)).toEqual([[[2, 3]], [[4, 5]], [undefined], [undefined]]);
    expect(own.stateDict().paramGroups.map((group) => "preconditioner" in group)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const other = make(undefined, scaled(1, 1), diagonal([1, 1]), (v) => ops.mul(v, 2));
    other.loadStateDict(own.stateDict());
    expect(inDict(other)).toEqual(inDict(own));
    const steps = [own, other].map((optimizer) => {
      for (const w of optimizer.parameters) w.grad = diagonal([1, 1]);
      optimizer.step();
      return optimizer.parameters.map((w) => w.toArray());
    });
    expect(steps[1]).toEqual(steps[0]);
  });

  test("gives a compiled step its values without a new trace, in every group", () => {
    const own = make(diagonal([1, 1]), diagonal([1, 1]));
    let traces = 0;
    const run = compile(() => {
      traces++;
      const loss = own.parameters.map((w) => ops.sum(w)).reduce((a, b) => ops.add(a, b));
      own.zeroGrad();
      loss.backward();
      own.step();
      return loss;
    });
    run();
    own.loadStateDict(make(diagonal([2, 2]), diagonal([3, 3])).stateDict());
    const before = own.parameters.map((w) => w.data[0] as number);
    run();
    expectNumbersClose(
      own.parameters.map((w, i) => (before[i] as number) - (w.data[0] as number)),
      [2e-3, 3e-3],
    );
    expect(traces).toBe(1);
    own.loadStateDict(make(diagonal([2, 2]), undefined).stateDict());
    run();
    expect(traces).toBe(2);
  });

  test.each<[string, unknown, new (message: string) => Error, string]>([
    [
      "a list for a matrix",
      [zeros([2], f64)],
      ArgumentError,
      "preconditioner to be a tensor or null, got an array of 1",
    ],
    ["a word", "none", ArgumentError, 'preconditioner to be a tensor or null, got "none"'],
    ["another size", zeros([3], f64), ShapeError, "a preconditioner [2] or [2, 2], got [3]"],
  ])("with %s is refused, and nothing changes", (_, preconditioner, kind, message) => {
    const own = make(diagonal([2, 3]), diagonal([4, 5]));
    const { state, paramGroups } = make(diagonal([6, 6]), diagonal([7, 7])).stateDict();
    const wrong = [paramGroups[0], { ...paramGroups[1], preconditioner }];
    const load = (): void => own.loadStateDict({ state, paramGroups: wrong } as never);
    expect(load).toThrow(kind);
    expect(load).toThrow(message);
    expect(inDict(own)).toEqual([[[2, 3]], [[4, 5]]]);
  });

  test("with the state of another function is refused", () => {
    const { state, paramGroups } = make(scaled(1, 2)).stateDict();
    const wrong = [{ ...paramGroups[0], preconditioner: [zeros([3], f64)] }];
    expect(() => make(scaled(1, 2)).loadStateDict({ state, paramGroups: wrong } as never)).toThrow(
      new ArgumentError(
        "GradientDescent.loadStateDict: expected preconditioner to be its state float64[2], got an array of 1",
      ),
    );
  });
});

test("a matrix that two optimizers are given is changed in neither by setting the other's", () => {
  const matrix = tensor([1, 1], f64);
  const [a, b] = [leaf([1, 2]), leaf([1, 2])].map(
    (w) => new optim.GradientDescent([w], { preconditioner: matrix }),
  ) as [optim.GradientDescent, optim.GradientDescent];
  a.preconditioner = tensor([5, 5], f64);
  expect((b.preconditioner as Tensor).toArray()).toEqual([1, 1]);
  expect(matrix.toArray()).toEqual([1, 1]);
});
