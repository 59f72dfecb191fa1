// The messages between the benchmark and an implementation: one JSON object per line, on the implementation's standard
// input and output. It waits for the next line without using the processor.
import type { Mode } from "./workloads.js";

/** The first line of an implementation. */
export interface Hello {
  readonly name: string;
  readonly version: string;
  /** What can be prepared, verified and timed. */
  readonly modes: readonly Mode[];
  /** Methods without gradients that can search. */
  readonly searches?: readonly string[];
  /** Those whose time outside f can be taken. */
  readonly outside?: readonly string[];
}

/** Read the file and prepare. This is not timed. */
export interface Prepare {
  readonly do: "prepare";
  readonly mode: Mode;
  readonly workload: string;
  readonly optimizer: string | null;
  readonly threads: number;
  readonly file: string;
  /** Steps of a run. */
  readonly chunk: number;
}

/**
 * Compute the values to compare with float64. Training: one step on each of `batches`; the losses before the steps.
 * An optimizer alone: one step for each of `batches`; the parameters after the last step, concatenated, every
 * ⌊size / 256⌋-th value. Otherwise: the output for the first mini-batch, every ⌊size / 256⌋-th value. All values if
 * there are fewer than 512.
 */
export interface Verify {
  readonly do: "verify";
  /** Mini-batches by number. */
  readonly batches: readonly number[];
}

/** Time steps until `minMillis` have passed; at least one sample. */
export interface Time {
  readonly do: "time";
  readonly minMillis: number;
}

/** Minimise instances of one of BBOB's functions, each until the last target, the budget or the method's own end. */
export interface Search {
  readonly do: "search";
  readonly method: string;
  readonly function: number;
  readonly d: number;
  readonly instances: readonly number[];
  /** From 0. Each has its own random numbers, on the same instances from the same starts. */
  readonly seed: number;
  /** Evaluations of each search. */
  readonly budget: number;
  /** Values above fopt, falling. */
  readonly targets: readonly number[];
}

/** Take the time that a method spends outside f, on BBOB's f9, for at least `minMillis`. */
export interface Outside {
  readonly do: "outside";
  readonly method: string;
  readonly d: number;
  /** Generations of a sample, which begins anew. */
  readonly generations: number;
  readonly minMillis: number;
}

/** Learn from the beginning, to the end of the run that is prepared. */
export interface Learn {
  readonly do: "learn";
  readonly seed: number;
}

export interface Quit {
  readonly do: "quit";
}

export type Request = Prepare | Verify | Time | Search | Outside | Learn | Quit;

export interface Values {
  readonly values: readonly number[];
}

/** A search of one instance. */
export interface Searched {
  readonly instance: number;
  /** Spent, in all. */
  readonly evaluations: number;
  /** Evaluations to each target; null if it was not hit. */
  readonly hits: readonly (number | null)[];
}

/** A whole run. */
export interface Learned {
  /** Of all environments. */
  readonly steps: number;
  /** Those that have ended. */
  readonly episodes: number;
  /** Of the last 100 of them, by chance as they were learnt from; null if none has ended. */
  readonly meanReturn: number | null;
  /** From making the agent to the end, its compilation included. */
  readonly seconds: number;
  /** Thereof to the end of the first `chunk` updates. */
  readonly firstSeconds: number;
}

export interface Timing {
  /** Microseconds per step, each averaged over the steps of one sample. */
  readonly samples: readonly number[];
  /** The loss of the last step, which must be finite; null if there is no loss. */
  readonly loss: number | null;
  /** The peak of resident memory during the steps, minus that before the preparation; null if not known. */
  readonly peakBytes: number | null;
}

export type Answer =
  | { readonly ok: true; readonly note?: string }
  | { readonly ok: false; readonly error: string };
