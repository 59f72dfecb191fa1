import type { Executable, SourceFor } from "../graph/program.js";
import { fork, type RandomSource } from "../graph/trace.js";

/**
 * The random numbers of one training, evaluation or prediction: from where its generators were when it began,
 * whatever is drawn from them meanwhile.
 */
export class Forks {
  readonly #forks = new Map<RandomSource, RandomSource>();

  /** The run's own source in a generator's place. */
  readonly sourceFor: SourceFor = (source) => {
    const own = this.#forks.get(source) ?? source[fork]();
    this.#forks.set(source, own);
    return own;
  };

  /** Begins with all that a program draws from. */
  begin({ draws }: Executable): void {
    for (const { source } of draws) this.sourceFor(source);
  }
}
