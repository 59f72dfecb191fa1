import { expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";

function problem() {
  manualSeed(2);
  const x = new Generator(3).normal([64, 4]);
  const y = ops.matmul(x, tensor([[1], [2], [-1], [0.5]]));
  const model = new nn.Linear(4, 1);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.123, momentum: 0.5 });
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = cost.mse(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

test.each([
  ["op by op", (f: () => Tensor) => f],
  ["compiled", (f: () => Tensor) => compile(f)],
] as const)("finds a rate that trains, and puts all back, %s", (_, make) => {
  const { model, optimizer, step } = problem();
  const ready = make(step);
  const before = model.weight.toArray();
  const { rates, losses, suggestion } = optim.findLearningRate(optimizer, () => ready(), {
    steps: 60,
    smoothing: 0.5,
  });
  expect(rates.length).toBe(losses.length);
  // It ended where the descent diverged.
  expect(rates.length).toBeLessThan(60);
  expect(suggestion).toBeGreaterThan(1e-3);
  expect(suggestion).toBeLessThan(1);
  expect(model.weight.toArray()).toEqual(before);
  expect(optimizer.lr).toBe(0.123);
  // With the momentum that a first step finds: as if nothing had been.
  const twin = problem();
  for (let i = 0; i < 3; i++) expect(ready().item()).toBe(twin.step().item());
  expect(model.weight.toArray()).toEqual(twin.model.weight.toArray());
});

test("puts all back where the step throws", () => {
  const { model, optimizer, step } = problem();
  const before = model.weight.toArray();
  const failing = (i: number): Tensor => {
    if (i === 5) throw new Error("no more data");
    return step();
  };
  expect(() => optim.findLearningRate(optimizer, failing, { min: 0.01 })).toThrow("no more data");
  expect([model.weight.toArray(), optimizer.lr]).toEqual([before, 0.123]);
});

const leaf = (): Tensor => tensor([3, -2], { dtype: "float64", requiresGrad: true });
const lossOf = (w: Tensor): Tensor => ops.sum(ops.square(w));

test.each([
  ["Rprop", {}],
  ["ASGD", {}],
  ["Adam", { amsgrad: true }],
  ["LBFGS", {}],
] as const)(
  "leaves nothing behind in %s: it goes on with the rate that is set then as a new one does",
  (name, options) => {
    const make = (w: Tensor): (() => Tensor) & { optimizer: optim.Optimizer } => {
      const optimizer: optim.Optimizer = new optim[name]([w], { ...options, lr: 0.2 });
      const closure = (): Tensor => {
        optimizer.zeroGrad();
        const loss = lossOf(w);
        loss.backward();
        return loss;
      };
      const step = (): Tensor => {
        if (optimizer instanceof optim.LBFGS) return optimizer.step(closure);
        const loss = closure();
        optimizer.step();
        return loss;
      };
      return Object.assign(step, { optimizer });
    };
    const [v, w] = [leaf(), leaf()];
    const [own, twin] = [make(v), make(w)];
    const run = name === "LBFGS" ? own : compile(own);
    optim.findLearningRate(own.optimizer, () => run(), { steps: 4, min: 1e-3, max: 0.1 });
    for (const { optimizer } of [own, twin]) optimizer.lr = 0.05;
    for (let i = 0; i < 3; i++) {
      run();
      twin();
    }
    expect([...v.data].map((x) => x.toPrecision(12))).toEqual([...w.data].map((x) => x.toPrecision(12)));
  },
);

test("puts the momentum back that a schedule moved meanwhile, and the rate that schedules start from", () => {
  const w = leaf();
  const optimizer = new optim.SGD([w], { lr: 0.3, momentum: 0.9 });
  const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 20, baseMomentum: 0.5 });
  const before = [optimizer.groups[0]?.momentum, optimizer.groups[0]?.initialLr];
  optim.findLearningRate(
    optimizer,
    () => {
      schedule.step();
      return 1;
    },
    { steps: 5 },
  );
  expect([optimizer.groups[0]?.momentum, optimizer.groups[0]?.initialLr]).toEqual(before);
});

test("puts a preconditioner back that is renewed meanwhile", () => {
  const w = leaf();
  const optimizer = new optim.GradientDescent([w], { preconditioner: tensor([1, 2], { dtype: "float64" }) });
  const step = (i: number): number => {
    optimizer.preconditioner = tensor([i, i], { dtype: "float64" });
    return 1;
  };
  optim.findLearningRate(optimizer, step, { steps: 3 });
  expect((optimizer.preconditioner as Tensor).toArray()).toEqual([1, 2]);
});

test.each<[() => unknown, string]>([
  [
    () => optim.findLearningRate(1 as never, () => 1),
    "findLearningRate: expected optimizer to be an Optimizer, got 1",
  ],
  [
    () => optim.findLearningRate(problem().optimizer, 1 as never),
    "findLearningRate: expected step to be a function, got 1",
  ],
  [
    () => optim.findLearningRate(problem().optimizer, () => 1, { min: 2, max: 1 }),
    "findLearningRate: expected max to be a number > 2, got 1",
  ],
  [
    () => optim.findLearningRate(problem().optimizer, () => Number.NaN),
    "findLearningRate: expected the step to give a loss that is a number",
  ],
])("refuses what it cannot use", (call, message) => {
  expect(call).toThrow(new ArgumentError(message));
});
