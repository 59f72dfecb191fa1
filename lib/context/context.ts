import type { Storage } from "../tensor/storage.js";
import type { Frame } from "./recomputation.js";
import type { Maker, Trace } from "./trace.js";

/** How a `vmap` treats random draws, as PyTorch's does. */
export type Randomness = "error" | "different" | "same";

/** A `vmap` that the running code is inside. */
export interface Mapping {
  readonly size: number;
  readonly randomness: Randomness;
}

/** The modes and recordings in force for the running code. */
export interface Context {
  /** Records instructions while a function is traced; null while instructions run at once. */
  readonly trace: Trace | null;
  /** Whether ops remember their inputs for `backward()`. */
  readonly gradients: boolean;
  /** The enclosing `vmap`s, outermost first. */
  readonly mappings: readonly Mapping[];
  /** The innermost enclosing run of a `checkpoint`, the first one or a recomputation; null outside `checkpoint`. */
  readonly recomputation: Frame | null;
  /** Number of `detectAnomaly` calls that have not ended. */
  readonly watchers: number;
  /** The op whose gradient is being computed. Set under `detectAnomaly` only. */
  readonly gradientOf: Maker | null;
  /** Called with the memory of each result while only the library holds the results; null otherwise. */
  readonly scratch: ((storage: Storage) => void) | null;
  /** Memory that tensors may still take while a model is made as a file describes it; null: no limit. */
  readonly budget: { bytes: number } | null;
}

const current: { -readonly [K in keyof Context]: Context[K] } = {
  trace: null,
  gradients: true,
  mappings: [],
  recomputation: null,
  watchers: 0,
  gradientOf: null,
  scratch: null,
  budget: null,
};

/** The context of the running code. Only the functions below change it. */
export const context: Context = current;

/** Runs `run` with one part of the context set to `value`, then restores it. `run` must be synchronous. */
export function within<K extends keyof Context, T>(part: K, value: Context[K], run: () => T): T {
  const before = current[part];
  current[part] = value;
  try {
    return run();
  } finally {
    current[part] = before;
  }
}

/** `within("gradients", …)`, written out: an eager step enters it often, and a key in a variable is slower. */
export function withinGradients<T>(value: boolean, run: () => T): T {
  const before = current.gradients;
  current.gradients = value;
  try {
    return run();
  } finally {
    current.gradients = before;
  }
}

/** `within("scratch", …)`, written out for the same reason. */
export function withinScratch<T>(value: Context["scratch"], run: () => T): T {
  const before = current.scratch;
  current.scratch = value;
  try {
    return run();
  } finally {
    current.scratch = before;
  }
}

/** Enters a `detectAnomaly`, which may end in a later turn of the event loop. @returns the function that leaves it. */
export function enterWatch(): () => void {
  current.watchers++;
  return () => {
    current.watchers--;
  };
}
