import { expect } from "vitest";
import { type DType, type Tensor, tensor } from "../../lib/index.js";
import type { OracleTensor } from "./read.js";

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** How near to PyTorch's float64 answer each dtype must come. */
export const TOLERANCE: Readonly<Record<"float64" | "float32", Tolerance>> = {
  float64: { rtol: 1e-10, atol: 1e-12 },
  float32: { rtol: 1e-4, atol: 1e-5 },
};

/** A tensor of the oracle as one of ours; numbers take the dtype given. */
export function fromOracle(from: OracleTensor, dtype: DType = "float64", requiresGrad = false): Tensor {
  const own = from.dtype === "float64" ? dtype : from.dtype;
  if (from.data.length === 0) return tensor([], { shape: from.shape, dtype: own, requiresGrad });
  return tensor([...from.data], { shape: from.shape, dtype: own, requiresGrad });
}

/** |x − r| ≤ atol + rtol·|r| for every element, NaN equal to NaN. */
export function expectClose(
  actual: Tensor | null | undefined,
  expected: OracleTensor,
  tolerance: Tolerance = TOLERANCE.float64,
  what = "",
): void {
  expect(actual?.shape, `shape of ${what}`).toEqual(expected.shape);
  expectNumbersClose((actual as Tensor).data, expected.data, tolerance, what);
}

export function expectNumbersClose(
  actual: ArrayLike<number>,
  expected: readonly number[],
  { rtol, atol }: Tolerance = TOLERANCE.float64,
  what = "",
): void {
  expect(actual.length, `length of ${what}`).toBe(expected.length);
  expected.forEach((r, i) => {
    const x = actual[i] as number;
    // An infinite r is far from every number, although rtol·|r| is infinite too.
    const isNear = Number.isFinite(r) && Math.abs(x - r) <= atol + rtol * Math.abs(r);
    const same = Object.is(x, r) || x === r || isNear;
    if (!same) expect.fail(`${what}: element ${i} is ${x}, expected ${r} (rtol ${rtol}, atol ${atol})`);
  });
}

/** The same shape, dtype and numbers: what two ways to one result must give. */
export function expectSame(
  found: Tensor | null | undefined,
  expected: Tensor,
  what = "",
  tolerance: Tolerance = { rtol: 1e-12, atol: 1e-13 },
): void {
  expect(found?.shape, `shape of ${what}`).toEqual(expected.shape);
  expect(found?.dtype, `dtype of ${what}`).toBe(expected.dtype);
  expectNumbersClose((found as Tensor).data, [...expected.data], tolerance, what);
}
