import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  cost,
  type EpochReport,
  evaluate,
  type FitOptions,
  fit,
  type MetricName,
  metrics,
  nn,
  ops,
  optim,
  predict,
  randn,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const { abs, mean, mul, sub, sum } = ops;
const float64 = { dtype: "float64" } as const;
const count = 41;
const list = <T>(of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const x = randn([count, 3], float64);
const weights = tensor(
  list((i) => (i % 5) / 4),
  float64,
);

interface Problem {
  readonly model: nn.Module;
  readonly y: Tensor;
  readonly cost: cost.Cost;
  readonly outputs: "logits" | "probabilities";
}

const classes: Problem = {
  model: new nn.Linear(3, 4, float64),
  y: tensor(
    list((i) => (i * 7) % 4),
    { dtype: "int32" },
  ),
  cost: cost.crossEntropy,
  outputs: "logits",
};
const twoClasses: Problem = {
  model: new nn.Linear(3, 1, float64),
  y: tensor(
    list((i) => [i % 3 === 0 ? 1 : 0]),
    float64,
  ),
  cost: cost.bceWithLogits,
  outputs: "logits",
};
const one: Problem = {
  model: new nn.Linear(3, 1, float64),
  y: randn([count, 1], float64),
  cost: cost.mse,
  outputs: "probabilities",
};

/** Every metric by its name. */
const named = Object.entries(metrics).filter(([, value]) => "with" in value) as [
  MetricName,
  metrics.Metric<unknown, { outputs?: string }>,
][];

/** A problem that the metric goes with: of classes, of numbers, or of two classes. */
function problemOf(name: MetricName): Problem {
  if (/Error$|^r2$|^explained|^spearman$/.test(name) && name !== "expectedCalibrationError") return one;
  return ["precision", "recall", "f1", "fBeta"].includes(name) ? twoClasses : classes;
}

/** Batches of few rows may add up the terms of a product in another order: numbers are compared to twelve digits. */
function expectClose(found: unknown, expected: unknown): void {
  if (typeof expected === "object" && expected !== null) {
    expect(Object.keys(found as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectClose((found as Record<string, unknown>)[key], value);
    }
  } else if (typeof expected === "number" && Number.isFinite(expected)) {
    expect(found).toBeCloseTo(expected, 12);
  } else expect(found).toBe(expected);
}

describe.each(named)("%s", (name, metric) => {
  const { model, y, cost: own, outputs } = problemOf(name);
  const options = own === cost.mse ? {} : { outputs };
  const whole = async (sampleWeight?: Tensor): Promise<unknown> => {
    const scores = await predict(model, x);
    return metric(scores, y, { ...options, ...(sampleWeight === undefined ? {} : { sampleWeight }) });
  };

  test.each([1, 4, 41])("of evaluate with batches of %i is that of the whole arrays", async (batchSize) => {
    const found = await evaluate(model, { data: { x, y }, cost: own, metrics: { found: metric }, batchSize });
    expectClose(found.found, await whole());
  });

  test.skipIf(name === "spearman")("counts the weights of evaluate", async () => {
    const given = { data: { x, y }, cost: own, metrics: [name], sampleWeight: weights } as const;
    const found = await evaluate(model, { ...given, batchSize: 6 });
    expectClose(found[name], await whole(weights));
    if (name !== "confusionMatrix" && name !== "classificationReport")
      expect(found[name]).not.toBe(await whole());
  });

  test("is that of the whole set for a cost that is computed from the whole set", async () => {
    const closure: cost.Cost = Object.assign((z: Tensor, t: Tensor) => own(z, t), {
      outputs,
      multilabel: own.multilabel ?? false,
    });
    const given = { data: { x, y }, cost: closure, batchSize: 6, metrics: { found: metric } };
    const found = await evaluate(model, given);
    expectClose(found.found, await whole());
  });

  test("adds up batches of a loop of one's own", async () => {
    const scores = await predict(model, x);
    const accumulator = metric.with(options).accumulate();
    for (let begin = 0; begin < count; begin += 10) {
      const part = { start: begin, end: Math.min(count, begin + 10) };
      accumulator.update(ops.slice(scores, 0, part), ops.slice(y, 0, part));
    }
    expect(accumulator.samples).toBe(count);
    expectClose(accumulator.compute(), await whole());
  });
});

describe("weighted losses", () => {
  test("are Σ w·C / Σ w, whatever the batch size", async () => {
    const { model, y } = classes;
    const losses = cost.crossEntropy(await predict(model, x), y, { reduction: "none" });
    const expected = sum(mul(losses, weights)).item() / sum(weights).item();
    for (const batchSize of [1, 7, 41]) {
      const given = { data: { x, y }, cost: cost.crossEntropy, sampleWeight: weights, batchSize };
      expect((await evaluate(model, given)).loss).toBeCloseTo(expected, 12);
    }
  });
});

describe("ignored labels", () => {
  test("count neither in the loss nor in a metric that is told of them", async () => {
    const { model, y } = classes;
    const some = tensor(
      Array.from(y.data, (label, i) => (i % 3 === 0 ? -100 : label)),
      { dtype: "int32" },
    );
    const kept = tensor(
      list((i) => i).filter((i) => i % 3 !== 0),
      { dtype: "int32" },
    );
    const part = { x: ops.indexSelect(x, 0, kept), y: ops.indexSelect(y, 0, kept) };
    const ignoreIndex = -100;
    const given = {
      accuracy: metrics.accuracy.with({ ignoreIndex }),
      balancedAccuracy: metrics.balancedAccuracy.with({ ignoreIndex }),
      rocAuc: metrics.rocAuc.with({ ignoreIndex, outputs: "logits" }),
      logLoss: metrics.logLoss.with({ ignoreIndex, outputs: "logits" }),
      brierScore: metrics.brierScore.with({ ignoreIndex, outputs: "logits" }),
      expectedCalibrationError: metrics.expectedCalibrationError.with({ ignoreIndex, outputs: "logits" }),
    };
    const names = Object.keys(given) as (keyof typeof given)[];
    const expected = await evaluate(model, { data: part, cost: cost.crossEntropy, metrics: names });
    for (const batchSize of [5, 41]) {
      const found = await evaluate(model, {
        data: { x, y: some },
        cost: (z, t) => cost.crossEntropy(z, t, { ignoreIndex }),
        metrics: given,
        batchSize,
      });
      for (const name of ["loss", ...names] as const) expect(found[name]).toBeCloseTo(expected[name], 12);
    }
  });

  test("are an error for a metric that is not told of them", async () => {
    const some = tensor(
      list((i) => (i === 3 ? -100 : 0)),
      { dtype: "int32" },
    );
    const ofSome = (z: Tensor, t: Tensor): Tensor => cost.crossEntropy(z, t, { ignoreIndex: -100 });
    const given = { data: { x, y: some }, cost: ofSome, metrics: ["accuracy"] } as const;
    await expect(evaluate(classes.model, given)).rejects.toThrow(
      "accuracy: expected each target to be a class, 0 … C − 1, but 1 are not; ignoreIndex leaves a label out",
    );
  });
});

describe("in fit", () => {
  test("training metrics are those of the outputs before each step, and validation has its own", async () => {
    const { y } = classes;
    const model = new nn.Linear(3, 4, float64);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const names = ["accuracy", "rocAuc", "logLoss"] as const;
    const [report] = await fit(model, {
      data: { x, y },
      validation: { x, y },
      cost: cost.crossEntropy,
      optimizer,
      batchSize: 6,
      metrics: names,
    });
    const expected = await evaluate(model, { data: { x, y }, cost: cost.crossEntropy, metrics: names });
    for (const name of names) {
      expect(report?.metrics[name]).toBeCloseTo(expected[name], 12);
      expect(report?.validation?.[name]).toBeCloseTo(expected[name], 12);
    }
    expect(report?.metrics["logLoss"]).toBeCloseTo(report?.loss as number, 12);
  });
});

describe("in a training that is broken off in the middle of an epoch", () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-metrics-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("metrics go on with the batches before", async () => {
    const run = async (more: Partial<FitOptions>): Promise<EpochReport[]> => {
      const model = new nn.Linear(3, 4, float64);
      for (const one of model.parameters()) one.storage.forWriting().fill(0.1);
      return fit(model, {
        data: { x, y: classes.y },
        cost: cost.crossEntropy,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        batchSize: 10,
        seed: 1,
        metrics: ["accuracy", "rocAuc", "balancedAccuracy"],
        ...more,
      });
    };
    const [whole] = await run({});
    const path = join(folder, "broken-off");
    const controller = new AbortController();
    const brokenOff = run({
      checkpoint: { path, every: { steps: 2 } },
      onBatch: ({ batch }) => {
        if (batch === 3) controller.abort(new Error("broken off"));
      },
      signal: controller.signal,
    });
    await expect(brokenOff).rejects.toThrow("broken off");
    let begun = 0;
    const onResume = ({ batch }: { batch: number }): void => {
      begun = batch;
    };
    const [resumed] = await run({ resume: path, onResume });
    expect(begun).toBe(2);
    expect(resumed?.metrics).toEqual(whole?.metrics);
  });
});

describe("a metric of one's own", () => {
  const bias = metrics.defineMetric("bias", {
    update: (y, target, weight) => ({
      error: sum(mul(sum(sub(y, target), { dim: 1 }), weight)),
      weight: sum(weight),
    }),
    compute: ({ error, weight }) => (error as Tensor).item() / (weight as Tensor).item(),
  });
  const median = metrics.defineMetric("medianError", {
    collect: (y, target) => ({ error: mean(abs(sub(y, target)), { dim: 1 }) }),
    compute: ({ error }) => {
      const sorted = [...(error as Tensor).data].sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)] as number;
    },
  });

  test("is accumulated over the batches, with weights, and at its end over the whole set", async () => {
    const { model, y } = one;
    const scores = await predict(model, x);
    const errors = list((i) => (scores.data[i] as number) - (y.data[i] as number));
    const total = sum(weights).item();
    const expected = errors.reduce((all, error, i) => all + error * (weights.data[i] as number), 0) / total;
    const middle = errors.map(Math.abs).sort((a, b) => a - b)[20];
    for (const batchSize of [3, 41]) {
      const found = await evaluate(model, {
        data: { x, y },
        cost: cost.mse,
        metrics: { bias, median },
        sampleWeight: weights,
        batchSize,
      });
      expect(found.bias).toBeCloseTo(expected, 12);
      expect(found.median).toBeCloseTo(middle as number, 12);
    }
    expect(median(scores, y)).toBeCloseTo(middle as number, 12);
  });

  test("has its type in the result of evaluate", async () => {
    const { model, y } = classes;
    const given = { data: { x, y }, cost: cost.crossEntropy };
    const found = await evaluate(model, {
      ...given,
      metrics: { matrix: "confusionMatrix", a: metrics.accuracy },
    });
    expectTypeOf(found.matrix).toEqualTypeOf<metrics.ConfusionMatrix>();
    expectTypeOf(found.a).toEqualTypeOf<number>();
    expectTypeOf(found.loss).toEqualTypeOf<number>();
    const listed = await evaluate(model, { ...given, metrics: ["classificationReport"] });
    expectTypeOf(listed.classificationReport).toEqualTypeOf<metrics.ClassificationReport>();
    expect(listed.classificationReport.classes).toHaveProperty("3");
  });

  test("with the same options is the same metric, so that nothing is compiled anew", () => {
    expect(metrics.accuracy.with({ topK: 2 })).toBe(metrics.accuracy.with({ topK: 2 }));
    expect(metrics.accuracy.with({ topK: 2 })).not.toBe(metrics.accuracy.with({ topK: 3 }));
    const of = (zeroDivision: number) => metrics.f1.with({ zeroDivision });
    expect(of(Number.NaN)).not.toBe(of(0));
  });
});
