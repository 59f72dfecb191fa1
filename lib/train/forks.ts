import type { Executable, SourceFor } from "../compiler/executable.js";
import { copy, fork, type RandomSource } from "../context/trace.js";
import { defaultGenerator } from "../random/generator.js";

/**
 * The random numbers of one training, evaluation or prediction. They depend on the state of its generators when it
 * began; later draws from the generators do not change them. For a user's generator that the model first uses later,
 * its state at that time counts.
 */
export class Forks {
  readonly #forks = new Map<RandomSource, RandomSource>();
  /** A copy of the default generator at the beginning, for a first draw later: a Dropout that is switched on. */
  readonly #origin = defaultGenerator[copy]();

  /** The run's own source in place of a generator. */
  readonly sourceFor: SourceFor = (source) => {
    const own = this.#forks.get(source) ?? (source === defaultGenerator ? this.#origin : source)[fork]();
    this.#forks.set(source, own);
    return own;
  };

  /** Forks all sources of a program. A fork advances its source, so a run that begins later draws other numbers. */
  begin({ draws }: Executable): void {
    for (const { source } of draws) if (!this.#forks.has(source)) this.#forks.set(source, source[fork]());
  }
}
