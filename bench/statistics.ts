/**
 * The value below which a fraction q of the samples lies, interpolated linearly (numpy's default).
 * @param q in [0, 1]
 */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new RangeError("quantile: expected at least one sample");
  const sorted = [...samples].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

export interface Summary {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

export function summarize(samples: readonly number[]): Summary {
  return { median: quantile(samples, 0.5), p10: quantile(samples, 0.1), p90: quantile(samples, 0.9) };
}
