import { describe, expect, test } from "vitest";
import { metrics } from "../../lib/index.js";
import { makeSet, setCount } from "./sets.js";

const scores = [0.1, 0.4, 0.35, 0.8, 0.4];
const labels = [0, 0, 1, 1, 1];

describe("metrics.rocCurve", () => {
  test("has the rates at each different score", () => {
    const [one] = metrics.rocCurve(scores, labels).classes as [metrics.RocClass];
    expect(one.label).toBe(1);
    expect(one.thresholds).toEqual([Number.POSITIVE_INFINITY, 0.8, 0.4, 0.35, 0.1]);
    // At 0.4 one of each class has that score.
    expect(one.truePositiveRate).toEqual([0, 1 / 3, 2 / 3, 1, 1]);
    expect(one.falsePositiveRate).toEqual([0, 0, 0.5, 0.5, 1]);
  });

  test("has the areas that rocAuc gives, with weights and several classes", () => {
    for (let number = 0; number < Math.min(40, setCount); number++) {
      const { yes, scores: own, p, labels: targets, weights } = makeSet(number);
      const w = weights === null ? {} : { sampleWeight: weights };
      expect(metrics.rocCurve(own, yes, w).classes[0]?.area).toEqual(metrics.rocAuc(own, yes, w));
      const areas = metrics.rocCurve(p, [...targets], w).classes.map(({ area }) => area);
      const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
      const auc = metrics.rocAuc(p, [...targets], w);
      if (Number.isNaN(auc)) expect(mean).toBeNaN();
      else expect(mean).toBeCloseTo(auc, 12);
    }
  });

  test("is a table of areas as text", () => {
    expect(String(metrics.rocCurve(scores, labels))).toBe("class    area\n    1  0.7500");
  });
});

describe("metrics.precisionRecallCurve", () => {
  test("has precision and recall at each different score", () => {
    const [one] = metrics.precisionRecallCurve(scores, labels).classes as [metrics.PrecisionRecallClass];
    expect(one.precision).toEqual([1, 1, 2 / 3, 0.75, 0.6]);
    expect(one.recall).toEqual([0, 1 / 3, 2 / 3, 1, 1]);
    expect(one.averagePrecision).toBe(metrics.averagePrecision(scores, labels));
    expect(String(metrics.precisionRecallCurve(scores, labels))).toContain("average precision");
  });
});

describe("metrics.calibrationCurve", () => {
  test("has confidence and accuracy of each bin with samples", () => {
    const { bins } = metrics.calibrationCurve([0.9, 0.8, 0.1, 0.3], [1, 0, 0, 1], {
      bins: 4,
      sampleWeight: [1, 3, 1, 1],
    });
    expect(bins).toHaveLength(3);
    expect(bins[0]).toEqual({ from: 0, to: 0.25, confidence: 0.1, accuracy: 0, weight: 1 });
    expect(bins[1]).toEqual({ from: 0.25, to: 0.5, confidence: 0.3, accuracy: 1, weight: 1 });
    expect(bins[2]?.confidence).toBeCloseTo((0.9 + 3 * 0.8) / 4, 12);
    expect(bins[2]?.accuracy).toBe(0.25);
  });

  test("goes with the expected calibration error", () => {
    const { p, labels: targets } = makeSet(3);
    const { bins } = metrics.calibrationCurve(p, [...targets], { bins: 7 });
    const all = bins.reduce((sum, { weight }) => sum + weight, 0);
    const error = bins.reduce(
      (sum, { confidence, accuracy, weight }) => sum + (weight / all) * Math.abs(confidence - accuracy),
      0,
    );
    expect(error).toBeCloseTo(metrics.expectedCalibrationError(p, [...targets], { bins: 7 }), 12);
    expect(String(metrics.calibrationCurve(p, [...targets]))).toMatch(
      /^ *bin {2}confidence {2}accuracy {2}weight\n/,
    );
  });

  test.each([
    ["no bins", [[0.5], [1], { bins: 0 }], "ERR_ARGUMENT"],
    ["what is no probability", [[1.5], [1]], "ERR_DATA"],
  ])("refuses %s", (_, args, code) => {
    expect(() => metrics.calibrationCurve(...(args as [never, never]))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
