// Whether numbers are distributed as they should be.

/** Kolmogorov and Smirnov's √n·D for values u of the distribution function, which should be uniform. 1.95: 1 in 1000. */
export function distanceFromUniform(u: readonly number[]): number {
  const sorted = [...u].sort((a, b) => a - b);
  const n = sorted.length;
  const gaps = sorted.map((value, i) => Math.max(value - i / n, (i + 1) / n - value));
  return Math.sqrt(n) * gaps.reduce((most, gap) => Math.max(most, gap));
}

/**
 * How far χ² of counts is from its mean, in standard deviations. `probability(k)` is that of the count k. Neighbours are
 * put together until as many as `least` are expected of them.
 */
export function distanceFromCounts(
  counts: readonly number[],
  probability: (k: number) => number,
  least = 20,
): number {
  const seen = new Map<number, number>();
  for (const k of counts) seen.set(k, (seen.get(k) ?? 0) + 1);
  const [low, high] = [Math.min(...seen.keys()), Math.max(...seen.keys())];
  const groups: { expected: number; found: number }[] = [];
  let [expected, found, all] = [0, 0, 0];
  const close = (): void => {
    groups.push({ expected, found });
    all += expected;
    [expected, found] = [0, 0];
  };
  for (let k = low; k <= high; k++) {
    expected += counts.length * probability(k);
    found += seen.get(k) ?? 0;
    if (expected >= least) close();
  }
  // What is below the least count and above the greatest is expected, too.
  expected = counts.length - all;
  groups.push({ expected: Math.max(expected, 0.5), found });
  const chiSquared = groups.reduce((sum, one) => sum + (one.found - one.expected) ** 2 / one.expected, 0);
  const freedom = Math.max(groups.length - 1, 1);
  return (chiSquared - freedom) / Math.sqrt(2 * freedom);
}
