import type { Column } from "./column.js";

/** Figures of a column's values that are not missing. Null where a kind has no such figure. */
export interface ColumnSummary {
  /** Values that are not missing. */
  readonly count: number;
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** The most frequent value, the first of those in order; null for numbers and dates. */
  readonly top: string | null;
  readonly mean: number | null;
  /** The standard deviation of a sample, with count − 1 below the line; null for fewer than two values. */
  readonly deviation: number | null;
  /** Minimum, quartiles and maximum. */
  readonly quantiles: readonly number[] | null;
}

export const QUANTILES = [0, 0.25, 0.5, 0.75, 1] as const;

/** The figures of a column. Those of dates are in milliseconds since 1970; those of booleans count true as 1. */
export function summarize(column: Column): ColumnSummary {
  const { data, length } = column;
  if (data.kind === "category" || data.kind === "text") return summarizeWords(column);
  const present = Float64Array.from(data.values).filter((_, row) => !column.isMissing(row));
  present.sort();
  const count = present.length;
  const { mean, deviation } = moments(present);
  const isBoolean = data.kind === "boolean";
  const isTop = mean > 0.5 ? "true" : "false";
  return {
    count,
    missing: length - count,
    distinct: distinctOf(present),
    top: isBoolean && count > 0 ? isTop : null,
    mean: count > 0 ? mean : null,
    deviation: count > 1 ? deviation * Math.sqrt(count / (count - 1)) : null,
    quantiles: count === 0 || isBoolean ? null : QUANTILES.map((q) => quantileOf(present, q)),
  };
}

/** Mean and standard deviation, with the count below the line; each sum is taken about the mean. */
export function moments(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  let mean = 0;
  let squares = 0;
  // Welford (1962): no sum grows beyond what the values are.
  values.forEach((value, i) => {
    const away = value - mean;
    mean += away / (i + 1);
    squares += away * (value - mean);
  });
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** The quantile of sorted values, by linear interpolation between two of them, as NumPy's default. */
export function quantileOf(sorted: Float64Array, q: number): number {
  const exact = q * (sorted.length - 1);
  const near = Math.round(exact);
  // A product that rounding moved off a position would give a number that is none of the values.
  const at = Math.abs(exact - near) < 1e-9 ? near : exact;
  const low = Math.floor(at);
  const [a, b] = [sorted[low] as number, sorted[Math.min(low + 1, sorted.length - 1)] as number];
  return a === b ? a : a + (at - low) * (b - a);
}

function distinctOf(sorted: Float64Array): number {
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) count++;
  return count;
}

function summarizeWords(column: Column): ColumnSummary {
  const counts = new Map<string, number>();
  for (const cell of column) {
    if (cell !== null) counts.set(cell as string, (counts.get(cell as string) ?? 0) + 1);
  }
  let [top, most, count]: [string | null, number, number] = [null, 0, 0];
  for (const [text, times] of counts) {
    count += times;
    if (times > most || (times === most && text < (top as string))) [top, most] = [text, times];
  }
  return {
    count,
    missing: column.length - count,
    distinct: counts.size,
    top,
    mean: null,
    deviation: null,
    quantiles: null,
  };
}
