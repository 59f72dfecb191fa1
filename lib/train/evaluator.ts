import type { Executable } from "../compiler/executable.js";
import type { Forks } from "./forks.js";
import type { Figures } from "./metrics.js";

/** Evaluates a model on one set: of one in memory, with its values at the time when this is made. */
export interface Evaluator {
  /** The programs that it runs. */
  readonly executables: readonly Executable[];
  /** What they draw from. */
  readonly forks: Forks;
  evaluate(): Promise<Figures>;
  close(): Promise<void>;
}
