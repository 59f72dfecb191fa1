/** How episodes ended; lists are [steps, n], row-major. */
export interface Ends {
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
}

/** Follows n environments until each has ended an episode. To be called with more steps each time. */
export function untilAllHaveEnded(n: number): (ends: Ends, steps: number) => boolean {
  const hasEnded = new Uint8Array(n);
  let open = n;
  let seen = 0;
  return ({ terminated, truncated }, steps) => {
    for (; seen < steps * n; seen++) {
      if ((terminated[seen] === 0 && truncated[seen] === 0) || hasEnded[seen % n] === 1) continue;
      hasEnded[seen % n] = 1;
      open--;
    }
    return open === 0;
  };
}

/**
 * The ends of each environment's first episode. One that has not come to its end in these steps is cut off by the last.
 * @param isPart filled with 1 for the steps of first episodes, and 0
 */
export function firstEpisodes(
  { terminated, truncated }: Ends,
  n: number,
  steps: number,
  isPart: Uint8Array,
): Ends {
  const first = { terminated: new Uint8Array(steps * n), truncated: new Uint8Array(steps * n) };
  isPart.fill(0);
  for (let i = 0; i < n; i++) {
    let k = i;
    const last = (steps - 1) * n + i;
    while (k < last && terminated[k] === 0 && truncated[k] === 0) {
      isPart[k] = 1;
      k += n;
    }
    isPart[k] = 1;
    first.terminated[k] = terminated[k] as number;
    first.truncated[k] = terminated[k] === 0 ? 1 : (truncated[k] as number);
  }
  return first;
}

/**
 * Takes from each environment's returns the mean over the steps of all the others, which its own actions have no
 * influence on. Numbers that are no part become 0. Lists are [steps, n].
 */
export function subtractMeanOfOthers(returns: Float32Array, n: number, isPart: Uint8Array): void {
  const sums = new Float64Array(n);
  const counts = new Float64Array(n);
  isPart.forEach((part, k) => {
    if (part === 0) return;
    const i = k % n;
    sums[i] = (sums[i] as number) + (returns[k] as number);
    counts[i] = (counts[i] as number) + 1;
  });
  const total = sums.reduce((sum, own) => sum + own, 0);
  const count = counts.reduce((sum, own) => sum + own, 0);
  isPart.forEach((part, k) => {
    const i = k % n;
    const others = (total - (sums[i] as number)) / (count - (counts[i] as number));
    returns[k] = part === 0 ? 0 : (returns[k] as number) - others;
  });
}

/** Brings the numbers that are part to mean 0 and deviation 1. A single one stays as it is. Others become 0. */
export function standardizePart(x: Float32Array, isPart: Uint8Array): void {
  let count = 0;
  let sum = 0;
  isPart.forEach((part, k) => {
    if (part === 0) return;
    count++;
    sum += x[k] as number;
  });
  if (count < 2) return;
  const mean = sum / count;
  let squares = 0;
  isPart.forEach((part, k) => {
    if (part === 1) squares += ((x[k] as number) - mean) ** 2;
  });
  const deviation = Math.sqrt(squares / (count - 1)) + 1e-8;
  isPart.forEach((part, k) => {
    x[k] = part === 0 ? 0 : ((x[k] as number) - mean) / deviation;
  });
}
