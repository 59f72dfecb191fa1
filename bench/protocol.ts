// What the benchmark says to an implementation and what that answers: one JSON object a line, on the
// implementation's standard input and output. It waits for the next line without using the processor.
import type { Mode } from "./workloads.js";

/** The first line of an implementation. */
export interface Hello {
  readonly name: string;
  readonly version: string;
  readonly modes: readonly Mode[];
}

/** Read the file, get ready; nothing is timed. */
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
 * The values to compare with float64. Training: the loss of one step on each of `batches`, before it. An
 * optimizer alone: the parameters behind as many steps, one behind the other, every ⌊size / 256⌋-th value.
 * Otherwise the output for the first mini-batch, every ⌊size / 256⌋-th of its values (each, where there are fewer than 512).
 */
export interface Verify {
  readonly do: "verify";
  /** Mini-batches by number. */
  readonly batches: readonly number[];
}

/** Time steps until `minMillis` have gone by, at least one sample. */
export interface Time {
  readonly do: "time";
  readonly minMillis: number;
}

export interface Quit {
  readonly do: "quit";
}

export type Request = Prepare | Verify | Time | Quit;

export interface Values {
  readonly values: readonly number[];
}

export interface Timing {
  /** Microseconds a step, each averaged over the steps of one sample. */
  readonly samples: readonly number[];
  /** The loss of the last step, where there is one: it must be a number still. */
  readonly loss: number | null;
  /** The most memory resident while stepping, less what was before preparing; null if not known. */
  readonly peakBytes: number | null;
}

export type Answer =
  | { readonly ok: true; readonly note?: string }
  | { readonly ok: false; readonly error: string };
