// What outputs and targets may be, and what is refused.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  DataError,
  metrics,
  OptionError,
  ops,
  randn,
  ShapeError,
  TraceError,
  tensor,
} from "../../lib/index.js";
import { bad, testErrors } from "../errors/expect-error.js";

const float64 = { dtype: "float64" } as const;
const int32 = { dtype: "int32" } as const;
const logits = randn([17, 4], float64);
const labels = tensor(
  Array.from({ length: 17 }, (_, i) => (i * 5) % 4),
  int32,
);
const pairs = [
  [1, 2],
  [3, 4],
];
const scored = {
  logLoss: metrics.logLoss,
  brierScore: metrics.brierScore,
  expectedCalibrationError: metrics.expectedCalibrationError,
  rocAuc: metrics.rocAuc,
  averagePrecision: metrics.averagePrecision,
};

describe.each(Object.entries(scored))("%s", (_, metric) => {
  test("of unnormalised scores and of logarithms is that of their probabilities", () => {
    const expected = metric(ops.softmax(logits, { dim: 1 }), labels);
    expect(metric(logits, labels, { outputs: "logits" })).toBeCloseTo(expected, 12);
    const logs = ops.logSoftmax(logits, { dim: 1 });
    expect(metric(logs, labels, { outputs: "logProbabilities" })).toBeCloseTo(expected, 12);
  });

  test("of two classes is the same by one score as by two, or nearly", () => {
    const yes = tensor(
      Array.from({ length: 17 }, (_, i) => i % 2),
      int32,
    );
    const score = ops.slice(logits, 1, { end: 1 });
    const both = ops.concat([ops.mul(score, 0), score], 1);
    const [one, two] = [score, both].map((y) => metric(y, yes, { outputs: "logits" }));
    if (metric === metrics.expectedCalibrationError) return;
    expect(one).toBeCloseTo(two as number, 12);
  });

  test("of one-hot targets is that of labels", () => {
    const p = ops.softmax(logits, { dim: 1 });
    expect(metric(p, ops.oneHot(labels, 4, "float64"))).toBeCloseTo(metric(p, labels), 12);
  });

  test("of pixels is that of their rows, each with the weight of its sample", () => {
    const p = ops.softmax(randn([5, 3, 2, 2], float64), { dim: 1 });
    const target = tensor(
      Array.from({ length: 20 }, (_, i) => (i * 7) % 3),
      { ...int32, shape: [5, 2, 2] },
    );
    const rows = ops.reshape(ops.permute(p, [0, 2, 3, 1]), [20, 3]);
    const sampleWeight = [1, 2, 0, 0.5, 3];
    const ofRows = sampleWeight.flatMap((one) => [one, one, one, one]);
    const expected = metric(rows, ops.flatten(target), { sampleWeight: ofRows });
    expect(metric(p, target, { sampleWeight })).toBeCloseTo(expected, 12);
  });
});

describe("accuracy", () => {
  test("takes labels, scores, one-hot targets, and probabilities of two classes with a threshold", () => {
    expect(metrics.accuracy([0, 1, 5], [0, 2, 5])).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy([[0.2, 0.8]], [[0, 1]])).toBe(1);
    expect(metrics.accuracy([0.5, 0.6], [0, 1])).toBe(1);
    expect(metrics.accuracy([[0.5], [0.6]], [1, 1], { threshold: 0.4 })).toBe(1);
    expect(metrics.accuracy([-1, 2], [0, 1], { outputs: "logits" })).toBe(1);
    expect(metrics.accuracy([-1, 0], [0, 0], { outputs: "logits", threshold: 0.5 })).toBe(1);
  });

  test("of several labels a sample counts each", () => {
    const y = [
      [0.9, 0.2, 0.6],
      [0.1, 0.4, 0.3],
    ];
    const target = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    expect(metrics.accuracy(y, target, { multilabel: true })).toBeCloseTo(4 / 6, 12);
    expect(metrics.f1(y, target, { multilabel: true })).toBeCloseTo(0.5, 12);
    expect(metrics.accuracy(y, target)).toBe(1);
  });

  test("cannot be read inside a compiled function, and says so", () => {
    const step = compile((y: typeof logits) => ops.mul(y, metrics.accuracy(y, labels)));
    expect(() => step(logits)).toThrow(TraceError);
  });
});

describe("AUC", () => {
  test("does not take two large scores for the same", () => {
    const y = tensor(
      [
        [0, 50],
        [0, 60],
        [0, 40],
        [0, 45],
      ],
      float64,
    );
    expect(metrics.rocAuc(y, [1, 1, 0, 0], { outputs: "logits" })).toBe(1);
  });
});

describe("metrics refuse what does not go with them", () => {
  testErrors([
    [
      () => metrics.accuracy(bad(1), [1]),
      ArgumentError,
      "accuracy: expected y to be a tensor or an array of numbers, got 1",
    ],
    [
      () => metrics.accuracy([0.5, 1.5], [1, 1]),
      DataError,
      'accuracy: expected y to be probabilities, but 1 are outside [0, 1]; for unnormalised scores say outputs: "logits", and labels are int32',
    ],
    [
      () => metrics.accuracy([[0.5, 0.5]], [2]),
      DataError,
      "accuracy: expected each target to be a class, 0 … C − 1, but 1 are not; ignoreIndex leaves a label out",
    ],
    [() => metrics.accuracy([], []), DataError, "accuracy: expected at least one sample, got an empty set"],
    [
      () => metrics.accuracy([0.1], [1], { topK: 2 }),
      ShapeError,
      "accuracy: expected y [B, C] for topK, got one number for each sample",
    ],
    [
      () => metrics.accuracy([1], [1], bad({ weights: [1] })),
      OptionError,
      /^accuracy: unknown option "weights"/,
    ],
    [
      () => metrics.accuracy([1, 0], [1, 0], { sampleWeight: [Number.NaN, 1] }),
      DataError,
      "accuracy: expected sampleWeight to be numbers ≥ 0, got NaN for sample 0",
    ],
    [
      () => metrics.accuracy([1], [3], { ignoreIndex: 3 }),
      DataError,
      "accuracy: expected at least one sample that counts, got none",
    ],
    [
      () => metrics.f1([0, 1, 2], [0, 1, 2]),
      DataError,
      'f1: expected two classes, got 3; for several say average: "macro", "micro" or "weighted"',
    ],
    [
      () => metrics.f1([0, 1], [0, 1], { posLabel: 2 }),
      DataError,
      "f1: expected posLabel to be one of the classes 0, 1, got 2",
    ],
    [
      () => metrics.precision([0], [1], { zeroDivision: 2 }),
      ArgumentError,
      "precision: expected zeroDivision to be 0, 1 or NaN, got 2",
    ],
    [
      () => metrics.recall([0], [1], { labels: [1, 1] }),
      ArgumentError,
      "recall: expected labels to be different whole numbers, got an array of 2",
    ],
    [
      () => metrics.confusionMatrix([0], [1], { labels: [0, 1], classNames: ["a"] }),
      ArgumentError,
      "confusionMatrix: expected a name for each of 2 labels, got 1",
    ],
    [
      () => metrics.classificationReport([0], [1], { classNames: bad([1]) }),
      ArgumentError,
      "classificationReport: expected classNames to be texts, got an array of 1",
    ],
    [
      () => metrics.rocAuc([[1, 2, 3]], [0]),
      DataError,
      'rocAuc: expected the probabilities of each sample to add up to 1, but in 1 samples they do not; for unnormalised scores say outputs: "logits"',
    ],
    [
      () => metrics.rocAuc([0.1, Number.NaN], [0, 1]),
      DataError,
      "rocAuc: expected y to be numbers, but 1 are NaN",
    ],
    [
      () => metrics.rocAuc([[0.5, 0.25, 0.25]], [0], { maxFpr: 0.5 }),
      DataError,
      "rocAuc: expected two classes for maxFpr, got scores for more",
    ],
    [
      () => metrics.rocAuc([0.1], [0], { multiClass: "ovo", average: "micro" }),
      ArgumentError,
      'rocAuc: expected average to be "macro" or "weighted" for multiClass: "ovo", got "micro"',
    ],
    [
      () =>
        metrics.rocAuc(
          [
            [0.5, 0.25, 0.25],
            [0.5, 0.25, 0.25],
          ],
          [0, 1],
          { multiClass: "ovo", sampleWeight: [1, 2] },
        ),
      DataError,
      'rocAuc: expected no weights for multiClass: "ovo"',
    ],
    [
      () => metrics.logLoss([[0.5, 0.6]], [0]),
      DataError,
      /^logLoss: expected the probabilities of each sample to add up to 1, but in 1 samples/,
    ],
    [
      () => metrics.meanSquaredError([1, 2], [[1], [2]]),
      ShapeError,
      "meanSquaredError: expected y and target of the same shape [B, ...], got [2] and [2, 1]",
    ],
    [
      () => metrics.r2(pairs, pairs, { multioutput: [1] }),
      ArgumentError,
      "r2: expected multioutput to have a number for each of 2 outputs, got 1",
    ],
    [
      () => metrics.meanAbsoluteError([1.5], [1], { multioutput: bad("variance_weighted") }),
      ArgumentError,
      /^meanAbsoluteError: expected multioutput to be "uniform_average" or a number for each output/,
    ],
    [
      () => metrics.meanAbsoluteError([1.5], [1], { multioutput: [0] }),
      ArgumentError,
      "meanAbsoluteError: expected the numbers of multioutput not to add up to 0",
    ],
    [
      () => metrics.spearman([1, 2], [1, 2], { sampleWeight: [1, 2] }),
      DataError,
      "spearman: expected no weights, got weights other than 1",
    ],
    [() => metrics.spearman([[1, 2]], [[1, 2]]), ShapeError, "spearman: expected one output a sample, got 2"],
    [() => metrics.defineMetric("", bad({})), ArgumentError, 'defineMetric: expected a name, got ""'],
    [
      () => metrics.defineMetric("own", { compute: () => 1 }),
      ArgumentError,
      "defineMetric: expected update or collect, got neither",
    ],
    [
      () => metrics.defineMetric("own", { update: () => bad({ a: 1 }), compute: () => 1 })([1], [1]),
      ArgumentError,
      "own: expected update to give a tensor for a, got 1",
    ],
    [
      () => metrics.accuracy.accumulate().compute(),
      DataError,
      "accuracy: expected at least one sample, got an empty set",
    ],
  ]);
});

describe("matthewsCorrcoef with weights", () => {
  const tenths = [0.1, 0.2, 0.3, 0.7, 0.1, 0.1, 0.9];
  const classes = [0, 1, 2, 1, 0, 2, 1];

  test("is 0 where one class alone is predicted, or occurs, however the weights round", () => {
    for (const only of [0, 1, 2]) {
      const same = classes.map(() => only);
      expect(metrics.matthewsCorrcoef(same, classes, { sampleWeight: tenths })).toBe(0);
      expect(metrics.matthewsCorrcoef(classes, same, { sampleWeight: tenths })).toBe(0);
    }
  });
});

describe("batches of different shapes are refused, and change nothing:", () => {
  test("sums", () => {
    const error = metrics.meanSquaredError.accumulate().update(pairs, pairs);
    expect(() => error.update([[1, 2, 3]], [[1, 2, 3]])).toThrow(ShapeError);
    expect(error.samples).toBe(2);
    expect(error.compute()).toBe(0);
  });

  test("rows", () => {
    const p = [
      [0.2, 0.3, 0.5],
      [0.5, 0.3, 0.2],
    ];
    const auc = metrics.averagePrecision.accumulate().update([...p, [0.3, 0.5, 0.2]], [2, 0, 1]);
    const before = auc.compute();
    const four = [[0.1, 0.2, 0.3, 0.4]];
    expect(() => auc.update(four, [3])).toThrow(
      "averagePrecision: expected scores as in the batches before, [samples, 3], got [samples, 4]",
    );
    expect(auc.samples).toBe(3);
    expect(auc.compute()).toBe(before);
  });
});

test("scores whose difference is not a number are refused", () => {
  const { POSITIVE_INFINITY: infinity } = Number;
  const y = [
    [infinity, infinity],
    [0, 1],
    [1, 0],
  ];
  for (const metric of [metrics.rocAuc, metrics.averagePrecision]) {
    expect(() => metric(y, [0, 1, 0], { outputs: "logits" })).toThrow(DataError);
    expect(metric([[0, infinity], ...y.slice(1)], [1, 1, 0], { outputs: "logits" })).toBe(1);
  }
});
