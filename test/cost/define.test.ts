import { describe, expect, test } from "vitest";
import {
  checkGradients,
  cost,
  evaluate,
  fit,
  nn,
  ops,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
} from "../../lib/index.js";

/** Σ |y − ȳ|, as a user would write it. */
const absoluteError = cost.defineCost("absoluteError", {
  perSample: (y, target) => ops.sum(ops.abs(ops.sub(y, target)), { dim: 1 }),
});

describe("a cost of the user's own", () => {
  const y = tensor([
    [1, 2],
    [3, 5],
    [0, 0],
  ]);
  const target = tensor([
    [1, 1],
    [1, 1],
    [-4, 4],
  ]);

  test("has its name and all three reductions", () => {
    expect(absoluteError.name).toBe("absoluteError");
    expect(absoluteError(y, target, { reduction: "none" }).toArray()).toEqual([1, 6, 8]);
    expect(absoluteError(y, target, { reduction: "sum" }).item()).toBe(15);
    expect(absoluteError(y, target, { reduction: "mean" }).item()).toBe(5);
    expect(absoluteError(y, target).item()).toBe(5);
  });

  test("has gradients", () => {
    const z = rand([4, 3], { dtype: "float64" });
    const zero = randn([4, 3], { dtype: "float64" });
    checkGradients((w) => absoluteError(w, zero), [z]);
    checkGradients((w) => absoluteError(w, zero, { reduction: "none" }), [z]);
  });

  test("trains a model by fit", async () => {
    const model = new nn.Linear(2, 2);
    const x = randn([40, 2]);
    const data = { x, y: ops.mul(x, 2) };
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
    const before = await evaluate(model, { data, cost: absoluteError });
    await fit(model, { data, cost: absoluteError, optimizer, epochs: 20, batchSize: 8 });
    const after = await evaluate(model, { data, cost: absoluteError });
    expect(after["loss"]).toBeLessThan(0.2 * (before["loss"] as number));
  });
});

describe("reductions", () => {
  test("of crossEntropy and squaredError agree with each other", () => {
    const scores = randn([6, 4], { dtype: "float64" });
    const labels = tensor([0, 3, 1, 2, 2, 0], { dtype: "int32" });
    const goal = randn([6, 4], { dtype: "float64" });
    for (const each of [
      (reduction: cost.Reduction): Tensor => cost.crossEntropy(scores, labels, { reduction }),
      (reduction: cost.Reduction): Tensor => cost.squaredError(scores, goal, { reduction }),
    ]) {
      const parts = [...each("none").data];
      const total = parts.reduce((sum, part) => sum + part, 0);
      expect(parts).toHaveLength(6);
      expect(each("sum").item()).toBeCloseTo(total, 10);
      expect(each("mean").item()).toBeCloseTo(total / 6, 10);
    }
  });

  test("of an empty batch: none and sum are empty and 0", () => {
    const empty = rand([0, 3]);
    expect(cost.squaredError(empty, empty, { reduction: "none" }).shape).toEqual([0]);
    expect(cost.squaredError(empty, empty, { reduction: "sum" }).item()).toBe(0);
  });
});
