import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  nn,
  OptionError,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

const leaf = (values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

describe("parameter groups", () => {
  test("have settings of their own, and the optimizer's where they have none", () => {
    const [a, b] = [leaf([1]), leaf([1])];
    const optimizer = new optim.SGD(
      [
        { parameters: [a], lr: 0.5 },
        { parameters: [b], weightDecay: 1 },
      ],
      { lr: 0.1 },
    );
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.5, 0.1]);
    ops.sum(ops.add(a, b)).backward();
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.5, 0.8]);
    expect(optimizer.parameters).toEqual([a, b]);
    optimizer.lr = 0.25;
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.25, 0.25]);
    (optimizer.groups[1] as optim.ParameterGroup).lr = 1;
    expect([optimizer.lr, optimizer.groups[1]?.lr]).toEqual([0.25, 1]);
  });

  test.each<[string, () => unknown, new (message: string) => Error, string]>([
    [
      "no list",
      () => new optim.SGD([{ parameters: 1 as never }]),
      ArgumentError,
      "SGD: expected a group's parameters to be a list, got 1",
    ],
    [
      "an empty one",
      () => new optim.SGD([{ parameters: [] }]),
      ArgumentError,
      "SGD: expected at least one parameter, got an empty list",
    ],
    [
      "one parameter twice",
      () => {
        const a = leaf([1]);
        return new optim.Adam([{ parameters: [a] }, { parameters: [a] }]);
      },
      ArgumentError,
      "Adam: a parameter is listed twice",
    ],
    [
      "an option that there is not",
      () => new optim.Adam([{ parameters: [leaf([1])], momentum: 1 } as never]),
      OptionError,
      'Adam: unknown option "momentum"; known options: lr, betas, eps, weightDecay, amsgrad, maximize',
    ],
    [
      "a wrong setting",
      () => new optim.Adam([{ parameters: [leaf([1])], lr: -1 }]),
      ArgumentError,
      "Adam: expected lr to be a number ≥ 0, got -1",
    ],
  ])("refuse %s", (_, make, kind, message) => {
    expect(make).toThrow(new kind(message));
  });
});

describe("state dicts", () => {
  const OPTIONS: Readonly<Record<string, object>> = {
    SGD: { momentum: 0.9 },
    Adam: { amsgrad: true },
    RMSprop: { centered: true, momentum: 0.5 },
    Adafactor: {},
    ASGD: { t0: 2 },
    Rprop: {},
    NAdam: {},
  };
  type Make = new (parameters: Tensor[], options: object) => optim.Optimizer;
  const make = (name: string, parameters: Tensor[]): optim.Optimizer =>
    new ((optim as unknown as Record<string, Make>)[name] as Make)(parameters, OPTIONS[name] as object);

  function step(w: Tensor, optimizer: optim.Optimizer): void {
    optimizer.zeroGrad();
    ops.sum(ops.square(ops.sub(w, 3))).backward();
    optimizer.step();
  }

  test.each(Object.keys(OPTIONS))("of %s: another goes on as if it had been there", (name) => {
    const first = tensor(
      [
        [1, 2],
        [3, 5],
      ],
      { dtype: "float64", requiresGrad: true },
    );
    const own = make(name, [first]);
    for (let i = 0; i < 4; i++) step(first, own);
    const second = tensor(first.data.slice(), { shape: [2, 2], requiresGrad: true });
    const other = make(name, [second]);
    own.lr = 0.07;
    other.loadStateDict(own.stateDict());
    expect(other.lr).toBe(0.07);
    for (let i = 0; i < 3; i++) {
      step(first, own);
      step(second, other);
    }
    expect(second.toArray()).toEqual(first.toArray());
  });

  test("have PyTorch's names", () => {
    const w = leaf([1]);
    const adam = new optim.Adam([w], { amsgrad: true });
    step(w, adam);
    const { state, paramGroups } = adam.stateDict();
    expect(Object.keys(state[0] as object)).toEqual(["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    expect(paramGroups).toEqual([
      {
        lr: 0.001,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0,
        amsgrad: true,
        maximize: false,
        decoupled_weight_decay: false,
        params: [0],
      },
    ]);
  });

  test("of others are refused, and nothing changes", () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(model.parameters(), { momentum: 0.9, lr: 0.1 });
    const good = { paramGroups: [{ lr: 0.5, params: [0, 1] }], state: {} };
    const load = (dict: unknown) => () => optimizer.loadStateDict(dict as optim.OptimizerStateDict);
    expect(load(null)).toThrow(new ArgumentError("SGD.loadStateDict: expected a state dict, got null"));
    expect(load({ ...good, paramGroups: [{ lr: 1, params: [0] }] })).toThrow(
      new ArgumentError("SGD.loadStateDict: expected groups of 2 parameters, got 1"),
    );
    expect(load({ ...good, state: { 0: { step: zeros([], { dtype: "float64" }) } } })).toThrow(
      new ArgumentError(
        "SGD.loadStateDict: expected momentum_buffer of parameter 0 to be a tensor, got undefined",
      ),
    );
    const state = { 0: { step: zeros([], { dtype: "float64" }), momentum_buffer: zeros([3]) } };
    expect(load({ ...good, state })).toThrow(ShapeError);
    expect(optimizer.lr).toBe(0.1);
    load(good)();
    expect(optimizer.lr).toBe(0.5);
  });
});

test("SparseAdam leaves rows without a gradient alone, with their moments", () => {
  const table = new nn.Embedding(5, 2, { dtype: "float64" });
  const before = table.weight.toArray() as number[][];
  const optimizer = new optim.SparseAdam(table.parameters(), { lr: 0.1 });
  const adam = new optim.Adam([ops.detach(ops.mul(table.weight, 1))], { lr: 0.1 });
  const dense = adam.parameters[0] as Tensor;
  for (const rows of [[0, 3], [3], [3, 4]]) {
    const index = tensor(rows, { dtype: "int32" });
    optimizer.zeroGrad();
    ops.sum(ops.square(table.forward(index))).backward();
    dense.grad = table.weight.grad;
    optimizer.step();
    adam.step();
  }
  const after = table.weight.toArray() as number[][];
  expect([after[1], after[2]]).toEqual([before[1], before[2]]);
  expect(after[0]).not.toEqual(before[0]);
  // Row 3 had a gradient in each step: there it is Adam, but for where ε is added.
  (after[3] as number[]).forEach((value, i) => {
    expect(Math.abs(value - (dense.data[6 + i] as number))).toBeLessThan(1e-6);
  });
  const expAvg = optimizer.stateDict().state[0]?.["exp_avg"] as Tensor;
  expect((expAvg.toArray() as number[][])[1]).toEqual([0, 0]);
});
