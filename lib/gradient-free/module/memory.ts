// How many candidates are evaluated at once.

/** Bytes of intermediate results that a population may take, unless the option `chunk` says otherwise. */
export const MEMORY = 2 ** 28;

/**
 * The number of candidates whose intermediate results fit into `MEMORY`, at least 1 and at most `count`.
 * @param bytesOf the bytes of a program for that number of candidates.
 */
export function affordable(count: number, bytesOf: (candidates: number) => number): number {
  if (count <= 2) return count;
  const each = Math.max(1, bytesOf(2) / 2);
  return Math.max(1, Math.min(count, Math.floor(MEMORY / each)));
}
