import { describe, expect, test } from "vitest";
import { ArgumentError, nn, OptionError, ops, optim, type Tensor, tensor } from "../../lib/index.js";

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
