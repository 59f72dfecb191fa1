import { describe, expect, test } from "vitest";
import { ArgumentError, linspace } from "../../lib/index.js";

describe("linspace", () => {
  test("has both ends, exactly", () => {
    const x = linspace(-0.1, 0.3, 7, { dtype: "float64" });
    expect(x.data[0]).toBe(-0.1);
    expect(x.data[6]).toBe(0.3);
    expect(x.data[3]).toBeCloseTo(0.1, 15);
  });

  test("of one step is the start, of none empty", () => {
    expect([...linspace(2, 5, 1).data]).toEqual([2]);
    expect(linspace(2, 5, 0).shape).toEqual([0]);
  });

  test("goes down as well, and rounds towards 0 for int32", () => {
    expect([...linspace(1, 0, 5).data]).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect([...linspace(-3, 3, 5, { dtype: "int32" }).data]).toEqual([-3, -1, 0, 1, 3]);
  });

  test("refuses what is no number", () => {
    expect(() => linspace(0, Number.NaN, 3)).toThrow(ArgumentError);
    expect(() => linspace(0, 1, 2.5)).toThrow("linspace: expected steps to be a whole number ≥ 0, got 2.5");
    expect(() => linspace(0.5, 1, 2, { dtype: "int32" })).toThrow(
      /^linspace: expected start to be a whole number/,
    );
  });
});
