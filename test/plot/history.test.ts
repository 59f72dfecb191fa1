import { describe, expect, test } from "vitest";
import * as plot from "../../lib/plot/index.js";
import { reports } from "./cases.js";

describe("plot.history", () => {
  test("has each figure of each set by epoch", () => {
    const { points, best } = plot.history(reports(4)).data;
    const of = (figure: string, set: string): number[] =>
      points.filter((point) => point.figure === figure && point.set === set).map(({ value }) => value);
    expect(of("loss", "training")).toEqual([2, 1, 2 / 3, 0.5]);
    expect(of("accuracy", "validation")).toHaveLength(4);
    // 2.2/(i + 1) + 0.1·i is least at i = 3.
    expect(best).toEqual([{ run: "", epoch: 4, loss: 2.2 / 4 + 0.1 * 3 }]);
  });

  test("smooths by an average without the bias towards 0", () => {
    const { points } = plot.history(reports(3, false), { smoothing: 0.5, figures: ["loss"] }).data;
    const smoothed = points.map((point) => point.smoothed);
    expect(smoothed[0]).toBeCloseTo(2, 12);
    expect(smoothed[1]).toBeCloseTo((0.25 * 2 + 0.5 * 1) / 0.75, 12);
    expect(smoothed[2]).toBeCloseTo((0.125 * 2 + 0.25 * 1 + 0.5 * (2 / 3)) / 0.875, 12);
  });

  test("shows the figures that are asked for", () => {
    const { data, spec } = plot.history({ a: reports(), b: reports() }, { figures: ["accuracy"] });
    expect(new Set(data.points.map(({ figure }) => figure))).toEqual(new Set(["accuracy"]));
    expect(spec["vconcat"]).toHaveLength(1);
  });

  test("leaves a gap where a loss is not finite", () => {
    const [first, second, third] = reports(3, false) as [never, never, never];
    const made = plot.history([first, { ...(second as object), loss: Number.NaN } as never, third]);
    expect(made.svg).not.toContain("NaN");
    expect(made.data.points.filter(({ value }) => Number.isNaN(value))).toHaveLength(1);
  });

  test("takes names of all kinds as names", () => {
    const runs = JSON.parse(JSON.stringify({ a: reports(2) }).replace('"a"', '"__proto__"'));
    expect(plot.history(runs).data.best[0]?.run).toBe("__proto__");
  });

  test.each([
    ["no epochs", [[]], "ERR_DATA"],
    ["no runs", [{}], "ERR_DATA"],
    ["other reports", [[{ epoch: 1 }]], "ERR_ARGUMENT"],
    ["no list", [3], "ERR_ARGUMENT"],
    ["another figure", [reports(), { figures: ["recall"] }], "ERR_ARGUMENT"],
    ["another scale", [reports(), { scale: "sqrt" }], "ERR_ARGUMENT"],
    ["a smoothing of 1", [reports(), { smoothing: 1 }], "ERR_ARGUMENT"],
    ["an empty title", [reports(), { title: " " }], "ERR_ARGUMENT"],
    ["another option", [reports(), { smooth: 1 }], "ERR_OPTION"],
  ])("refuses %s", (_, args, code) => {
    expect(() => plot.history(...(args as [never, never]))).toThrow(expect.objectContaining({ code }));
  });
});
