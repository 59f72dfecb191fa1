import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { cost, evaluate, metrics, nn, tensor } from "../../lib/index.js";

const predicted = [0, 0, 1, 1, 2, 2, 2];
const labels = [0, 1, 1, 1, 2, 2, 0];

describe("a classification report", () => {
  test("is a table", () => {
    const report = metrics.classificationReport(predicted, labels);
    const lines = [
      "              precision  recall  f1-score  support",
      "           0       0.50    0.50      0.50        2",
      "           1       1.00    0.67      0.80        3",
      "           2       0.67    1.00      0.80        2",
      "",
      "    accuracy                         0.71        7",
      "   macro avg       0.72    0.72      0.70        7",
      "weighted avg       0.76    0.71      0.71        7",
    ];
    expect(String(report)).toBe(lines.join("\n"));
    expect(inspect(report)).toBe(String(report));
  });

  test("has the figures themselves, under the names of the classes", () => {
    const classNames = ["cat", "dog", "__proto__"];
    const report = metrics.classificationReport(predicted, labels, { classNames });
    expect(Object.keys(report.classes)).toEqual(classNames);
    expect(report.classes["dog"]).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8, support: 3 });
    expect(report.accuracy).toBeCloseTo(5 / 7, 12);
    expect(report.macroAverage.recall).toBeCloseTo((0.5 + 2 / 3 + 1) / 3, 12);
    expect(report.weightedAverage.support).toBe(7);
  });

  test("of some classes has the micro average instead of the accuracy", () => {
    const report = metrics.classificationReport(predicted, labels, { labels: [2, 0], digits: 3 });
    expect(report.accuracy).toBeNull();
    const [, first, second, , micro] = String(report).split("\n");
    expect(first).toMatch(/^ +2 +0\.667 +1\.000 +0\.800 +2$/);
    expect(second).toMatch(/^ +0 +0\.500 +0\.500 +0\.500 +2$/);
    expect(micro).toMatch(/^ +micro avg +0\.600 +0\.750 +0\.667 +4$/);
  });
});

describe("a confusion matrix", () => {
  test("is a table of true and predicted classes", () => {
    const matrix = metrics.confusionMatrix(predicted, labels, { classNames: ["a", "b", "c", "d"] });
    const lines = [
      "true \\ predicted  a  b  c  d",
      "               a  1  0  1  0",
      "               b  1  2  0  0",
      "               c  0  0  2  0",
      "               d  0  0  0  0",
    ];
    expect(String(matrix)).toBe(lines.join("\n"));
    expect(inspect(matrix)).toBe(String(matrix));
    expect(inspect({ in: { in: { in: matrix } } })).toContain("[ConfusionMatrix]");
  });

  test("that is normalised has three digits", () => {
    const matrix = metrics.confusionMatrix(predicted, labels, { normalize: "true" });
    expect(String(matrix).split("\n")[2]).toBe("               1  0.333  0.667      0");
  });
});

describe("what evaluate gives", () => {
  test("is a plain object whose text is a table", async () => {
    const model = new nn.Linear(1, 2);
    model.loadStateDict({ weight: tensor([[1], [-1]]), bias: tensor([0, 0]) });
    const found = await evaluate(model, {
      data: { x: tensor([[1], [-2], [3]]), y: tensor([0, 1, 1], { dtype: "int32" }) },
      cost: cost.crossEntropy,
      metrics: { accuracy: "accuracy", matrix: "confusionMatrix" },
    });
    const lines = [
      "loss       2.04918",
      "accuracy  0.666667",
      "",
      "matrix",
      "true \\ predicted  0  1",
      "               0  1  0",
      "               1  1  1",
    ];
    expect(String(found)).toBe(lines.join("\n"));
    expect(inspect(found)).toBe(String(found));
    expect(Object.keys(found)).toEqual(["loss", "accuracy", "matrix"]);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect(JSON.parse(JSON.stringify(found))).toHaveProperty("matrix.values", [
      [1, 0],
      [1, 1],
    ]);
  });
});
