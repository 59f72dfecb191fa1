import { describe, expect, test } from "vitest";
import {
  LearntBaseline,
  leaveOneOut,
  RunningMean,
  scoreFunction,
  straightThrough,
} from "../../lib/gradient-estimation/index.js";
import { ArgumentError, compile, DTypeError, nn, ops, optim, ShapeError, tensor } from "../../lib/index.js";

describe("scoreFunction", () => {
  test("has the values of the costs and the derivative (c − b)·∂log p", () => {
    const logProb = tensor([-1, -2, -3], { requiresGrad: true });
    const costs = tensor([5, 7, 9]);
    const surrogate = scoreFunction(costs, logProb, { baseline: tensor(6) });
    expect(surrogate.toArray()).toEqual([5, 7, 9]);
    surrogate.sum().backward();
    expect(logProb.grad?.toArray()).toEqual([-1, 1, 3]);
  });

  test("sums the log-densities of a draw that has one cost", () => {
    const logProb = tensor(
      [
        [-1, -2],
        [-3, -4],
      ],
      { requiresGrad: true },
    );
    scoreFunction(tensor([2, 3]), logProb)
      .sum()
      .backward();
    expect(logProb.grad?.toArray()).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  test("takes whole numbers as costs", () => {
    const logProb = tensor([-1, -2], { requiresGrad: true });
    scoreFunction(tensor([2, 3], { dtype: "int32" }), logProb)
      .sum()
      .backward();
    expect(logProb.grad?.toArray()).toEqual([2, 3]);
  });

  test("refuses costs and baselines of other shapes", () => {
    const logProb = tensor([-1, -2]);
    expect(() => scoreFunction(tensor([1, 2, 3]), logProb)).toThrow(ShapeError);
    expect(() => scoreFunction(tensor([1, 2]), logProb, { baseline: tensor([1, 2, 3]) })).toThrow(
      /a baseline that broadcasts to the costs \[2\], got \[3\]/,
    );
    expect(() => scoreFunction(tensor([1, 2]), tensor([1, 2], { dtype: "int32" }))).toThrow(DTypeError);
  });
});

test("straightThrough has the bits of the hard value and the derivative of the soft one", () => {
  const x = tensor([0.1, 0.7, 1e8], { requiresGrad: true });
  const y = straightThrough(ops.round(x), ops.mul(x, 3));
  expect(y.toArray()).toEqual(ops.round(x).toArray());
  y.sum().backward();
  expect(x.grad?.toArray()).toEqual([3, 3, 3]);
  expect(() => straightThrough(tensor([1]), tensor([1, 2]))).toThrow(ShapeError);
  expect(() => straightThrough(tensor([1]), tensor([1], { dtype: "int32" }))).toThrow(DTypeError);
});

test("leaveOneOut is the mean of the others, for each element of a batch", () => {
  const costs = tensor([
    [1, 10],
    [2, 20],
    [6, 60],
  ]);
  expect(leaveOneOut(costs).toArray()).toEqual([
    [4, 40],
    [3.5, 35],
    [1.5, 15],
  ]);
  expect(() => leaveOneOut(tensor([1]))).toThrow(ArgumentError);
  expect(() => leaveOneOut(tensor(1))).toThrow(ArgumentError);
});

describe("RunningMean", () => {
  test("is the mean of all earlier costs, or the moving one", () => {
    const plain = new RunningMean();
    const moving = new RunningMean({ decay: 0.75 });
    for (const costs of [[2, 4], [6], [9, 9, 9]]) {
      plain.update(tensor(costs));
      moving.update(tensor(costs));
    }
    expect(plain.predict(tensor([0])).item()).toBe(6);
    expect(moving.predict(tensor([0])).item()).toBe(0.75 * (0.75 * 3 + 0.25 * 6) + 0.25 * 9);
  });

  test("moves in a compiled step, and can be taken up again", () => {
    const one = new RunningMean({ decay: 0.5 });
    const step = compile((costs: ReturnType<typeof tensor>) => {
      const b = one.predict(costs);
      one.update(costs);
      return b;
    });
    expect([step(tensor([4])).item(), step(tensor([8])).item(), step(tensor([0])).item()]).toEqual([0, 4, 6]);
    const other = new RunningMean({ decay: 0.5 });
    other.loadStateDict(JSON.parse(JSON.stringify(one.stateDict())));
    expect(other.predict(tensor([1])).item()).toBe(3);
  });

  test("refuses what is no state, and changes nothing", () => {
    const mean = new RunningMean();
    mean.update(tensor([3]));
    for (const state of [null, {}, { mean: Number.NaN, updates: 1 }, { mean: 1, updates: -1 }]) {
      expect(() => mean.loadStateDict(state as never)).toThrow(ArgumentError);
    }
    expect(mean.stateDict()).toEqual({ mean: 3, updates: 1 });
    expect(() => mean.update(tensor([]))).toThrow(ArgumentError);
    expect(() => new RunningMean({ decay: 1 })).toThrow(/decay to be a number ≥ 0 and < 1, got 1/);
  });
});

describe("LearntBaseline", () => {
  test("learns the cost from what the draws depend on", () => {
    const critic = new nn.Linear(1, 1);
    const baseline = new LearntBaseline(
      (context) => critic.forward(context as ReturnType<typeof tensor>).squeeze({ dim: 1 }),
      new optim.SGD(critic.parameters(), { lr: 0.1 }),
    );
    const context = tensor([[0], [1], [2]]);
    for (let i = 0; i < 500; i++) baseline.update(tensor([1, 3, 5]), context);
    const found = baseline.predict(tensor([0, 0, 0]), context);
    expect(found.requiresGrad).toBe(false);
    for (const [i, value] of [1, 3, 5].entries())
      expect((found.toArray() as number[])[i]).toBeCloseTo(value, 2);
  });

  test("refuses a predictor whose result does not go with the costs", () => {
    const b = tensor([1, 2], { requiresGrad: true });
    const baseline = new LearntBaseline(() => b, new optim.SGD([b], { lr: 0.1 }));
    expect(() => baseline.update(tensor([1]))).toThrow(ShapeError);
    expect(() => baseline.update(tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(b.toArray()).toEqual([1, 2]);
    expect(() =>
      new LearntBaseline((() => 3) as never, new optim.SGD([b], { lr: 0.1 })).predict(tensor([1])),
    ).toThrow(ArgumentError);
    expect(() => new LearntBaseline(() => b, {} as never)).toThrow(ArgumentError);
  });
});
