// Histograms.
import { largest, smallest } from "./spec.js";

/** Values in [from, to), of the last bin in [from, to]. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** `count` bins of equal width from the least to the largest value. Values that are not finite are left out. */
export function binned(values: ArrayLike<number>, count: number): Bin[] {
  const own = Array.from(values).filter(Number.isFinite);
  if (own.length === 0) return [];
  const [least, most] = [smallest(own), largest(own)];
  // Equal values have a bin around them.
  const half = Math.max(Math.abs(least), 1) * 0.05;
  const [from, to] = most > least ? [least, most] : [least - half, least + half];
  const width = (to - from) / count;
  const counts = new Array<number>(count).fill(0);
  for (const value of own) {
    const at = Math.min(count - 1, Math.floor((value - from) / width));
    counts[at] = (counts[at] as number) + 1;
  }
  return counts.map((n, i) => ({
    from: from + i * width,
    to: i === count - 1 ? to : from + (i + 1) * width,
    count: n,
  }));
}

/** What is said of values in a few numbers. */
export interface Moments {
  readonly mean: number;
  /** Their standard deviation. */
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** The share of zeros. */
  readonly zeros: number;
}

export function momentsOf(values: ArrayLike<number>): Moments {
  const { length } = values;
  let [sum, zeros] = [0, 0];
  for (let i = 0; i < length; i++) {
    sum += values[i] as number;
    if (values[i] === 0) zeros++;
  }
  const mean = sum / length;
  let squares = 0;
  for (let i = 0; i < length; i++) squares += ((values[i] as number) - mean) ** 2;
  return {
    mean,
    deviation: Math.sqrt(squares / length),
    min: smallest(values),
    max: largest(values),
    zeros: zeros / length,
  };
}
