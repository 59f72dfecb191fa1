// How many candidates are evaluated at once.

/** Bytes that a population may take, unless the option `chunk` says otherwise. */
export const MEMORY = 2 ** 28;

/**
 * The number of candidates, or pairs of them, whose intermediate results fit into these bytes: at least 1 and at most
 * `count`.
 * @param each the bytes of one of them.
 */
export function affordable(count: number, each: number, memory = MEMORY): number {
  return Math.max(1, Math.min(count, Math.floor(memory / Math.max(1, each))));
}
