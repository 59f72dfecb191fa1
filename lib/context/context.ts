import type { Storage } from "../tensor/storage.js";
import type { Frame } from "./recomputation.js";
import type { Maker, Trace } from "./trace.js";

/** How a `vmap` treats random draws, as PyTorch's does. */
export type Randomness = "error" | "different" | "same";

/** A `vmap` that code runs under. */
export interface Mapping {
  readonly size: number;
  readonly randomness: Randomness;
}

/** What code runs within. */
export interface Context {
  /** Records instructions while a function is traced; null while they run at once. */
  readonly trace: Trace | null;
  /** Whether ops remember their inputs for `backward()`. */
  readonly gradients: boolean;
  /** The `vmap`s around, the outermost first. */
  readonly mappings: readonly Mapping[];
  /** The recomputation or first computation around, the innermost; null outside of `checkpoint`. */
  readonly recomputation: Frame | null;
  /** How many `detectAnomaly` have not ended. */
  readonly watchers: number;
  /** The op whose gradient is computed, under `detectAnomaly`. */
  readonly gradientOf: Maker | null;
  /** Is told of the memory of each result, where only the library holds the results; null elsewhere. */
  readonly scratch: ((storage: Storage) => void) | null;
}

const current: { -readonly [K in keyof Context]: Context[K] } = {
  trace: null,
  gradients: true,
  mappings: [],
  recomputation: null,
  watchers: 0,
  gradientOf: null,
  scratch: null,
};

/** What the running code is within. Changed by the functions below only. */
export const context: Context = current;

/** Runs `run` within another value of one part of the context. `run` must be synchronous. */
export function within<K extends keyof Context, T>(part: K, value: Context[K], run: () => T): T {
  const before = current[part];
  current[part] = value;
  try {
    return run();
  } finally {
    current[part] = before;
  }
}

/** `within("gradients", …)`, which an eager step enters often: written out, since a name in a variable costs more. */
export function withinGradients<T>(value: boolean, run: () => T): T {
  const before = current.gradients;
  current.gradients = value;
  try {
    return run();
  } finally {
    current.gradients = before;
  }
}

/** `within("scratch", …)`, likewise. */
export function withinScratch<T>(value: Context["scratch"], run: () => T): T {
  const before = current.scratch;
  current.scratch = value;
  try {
    return run();
  } finally {
    current.scratch = before;
  }
}

/** Enters a `detectAnomaly` that may end in a later turn of the event loop. @returns what leaves it. */
export function enterWatch(): () => void {
  current.watchers++;
  return () => {
    current.watchers--;
  };
}
