import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  backward,
  chain,
  compile,
  cost,
  DTypeError,
  Generator,
  GraphError,
  grad,
  hessian,
  hvp,
  jacobian,
  jacobians,
  jvp,
  manualSeed,
  nn,
  ops,
  perSampleGradients,
  ShapeError,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../lib/index.js";
import { expectSame } from "../oracle/compare.js";

const random = new Generator(3);
const normal = (shape: number[]): Tensor => random.normal(shape, { dtype: "float64" });

/** ∂f_i/∂x_j by central differences. */
function differences(f: (x: Tensor) => Tensor, x: Tensor, h = 1e-6): Tensor {
  const y = f(x);
  const result = new Float64Array(y.size * x.size);
  for (let j = 0; j < x.size; j++) {
    const moved = (by: number): Tensor => {
      const data = Float64Array.from(x.data);
      data[j] = (data[j] as number) + by;
      return f(ops.reshape(tensor(data), x.shape));
    };
    const [high, low] = [moved(h).data, moved(-h).data];
    for (let i = 0; i < y.size; i++) {
      result[i * x.size + j] = ((high[i] as number) - (low[i] as number)) / (2 * h);
    }
  }
  return ops.reshape(tensor(result), [...y.shape, ...x.shape]);
}

const f = (x: Tensor): Tensor => ops.softmax(ops.matmul(ops.tanh(x), ops.transpose(x, 0, 1)));

describe("jacobian", () => {
  const x = normal([2, 3]);

  test.each(["reverse", "forward"] as const)("by %s agrees with differences", (mode) => {
    expectSame(jacobian(f, { mode })(x), differences(f, x), mode, { rtol: 1e-8, atol: 1e-8 });
  });

  test("chooses the mode with less work, and both modes agree", () => {
    const tall = (z: Tensor): Tensor => ops.concat([ops.exp(z), z, ops.square(z)]);
    expectSame(jacobian(tall)(x), jacobian(tall, { mode: "reverse" })(x));
    expectSame(jacobian(f)(x), jacobian(f, { mode: "forward" })(x));
  });

  test("has lists and objects like its function", () => {
    const g = (p: { w: Tensor; b: Tensor }, z: Tensor): { y: Tensor; n: Tensor } => ({
      y: ops.add(ops.matmul(p.w, z), p.b),
      n: ops.sum(ops.square(z)),
    });
    const p = { w: normal([2, 3]), b: normal([2]) };
    const z = normal([3]);
    const J = jacobian(g, { argnums: [0, 1] })(p, z);
    expect(J.y[0]).toMatchObject({ w: { shape: [2, 2, 3] }, b: { shape: [2, 2] } });
    const [, byZ] = J.y as unknown as [unknown, Tensor];
    expectSame(byZ, p.w);
    expectSame((J.n as unknown as [unknown, Tensor])[1], ops.mul(z, 2));
    expectSame((J.n as unknown as [{ w: Tensor }])[0].w, ops.mul(p.w, 0));
  });

  test("is zero for a constant, and for the result of a comparison", () => {
    expect(
      jacobian((z) => ops.to(ops.greater(z, 0), "float64"))(tensor([1, -1], { dtype: "float64" })).toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("of empty tensors is empty", () => {
    expect(jacobian((z) => ops.exp(z))(tensor([], { shape: [0, 2], dtype: "float64" })).shape).toEqual([
      0, 2, 0, 2,
    ]);
  });

  test("nests: third derivatives", () => {
    const cube = (z: Tensor): Tensor => ops.sum(ops.pow(z, 3));
    const third = jacobian(hessian(cube))(tensor([1, 2], { dtype: "float64" }));
    expect(third.toArray()).toEqual([
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 6],
      ],
    ]);
  });

  test("runs under compile", () => {
    for (const mode of ["reverse", "forward"] as const) {
      expectSame(compile(jacobian(f, { mode }))(x) as Tensor, jacobian(f)(x));
    }
    expectSame(
      compile(hessian((z) => ops.sum(f(ops.square(z)))))(x) as Tensor,
      hessian((z) => ops.sum(f(ops.square(z))))(x),
    );
  });
});

describe("hessian and hvp", () => {
  const g = (x: Tensor): Tensor => ops.logsumexp(ops.matmul(ops.tanh(x), x));
  const x = normal([4]);

  test("agree with differences of the gradient", () => {
    const H = hessian(g)(x);
    expectSame(H, differences(grad(g), x), "H", { rtol: 1e-7, atol: 1e-7 });
    const v = normal([4]);
    const [value, product] = hvp(g, [x], [v]);
    expectSame(value, g(x));
    expectSame(product[0], ops.matmul(H, v));
  });

  test("accept several inputs and trees", () => {
    const h = (p: { a: Tensor; b: Tensor }): Tensor => ops.sum(ops.mul(ops.square(p.a), p.b));
    const p = { a: tensor([1, 2], { dtype: "float64" }), b: tensor([3, 4], { dtype: "float64" }) };
    const H = hessian(h)(p);
    expect(H.a.a.toArray()).toEqual([
      [6, 0],
      [0, 8],
    ]);
    expect(H.a.b.toArray()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(H.b.b.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const [, product] = hvp(
      h,
      [p],
      [{ a: tensor([1, 0], { dtype: "float64" }), b: tensor([0, 1], { dtype: "float64" }) }],
    );
    expect((product[0] as { a: Tensor }).a.toArray()).toEqual([6, 4]);
  });
});

describe("over trees and modules", () => {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(3, 4, { dtype: "float64" }),
    new nn.Tanh(),
    new nn.Linear(4, 2, { dtype: "float64" }),
  );
  const x = normal([5, 3]);
  const y = normal([5, 2]);
  const loss = (net: nn.Module, input: Tensor): Tensor => cost.squaredError(net.forward(input), y);

  test("a module's gradient is the gradient of backward()", () => {
    const [value, gradient] = valueAndGrad(loss)(model, x);
    model.zeroGrad();
    const direct = loss(model, x);
    backward(direct);
    expectSame(value, direct);
    expect(Object.keys(gradient)).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    for (const [name, parameter] of model.namedParameters()) {
      expectSame(gradient[name], parameter.grad as Tensor);
    }
  });

  test("vjp and jvp of a module agree", () => {
    const [out, pullback] = vjp((net: nn.Module) => net.forward(x), model);
    const dy = normal([...out.shape]);
    const [found] = pullback(dy) as unknown as [Record<string, Tensor>];
    const tangent = Object.fromEntries(
      Array.from(model.namedParameters(), ([name, { shape }]) => [name, normal([...shape])]),
    );
    const [, moved] = jvp((net: nn.Module) => net.forward(x), [model], [tangent]);
    const reverse = Object.entries(found).reduce(
      (sum, [name, dw]) => sum + ops.sum(ops.mul(dw, tangent[name] as Tensor)).item(),
      0,
    );
    expect(reverse).toBeCloseTo(ops.sum(ops.mul(dy, moved)).item(), 10);
  });

  test("leave the module, its parameters and .grad as they were, after an error too", () => {
    const before = model.parameters();
    model.zeroGrad();
    grad(loss)(model, x);
    expect(() =>
      grad((net: nn.Module) => {
        expect(net.parameters()).not.toEqual(before);
        throw new Error("stop");
      })(model),
    ).toThrow("stop");
    expect(model.parameters()).toEqual(before);
    expect(before.every(({ grad: own }) => own === null)).toBe(true);
  });

  test("leave out frozen parameters", () => {
    const frozen = new nn.Linear(3, 2, { dtype: "float64" });
    frozen.weight.requiresGrad = false;
    expect(Object.keys(grad((net: nn.Module) => ops.sum(net.forward(x)))(frozen))).toEqual(["bias"]);
  });

  test("Hessian of a module, by parameter and parameter", () => {
    const small = new nn.Linear(2, 1, { dtype: "float64" });
    const input = normal([3, 2]);
    const H = hessian((net: nn.Linear) => ops.sum(ops.square(net.forward(input))))(
      small,
    ) as unknown as Record<string, Record<string, Tensor>>;
    const expected = ops.mul(ops.matmul(input, input, { transposeA: true }), 2);
    expectSame(ops.reshape(H["weight"]?.["weight"] as Tensor, [2, 2]), expected);
    expectSame(H["bias"]?.["bias"], tensor([[6]], { dtype: "float64" }));
  });
});

describe("the lecture's pair of Jacobians", () => {
  manualSeed(2);
  const float64 = { dtype: "float64" } as const;

  test("give, chained, the gradients of every state and weight", () => {
    const modules = [
      new nn.Flatten(0),
      new nn.Linear(6, 5, float64),
      new nn.ReLU(),
      new nn.Linear(5, 4, float64),
      new nn.Tanh(),
      new nn.Linear(4, 3, float64),
    ];
    const z = normal([2, 3]);
    const c = (y: Tensor): Tensor => ops.crossEntropy(y, tensor(1, { dtype: "int32" }));
    const { cost: value, links } = chain(modules, z, c);
    const leaf = tensor(z.data.slice(), { shape: z.shape, requiresGrad: true });
    const direct = c(modules.reduce((state, f) => f.forward(state), leaf));
    direct.backward();
    expectSame(value, ops.detach(direct));
    expectSame(links[0]?.state, leaf.grad as Tensor);
    modules.forEach((module, k) => {
      for (const [name, parameter] of module.namedParameters()) {
        expectSame(links[k]?.weights[name], parameter.grad as Tensor, name);
      }
    });
  });

  test("per-sample gradients have the gradient of the batch as their mean", () => {
    const model = new nn.Sequential(
      new nn.Linear(4, 3, float64),
      new nn.Tanh(),
      new nn.Linear(3, 2, float64),
    );
    const [x, labels] = [normal([7, 4]), tensor([0, 1, 1, 0, 1, 0, 0], { dtype: "int32" })];
    const each = perSampleGradients(model, cost.crossEntropy, x, labels);
    model.zeroGrad();
    cost.crossEntropy(model.forward(x), labels).backward();
    for (const [name, parameter] of model.namedParameters()) {
      const own = each[name] as Tensor;
      expect(own.shape).toEqual([7, ...parameter.shape]);
      expectSame(ops.mean(own, { dim: 0 }), parameter.grad as Tensor);
      const third = grad((net: nn.Module) =>
        cost.crossEntropy(
          net.forward(ops.slice(x, 0, { start: 2, end: 3 })),
          tensor([1], { dtype: "int32" }),
        ),
      )(model) as unknown as Record<string, Tensor>;
      expectSame(
        ops.reshape(ops.slice(own, 0, { start: 2, end: 3 }), parameter.shape),
        third[name] as Tensor,
      );
    }
  });
});

describe("bad arguments are refused", () => {
  const x = normal([3]);
  const integers = tensor([1, 2], { dtype: "int32" });
  const g = (z: Tensor): Tensor => ops.square(z);
  const linear = new nn.Linear(3, 2, { dtype: "float64" });
  test.each<[string, () => unknown, new (message: string) => Error, string]>([
    [
      "jacobian of no function",
      () => jacobian(1 as never),
      ArgumentError,
      "jacobian: expected a function, got 1",
    ],
    ["no input", () => jacobian(g)(), ArgumentError, "jacobian: expected at least one input, got none"],
    [
      "argnums too large",
      () => jacobian(g, { argnums: 1 })(x),
      ArgumentError,
      "jacobian: expected argnums to be",
    ],
    [
      "no argnums",
      () => grad(g, { argnums: [] as never })(x),
      ArgumentError,
      "grad: expected argnums to name an input",
    ],
    [
      "another mode",
      () => jacobian(g, { mode: "both" as never })(x),
      ArgumentError,
      "jacobian: expected mode to be",
    ],
    [
      "integers",
      () => jacobian((z) => ops.to(z, "float64"))(integers),
      DTypeError,
      "jacobian: input 0 is int32, which has no gradient",
    ],
    [
      "gradient of integers",
      () => grad((z) => ops.sum(ops.to(z, "float64")))(integers),
      DTypeError,
      "grad: input 0 is int32",
    ],
    [
      "an integer result",
      () => jacobian((z) => ops.argmax(z))(x),
      GraphError,
      "jacobian: the tensor comes from argmax",
    ],
    [
      "hvp of no list",
      () => hvp(g, x as never, x as never),
      ArgumentError,
      "hvp: expected a list of primals",
    ],
    [
      "jacobians of no module",
      () => jacobians(g as never, x),
      ArgumentError,
      "jacobians: expected module to be a module",
    ],
    [
      "jacobians at no tensor",
      () => jacobians(linear, 1 as never),
      ArgumentError,
      "jacobians: expected z to be a tensor, got 1",
    ],
    [
      "chain of no list",
      () => chain(linear as never, x, g),
      ArgumentError,
      "chain: expected a list of modules",
    ],
    [
      "chain of no modules",
      () => chain([g as never], x, g),
      ArgumentError,
      "chain: expected module 0 to be a module",
    ],
    [
      "chain from no tensor",
      () => chain([linear], 1 as never, g),
      ArgumentError,
      "chain: expected z to be a tensor",
    ],
    [
      "chain to no cost",
      () => chain([linear], x, 1 as never),
      ArgumentError,
      "chain: expected cost to be a function",
    ],
    [
      "chain to no scalar",
      () => chain([linear], x, g),
      ShapeError,
      "chain: expected the cost to be a scalar, got [2]",
    ],
    [
      "per-sample of no module",
      () => perSampleGradients(1 as never, g, x, x),
      ArgumentError,
      "perSampleGradients: expected model to be a module",
    ],
    [
      "per-sample of no cost",
      () => perSampleGradients(linear, 1 as never, x, x),
      ArgumentError,
      "perSampleGradients: expected cost to be a function",
    ],
    [
      "per-sample of different counts",
      () => perSampleGradients(linear, g, normal([2, 3]), x),
      ShapeError,
      "perSampleGradients: expected as many targets as samples",
    ],
    [
      "a tree of something else",
      () => vjp(((z: { a: number }) => z) as never, { a: 1 } as never),
      ArgumentError,
      "vjp: expected input 0.a to be a tensor, or a list",
    ],
    [
      "dy of another form",
      () => vjp(g, x)[1]([x, x] as never),
      ArgumentError,
      "vjp: expected dy to hold 1 tensors, got 2",
    ],
    [
      "an unknown parameter",
      () => linear.withParameters({ wieght: x }, () => x),
      ArgumentError,
      'withParameters: no parameter "wieght"',
    ],
    [
      "a parameter's shape",
      () => linear.withParameters({ weight: x }, () => x),
      ShapeError,
      "withParameters: weight: expected shape [2, 3], got [3]",
    ],
  ])("%s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
