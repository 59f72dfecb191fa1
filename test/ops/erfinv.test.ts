// To the last digits, also where PyTorch's answers are compared by the absolute error or where float32 has no number.
import { describe, expect, test } from "vitest";
import { type DType, ops, tensor } from "../../lib/index.js";

const erfinv = (values: number[], dtype: DType): number[] =>
  Array.from(ops.erfinv(tensor(values, { dtype })).data);

function expectRatio(found: ArrayLike<number>, expected: readonly number[], error: number): void {
  expected.forEach((number, i) => {
    const ratio = (found[i] as number) / number;
    expect(Math.abs(ratio - 1), `element ${i}: ${found[i]}, expected ${number}`).toBeLessThan(error);
  });
}

/** 2⁻¹, 2⁻², …, 2⁻ⁿ. */
const powers = (n: number): number[] => Array.from({ length: n }, (_, i) => 2 ** -(i + 1));

describe("erfinv", () => {
  test("gives a number whose erf is x to the last digits, however small x is", () => {
    const x = powers(1021);
    const y = ops.erfinv(tensor(x, { dtype: "float64" }));
    expectRatio(ops.erf(y).data, x, 1e-15);
  });

  test("gives a number whose erfc is 1 − x to the last digits, also next to 1", () => {
    const gaps = powers(53);
    const x = gaps.map((gap) => 1 - gap);
    const y = ops.erfinv(tensor(x, { dtype: "float64" }));
    expectRatio(ops.erfc(y).data, gaps, 1e-13);
  });

  test("gives in float32 what it gives in float64, to the last digits", () => {
    const x = [...powers(126), ...powers(24).map((gap) => 1 - gap)];
    expectRatio(erfinv(x, "float32"), erfinv(x, "float64"), 5e-7);
  });

  describe.each(["float32", "float64"] as const)("of %s", (dtype) => {
    test("is odd", () => {
      const x = [...powers(126), ...powers(24).map((gap) => 1 - gap), 0];
      const mirrored = x.map((number) => -number);
      expect(erfinv(mirrored, dtype)).toEqual(erfinv(x, dtype).map((number) => -number));
    });

    test("is ±∞ at ±1 and NaN outside", () => {
      const above = 1 + 2 ** -23;
      expect(erfinv([1, -1], dtype)).toEqual([Infinity, -Infinity]);
      expect(erfinv([above, -above, Infinity, -Infinity, NaN], dtype)).toEqual(new Array(5).fill(NaN));
    });
  });
});
