import { describe, expect, test } from "vitest";
import { metrics } from "../../lib/index.js";
import { answersOf, makeSet, names, type OracleSet, setCount } from "./sets.js";

/** Each answer's name, and how it is asked for here. */
function asked(set: OracleSet): Readonly<Record<string, () => number | readonly number[]>> {
  const { labels: given, predicted: guessed, p, yes, scores, y, t, weights, zeroDivision, beta } = set;
  const [labels, predicted] = [[...given], [...guessed]];
  const w = weights === null ? {} : { sampleWeight: weights };
  const zero = { ...w, zeroDivision };
  const averages = ["micro", "macro", "weighted"] as const;
  const all = ["macro", "weighted", "micro"] as const;
  const normalize = ["true", "pred", "all"] as const;
  const width = (y[0] as number[]).length;
  const own = Array.from({ length: width }, (_, d) => d + 1);
  const errors = {
    meanAbsoluteError: metrics.meanAbsoluteError,
    meanSquaredError: metrics.meanSquaredError,
    rootMeanSquaredError: metrics.rootMeanSquaredError,
    meanAbsolutePercentageError: metrics.meanAbsolutePercentageError,
    r2: metrics.r2,
    explainedVariance: metrics.explainedVariance,
  };
  // Float64Arrays of whole numbers are scores, not labels.
  const ofYes = Float64Array.from(scores);
  return {
    accuracy: () => metrics.accuracy(predicted, labels, w),
    "accuracy of scores": () => metrics.accuracy(p, labels, w),
    "accuracy of two classes": () => metrics.accuracy(ofYes, yes, w),
    "accuracy, top 2": () => metrics.accuracy(p, labels, { ...w, topK: 2 }),
    balancedAccuracy: () => metrics.balancedAccuracy(predicted, labels, w),
    "balancedAccuracy, adjusted": () => metrics.balancedAccuracy(predicted, labels, { ...w, adjusted: true }),
    matthewsCorrcoef: () => metrics.matthewsCorrcoef(predicted, labels, w),
    ...Object.fromEntries(
      averages.flatMap((average) => [
        [`precision, ${average}`, () => metrics.precision(predicted, labels, { ...zero, average })],
        [`recall, ${average}`, () => metrics.recall(predicted, labels, { ...zero, average })],
        [`fBeta, ${average}`, () => metrics.fBeta(predicted, labels, { ...zero, average, beta })],
      ]),
    ),
    "precision of each": () => metrics.precision.perClass(predicted, labels, zero),
    "recall of some": () => metrics.recall(predicted, labels, { ...zero, average: "macro", labels: [0, 2] }),
    "precision of two classes": () => metrics.precision(ofYes, yes, zero),
    "f1 of two classes": () => metrics.f1(ofYes, yes, zero),
    confusionMatrix: () => metrics.confusionMatrix(predicted, labels, w).values.flat(),
    ...Object.fromEntries(
      normalize.map((by) => [
        `confusionMatrix, ${by}, its diagonal`,
        () =>
          metrics
            .confusionMatrix(predicted, labels, { ...w, normalize: by })
            .values.map((row, at) => row[at] as number),
      ]),
    ),
    rocAuc: () => metrics.rocAuc(scores, yes, w),
    "rocAuc, maxFpr 0.3": () => metrics.rocAuc(scores, yes, { ...w, maxFpr: 0.3 }),
    ...Object.fromEntries(
      all.flatMap((average) => [
        [`rocAuc, ovr, ${average}`, () => metrics.rocAuc(p, labels, { ...w, average })],
        [`averagePrecision, ${average}`, () => metrics.averagePrecision(p, labels, { ...w, average })],
      ]),
    ),
    "rocAuc, ovo, macro": () => metrics.rocAuc(p, labels, { multiClass: "ovo" }),
    "rocAuc, ovo, weighted": () => metrics.rocAuc(p, labels, { multiClass: "ovo", average: "weighted" }),
    averagePrecision: () => metrics.averagePrecision(scores, yes, w),
    logLoss: () => metrics.logLoss(p, labels, w),
    "logLoss of two classes": () => metrics.logLoss(ofYes, yes, w),
    brierScore: () => metrics.brierScore(p, labels, w),
    "brierScore of two classes": () => metrics.brierScore(ofYes, yes, w),
    expectedCalibrationError: () => metrics.expectedCalibrationError(p, labels, { ...w, bins: 7 }),
    ...Object.fromEntries(
      Object.entries(errors).flatMap(([name, metric]) => [
        [name, () => metric(y, t, w)],
        [`${name} of each`, () => metric.perOutput(y, t, w)],
        [`${name}, own weights`, () => metric(y, t, { ...w, multioutput: own })],
      ]),
    ),
    "r2, by variance": () => metrics.r2(y, t, { ...w, multioutput: "variance_weighted" }),
    "explainedVariance, by variance": () =>
      metrics.explainedVariance(y, t, { ...w, multioutput: "variance_weighted" }),
    spearman: () =>
      metrics.spearman(
        y.map(([first]) => first as number),
        t.map(([first]) => first as number),
      ),
  };
}

/** Whether both are the same to 1e-12. */
function isClose(found: number | readonly number[], expected: number | readonly number[]): boolean {
  if (typeof found === "number" && typeof expected === "number") {
    return (
      Object.is(found, expected) || Math.abs(found - expected) <= 1e-12 * Math.max(1, Math.abs(expected))
    );
  }
  const [a, b] = [found, expected] as [readonly number[], readonly number[]];
  return a.length === b.length && a.every((one, i) => isClose(one, b[i] as number));
}

const sets = Array.from({ length: setCount }, (_, number) => ({
  number,
  calls: asked(makeSet(number)),
  answers: answersOf(number),
}));

describe("gives what scikit-learn gives, to 1e-12, on 200 random sets", () => {
  test.each(names)("%s", (name) => {
    const wrong = sets.flatMap(({ number, calls, answers }) => {
      const found = calls[name]?.() ?? Number.NaN;
      const expected = answers.get(name) as number;
      return isClose(found, expected) ? [] : [{ number, found, expected }];
    });
    expect(wrong).toEqual([]);
  });

  test("on sets with ties, missing classes and weights", () => {
    const made = sets.map(({ number }) => makeSet(number));
    expect(made.some(({ labels, classes }) => new Set(labels).size < classes)).toBe(true);
    expect(made.some(({ yes }) => new Set(yes).size === 1)).toBe(true);
    expect(made.some(({ weights }) => weights?.includes(0))).toBe(true);
    expect(made.filter(({ scores }) => new Set(scores).size < scores.length).length).toBeGreaterThan(100);
  });
});
