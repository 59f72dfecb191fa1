import { DataError } from "../errors.js";
import type { TypedArray } from "../tensor/dtype.js";
import type { HistogramMessage } from "./schema.js";

// TensorFlow's limits (histogram.cc): each is 1.1 times the one before, from 1e-12 to 1e20, and the same below zero.
const POSITIVE: number[] = [];
for (let limit = 1e-12; limit < 1e20; limit *= 1.1) POSITIVE.push(limit);
const LIMITS = [...POSITIVE.map((limit) => -limit).reverse(), 0, ...POSITIVE];

/** The number of limits that are at most `value`, by bisection. */
function countBelow(value: number): number {
  let [low, high] = [0, LIMITS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((LIMITS[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Counts of values between TensorFlow's limits, from the first bucket in use to the last. Values beyond ±1e20 count in
 * the sums and in no bucket.
 * @throws DataError where there are no values, or one is not finite.
 */
export function histogramOf(where: string, values: TypedArray): HistogramMessage {
  if (values.length === 0) throw new DataError(`${where}: expected at least one value, got none`);
  const counts = new Float64Array(LIMITS.length + 1);
  let [min, max, sum, sumSquares] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      throw new DataError(`${where}: expected finite values, got ${value} at index ${i}`);
    }
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    sumSquares += value * value;
    (counts[countBelow(value)] as number)++;
  }
  // Bucket i lies between limits i − 1 and i. The first limit and an empty bucket below it say where the first one
  // begins.
  let first = countBelow(min);
  let last = countBelow(max);
  first = Math.min(Math.max(first, 1), LIMITS.length - 1);
  last = Math.min(Math.max(last, first), LIMITS.length - 1);
  return {
    min,
    max,
    num: values.length,
    sum,
    sumSquares,
    bucketLimit: LIMITS.slice(first - 1, last + 1),
    bucket: [0, ...counts.subarray(first, last + 1)],
  };
}
