import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  Generator,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { findStep } from "../../lib/optim/strong-wolfe.js";

const f64 = { dtype: "float64" } as const;
const precise = { lineSearchFn: "strong_wolfe", toleranceChange: 1e-20, maxEval: 400 } as const;

function minimize(start: number[], f: (w: Tensor) => Tensor, options: optim.LBFGSOptions, steps = 1): Tensor {
  const w = tensor(start, { ...f64, requiresGrad: true });
  const optimizer = new optim.LBFGS([w], options);
  for (let i = 0; i < steps; i++) {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = f(w);
      loss.backward();
      return loss;
    });
  }
  return w;
}

const rosenbrock = (w: Tensor): Tensor => {
  const [x, y] = [ops.slice(w, 0, { end: 1 }), ops.slice(w, 0, { start: 1 })];
  const valley = ops.mul(100, ops.square(ops.sub(y, ops.square(x))));
  return ops.sum(ops.add(ops.square(ops.sub(1, x)), valley));
};

test("with a line search comes to the end of Rosenbrock's valley", () => {
  const w = minimize([-1.2, 1], rosenbrock, { ...precise, maxIter: 200 });
  expect(Math.max(...[...w.data].map((v) => Math.abs(v - 1)))).toBeLessThan(1e-6);
});

test("solves a quadratic in about as many steps as it has dimensions", () => {
  const scale = tensor([1, 10, 100, 1000], f64);
  const bowl = (w: Tensor): Tensor => ops.sum(ops.mul(scale, ops.square(ops.sub(w, 2))));
  const w = minimize([5, -3, 0, 1], bowl, { ...precise, maxIter: 30 });
  expect(Math.max(...[...w.data].map((v) => Math.abs(v - 2)))).toBeLessThan(1e-6);
});

test("fits a small network far better than the same work of descent", () => {
  const x = new Generator(1).normal([40, 2], f64);
  const y = ops.unsqueeze(ops.sin(ops.sum(x, { dim: 1 })), 1);
  const run = (makeOptimizer: (model: nn.Module) => optim.Optimizer): number => {
    manualSeed(2);
    const model = new nn.Sequential(new nn.Linear(2, 8, f64), new nn.Tanh(), new nn.Linear(8, 1, f64));
    const optimizer = makeOptimizer(model);
    const closure = (): Tensor => {
      optimizer.zeroGrad();
      const loss = cost.mse(model.forward(x), y);
      loss.backward();
      return loss;
    };
    if (optimizer instanceof optim.LBFGS) for (let i = 0; i < 10; i++) optimizer.step(closure);
    else
      for (let i = 0; i < 250; i++) {
        closure();
        optimizer.step();
      }
    return closure().item();
  };
  const lbfgs = run((model) => new optim.LBFGS(model.parameters(), { lineSearchFn: "strong_wolfe" }));
  const sgd = run((model) => new optim.SGD(model.parameters(), { lr: 0.1 }));
  expect(lbfgs).toBeLessThan(sgd / 20);
});

describe("the line search", () => {
  const FUNCTIONS: Readonly<Record<string, [f: (t: number) => number, derivative: (t: number) => number]>> = {
    "a parabola": [(t) => (t - 3) ** 2, (t) => 2 * (t - 3)],
    "a far minimum": [(t) => (t / 500 - 1) ** 2, (t) => (2 / 500) * (t / 500 - 1)],
    "a near minimum": [(t) => (t - 1e-3) ** 2, (t) => 2 * (t - 1e-3)],
    waves: [(t) => -t / 5 + Math.sin(3 * t) / 4 - t / 4, (t) => -0.45 + (3 / 4) * Math.cos(3 * t) - 0.31],
    "a wall": [(t) => (t < 2 ? -t : Number.POSITIVE_INFINITY), (t) => (t < 2 ? -1 : Number.NaN)],
    "no end": [(t) => -t, () => -1],
  };

  test.each(["a parabola", "a far minimum", "a near minimum"])("satisfies both conditions: %s", (name) => {
    const [f, derivative] = FUNCTIONS[name] as (typeof FUNCTIONS)[string];
    const at = (t: number) => ({ t, value: f(t), derivative: derivative(t) });
    for (const first of [1e-4, 0.1, 1, 40]) {
      const { best } = findStep(at, at(0), first, { most: 50, least: 1e-12 });
      expect(best.value).toBeLessThanOrEqual(f(0) + 1e-4 * best.t * derivative(0));
      expect(Math.abs(best.derivative)).toBeLessThanOrEqual(0.9 * Math.abs(derivative(0)));
    }
  });

  test.each(Object.keys(FUNCTIONS))("ends within its calls, no higher than it began: %s", (name) => {
    const [f, derivative] = FUNCTIONS[name] as (typeof FUNCTIONS)[string];
    for (const most of [1, 2, 25]) {
      let calls = 0;
      const at = (t: number) => {
        calls++;
        return { t, value: f(t), derivative: derivative(t) };
      };
      const origin = { t: 0, value: f(0), derivative: derivative(0) };
      const { best, tried } = findStep(at, origin, 0.5, { most, least: 1e-12 });
      expect(tried).toBe(calls);
      expect(tried).toBeLessThanOrEqual(most);
      expect(best.value).toBeLessThanOrEqual(f(0));
    }
  });
});

test.each<[() => unknown, new (message: string) => Error, string]>([
  [
    () => new optim.LBFGS([tensor([1])]).step(),
    ArgumentError,
    "LBFGS: expected a function that computes the loss, got undefined",
  ],
  [
    () => new optim.LBFGS([tensor([1])]).step(() => 1 as never),
    ArgumentError,
    "LBFGS: expected the loss to be a tensor, got 1",
  ],
  [
    () => new optim.LBFGS([tensor([1])], { lineSearchFn: "armijo" as never }),
    ArgumentError,
    'LBFGS: expected lineSearchFn to be one of "strong_wolfe", got "armijo"',
  ],
  [
    () => new optim.LBFGS([tensor([1])], { history: 3 } as never),
    OptionError,
    'LBFGS: unknown option "history"; known options: lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn',
  ],
  [
    () => new optim.LBFGS([{ parameters: [tensor([1])] }, { parameters: [tensor([1])] }] as never),
    ArgumentError,
    "LBFGS: expected one group of parameters",
  ],
])("refuses what it cannot use", (call, kind, message) => {
  expect(call).toThrow(new kind(message));
});

describe("a state dict", () => {
  const run = (w: Tensor, optimizer: optim.LBFGS): void => {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = rosenbrock(w);
      loss.backward();
      return loss;
    });
  };
  const make = (): [Tensor, optim.LBFGS] => {
    const w = tensor([-1.2, 1], { ...f64, requiresGrad: true });
    return [w, new optim.LBFGS([w], { lr: 0.5, maxIter: 3, historySize: 4, lineSearchFn: "strong_wolfe" })];
  };

  test("holds the history, which another one goes on with to the bit", () => {
    const [w, own] = make();
    for (let i = 0; i < 3; i++) run(w, own);
    const { state } = own.stateDict();
    expect(state[0]?.["old_dirs"]).toHaveLength(4);
    const v = tensor([...w.data], { ...f64, requiresGrad: true });
    const other = new optim.LBFGS([v]);
    other.loadStateDict(own.stateDict());
    for (let i = 0; i < 3; i++) {
      run(w, own);
      run(v, other);
    }
    expect(v.toArray()).toEqual(w.toArray());
    expect(other.stateDict().state[0]?.["n_iter"]).toBe(own.stateDict().state[0]?.["n_iter"]);
  });

  test("without a state makes it begin anew", () => {
    const [w, own] = make();
    run(w, own);
    own.loadStateDict({ ...own.stateDict(), state: {} });
    expect(own.stateDict().state).toEqual({});
    const [v, fresh] = make();
    v.data.set(w.data);
    run(w, own);
    run(v, fresh);
    expect(w.toArray()).toEqual(v.toArray());
  });

  const short = tensor([1], f64);
  test.each<[string, object, new (message: string) => Error, string]>([
    [
      "no counts",
      { n_iter: undefined },
      ArgumentError,
      "expected n_iter to be a whole number ≥ 0, got undefined",
    ],
    ["another size", { d: short }, ShapeError, "d: expected shape [2], got [1]"],
    ["no direction", { d: null }, ArgumentError, "expected d to be a tensor, got null"],
    ["no length", { t: "1" }, ArgumentError, 'expected t to be a number, got "1"'],
    [
      "no history",
      { old_dirs: short },
      ArgumentError,
      "expected old_dirs to be a list of tensors, got a Tensor",
    ],
    ["half a history", { old_stps: [] }, ArgumentError, "expected 1 old_stps as there are old_dirs, got 0"],
  ])("with %s is refused, and nothing changes", (_, wrong, kind, message) => {
    const [w, own] = make();
    run(w, own);
    const dict = own.stateDict();
    const before = JSON.stringify(dict);
    const groups = [{ ...dict.paramGroups[0], lr: 9 }];
    const state = { 0: { ...dict.state[0], ...wrong } };
    expect(() => own.loadStateDict({ state, paramGroups: groups } as never)).toThrow(
      new kind(`LBFGS.loadStateDict: ${message}`),
    );
    expect(JSON.stringify(own.stateDict())).toBe(before);
  });

  test("of more than one parameter's state is refused", () => {
    const [a, b] = [short, short].map((one) => tensor([...one.data], { ...f64, requiresGrad: true }));
    const own = new optim.LBFGS([a, b] as Tensor[]);
    const dict = { state: { 1: {} }, paramGroups: [{ lr: 1, params: [0, 1] }] };
    expect(() => own.loadStateDict(dict)).toThrow(
      new ArgumentError("LBFGS.loadStateDict: expected a state of parameter 0 alone"),
    );
  });
});
