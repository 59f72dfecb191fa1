import { describe, expect, test } from "vitest";
import {
  accuracy,
  averageLoss,
  cost,
  evaluate,
  metrics,
  nn,
  ones,
  ops,
  perSampleLoss,
  predict,
  rand,
  randn,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const count = 23;
const x = randn([count, 4], { dtype: "float64" });
const labels = ops.to(ops.mul(rand([count]), 3), "int32");
const model = new nn.Sequential(
  new nn.Linear(4, 5, { dtype: "float64" }),
  new nn.Sigmoid(),
  new nn.Linear(5, 3, { dtype: "float64" }),
);
const samples = { x, y: labels };

/** −ln softmax(y)_label of each sample in plain JavaScript. */
function byHand(scores: Tensor): number[] {
  return (scores.toArray() as number[][]).map((row, p) => {
    const sum = row.reduce((total, score) => total + Math.exp(score), 0);
    return Math.log(sum) - (row[labels.data[p] as number] as number);
  });
}
const expected = byHand(model.forward(x));
const mean = expected.reduce((sum, loss) => sum + loss, 0) / count;

describe.each([1, 5, 23, undefined])("with batches of %s", (batchSize) => {
  const options = batchSize === undefined ? {} : { batchSize };

  test("perSampleLoss gives each sample's loss in order", async () => {
    const losses = await perSampleLoss(model, cost.crossEntropy, samples, options);
    expect(losses.shape).toEqual([count]);
    losses.data.forEach((loss, p) => {
      expect(loss).toBeCloseTo(expected[p] as number, 12);
    });
  });

  test("averageLoss and evaluate give their mean", async () => {
    expect(await averageLoss(model, cost.crossEntropy, samples, options)).toBeCloseTo(mean, 12);
    const evaluation = await evaluate(model, {
      data: samples,
      cost: cost.crossEntropy,
      metrics: { accuracy, three: () => tensor(3), wide: (y) => ops.mean(y) },
      ...options,
    });
    expect(Object.keys(evaluation)).toEqual(["loss", "accuracy", "three", "wide"]);
    expect(evaluation["loss"]).toBeCloseTo(mean, 12);
    expect(evaluation["three"]).toBe(3);
    expect(evaluation["wide"]).toBeCloseTo(ops.mean(model.forward(x)).item(), 12);
    const right = (model.forward(x).toArray() as number[][]).filter(
      (row, p) => row.indexOf(Math.max(...row)) === labels.data[p],
    ).length;
    expect(evaluation["accuracy"]).toBeCloseTo(right / count, 12);
  });

  test("predict gives the outputs of any shape in the order of the samples", async () => {
    const y = await predict(model, x, options);
    expect(y.shape).toEqual([count, 3]);
    expect(y.dtype).toBe("float64");
    expect(y.requiresGrad).toBe(false);
    const whole = model.forward(x);
    y.data.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.data[i] as number, 12);
    });
    class Grid extends nn.Module {
      forward(z: Tensor): Tensor {
        return ops.reshape(z, [-1, 2, 2]);
      }
    }
    const grid = await predict(new Grid(), x, options);
    expect(grid.shape).toEqual([count, 2, 2]);
    expect(grid.data).toEqual(x.data);
    const nearest = await predict(new nn.NearestNeighbor(x), x, options);
    expect(nearest.dtype).toBe("int32");
    expect(nearest.toArray()).toEqual(Array.from({ length: count }, (_, p) => p));
  });
});

describe("evaluation", () => {
  class Mode extends nn.Module {
    readonly seen = new Set<boolean>();
    readonly w = new nn.Parameter(ones([1]));
    forward(z: Tensor): Tensor {
      this.seen.add(this.training);
      return ops.mul(z, this.w);
    }
  }

  test("runs in evaluation mode, records nothing and restores the mode", async () => {
    const set = { x: tensor([[1], [2]]), y: tensor([[1], [2]]) };
    for (const training of [true, false]) {
      const watch = new Mode().train(training);
      let recorded: boolean | undefined;
      const metrics = {
        recorded: (y: Tensor) => {
          recorded = y.requiresGrad;
          return tensor(0);
        },
      };
      expect(await evaluate(watch, { data: set, cost: cost.squaredError, metrics })).toEqual({
        loss: 0,
        recorded: 0,
      });
      await predict(watch, set.x);
      await perSampleLoss(watch, cost.squaredError, set);
      await averageLoss(watch, cost.squaredError, set);
      expect(watch.seen).toEqual(new Set([false]));
      expect(watch.training).toBe(training);
      expect(watch.w.grad).toBeNull();
      expect(recorded).toBe(false);
    }
  });

  test("restores the mode if the model throws", async () => {
    class Broken extends nn.Module {
      forward(): Tensor {
        throw new Error("broken");
      }
    }
    const broken = new Broken();
    await expect(predict(broken, x)).rejects.toThrow("broken");
    expect(broken.training).toBe(true);
  });
});

describe("accuracy", () => {
  test("is the fraction of samples whose class has the largest score", () => {
    const y = tensor([
      [0, 1],
      [5, 2],
      [3, 3],
      [-1, 0],
    ]);
    expect(accuracy(y, tensor([1, 0, 0, 0], { dtype: "int32" }))).toBe(0.75);
    expect(accuracy(y, tensor([0, 1, 1, 0], { dtype: "int32" }))).toBe(0);
  });
});

test("a metric with an empty part leaves the figures after it right, with a cost of any kind", async () => {
  const none = metrics.defineMetric("none", {
    update: (y) => ({ none: ops.slice(ops.reshape(y, [y.size]), 0, { end: 0 }) }),
    compute: ({ none: found }) => (found as Tensor).size,
  });
  const own = (y: Tensor, target: Tensor): Tensor => cost.crossEntropy(y, target);
  for (const given of [cost.crossEntropy, own]) {
    const found = await evaluate(model, {
      data: samples,
      cost: given,
      metrics: { none, three: () => tensor(3), accuracy: metrics.accuracy },
    });
    expect(found.none).toBe(0);
    expect(found.three).toBe(3);
    expect(found.accuracy).toBeCloseTo(metrics.accuracy(model.forward(x), labels, { outputs: "logits" }), 12);
    expect(found.loss).toBeCloseTo(mean, 12);
  }
});
