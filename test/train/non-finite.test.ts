import { describe, expect, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  cost,
  type FitOptions,
  fit,
  manualSeed,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";

/** log(x·w): of a negative x it is NaN, and of 0 infinite. */
class Log extends nn.Module {
  readonly w = new nn.Parameter(tensor([1]));
  readonly norm = new nn.BatchNorm1d(1);
  forward(x: Tensor): Tensor {
    this.norm.forward(x);
    return ops.log(ops.mul(x, this.w));
  }
}

const values = (bad: number): Tensor =>
  tensor(Array.from({ length: 12 }, (_, i) => [i === 9 ? bad : 1 + i / 10]));

function train(bad: number, more: Partial<FitOptions> = {}) {
  manualSeed(1);
  const model = new Log();
  const average = new optim.WeightAverage(model.parameters().slice(0, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const x = values(bad);
  const options = { data: { x, y: x }, cost: cost.mse, optimizer, batchSize: 2, shuffle: false, epochs: 3 };
  const all = (): number[][] => [
    [...model.w.data],
    ...average.averages.map((one) => [...one.data]),
    ...Object.values(optimizer.stateDict().state).flatMap((one) =>
      Object.values(one).map((each) => [...(each as Tensor).data]),
    ),
  ];
  return { model, all, run: fit(model, { ...options, averageWeights: average, ...more }) };
}

describe("a loss that is not finite", () => {
  test.each<[string, number, number, Partial<FitOptions>]>([
    ["NaN", -1, 5, {}],
    ["infinite", 0, 5, {}],
    ["in parts", -1, 3, { accumulate: 2 }],
    ["weighted", -1, 5, { sampleWeight: Array.from({ length: 12 }, () => 2) }],
    ["with onBatch", -1, 5, { onBatch: () => {} }],
  ])("ends the training, with the state before that step: %s", async (_, bad, batch, more) => {
    const { model, all, run } = train(bad, more);
    const error: unknown = await run.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(AnomalyError);
    const { message } = error as Error;
    const place = `in epoch 1, batch ${batch} of ${more.accumulate === 2 ? 3 : 6} (step ${batch}). `;
    expect(message).toContain(`fit: the loss is NaN or infinite ${place}`);
    expect(message).toMatch(/learning rate.*nonFinite/);
    // The same as a training of the steps before.
    const before = train(1, { ...more, onStep: { every: batch - 1, run: () => "stop" } });
    expect(await before.run).toHaveLength(1);
    expect(all()).toEqual(before.all());
    expect(model.norm.runningMean?.data.every(Number.isFinite)).toBe(true);
  });

  test("is ignored where it is to be", async () => {
    const { model, run } = train(-1, { nonFinite: "ignore" });
    const history = await run;
    expect(history).toHaveLength(3);
    expect(history[0]?.loss).toBeNaN();
    expect(model.w.item()).toBeNaN();
    await expect(train(1, { nonFinite: "warn" as "ignore" }).run).rejects.toThrow(ArgumentError);
  });

  test("is named with its epoch and step when the weights make it", async () => {
    const model = new nn.Linear(1, 1, { bias: false });
    const x = tensor(Array.from({ length: 8 }, () => [1e10]));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e10 });
    const run = fit(model, { data: { x, y: x }, cost: cost.mse, optimizer, batchSize: 4, epochs: 100 });
    await expect(run).rejects.toThrow(/epoch \d+, batch [12] of 2 \(step \d+\)/);
    expect(Number.isFinite(model.weight.item())).toBe(true);
  });
});
