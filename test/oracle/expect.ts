import { expect } from "vitest";
import type { Tensor } from "../../lib/index.js";
import type { OracleTensor } from "./read.js";

/** |x − r| ≤ atol + rtol·|r|; NaN equals NaN, an infinity itself, and −0 is 0. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

export const FLOAT64: Tolerance = { rtol: 1e-10, atol: 1e-12 };
export const FLOAT32: Tolerance = { rtol: 1e-4, atol: 1e-5 };

export function expectTensor(
  actual: Tensor,
  expected: OracleTensor,
  tolerance: Tolerance,
  what: string,
): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  expectNumbers([...actual.data], expected.data, tolerance, what);
}

export function expectNumbers(
  actual: readonly number[],
  expected: readonly number[],
  { rtol, atol }: Tolerance,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  actual.forEach((x, i) => {
    const r = expected[i] as number;
    const same = Object.is(x, r) || x === r || Math.abs(x - r) <= atol + rtol * Math.abs(r);
    if (!same) expect.fail(`${what}: element ${i} is ${x}, PyTorch has ${r}`);
  });
}
