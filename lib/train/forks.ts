import type { Executable, SourceFor } from "../compiler/executable.js";
import { copy, fork, type RandomSource } from "../context/trace.js";
import { defaultGenerator } from "../random/generator.js";

/**
 * The random numbers of one training, evaluation or prediction: from where its generators were when it began,
 * whatever is drawn from them meanwhile. A generator of the user's that the model draws from only later is taken as it
 * is then.
 */
export class Forks {
  readonly #forks = new Map<RandomSource, RandomSource>();
  /** The default generator as it was, for what draws from it only later: a Dropout that is switched on. */
  readonly #origin = defaultGenerator[copy]();

  /** The run's own source in a generator's place. */
  readonly sourceFor: SourceFor = (source) => {
    const own = this.#forks.get(source) ?? (source === defaultGenerator ? this.#origin : source)[fork]();
    this.#forks.set(source, own);
    return own;
  };

  /** Begins with all that a program draws from: another run that begins then goes another way. */
  begin({ draws }: Executable): void {
    for (const { source } of draws) if (!this.#forks.has(source)) this.#forks.set(source, source[fork]());
  }
}
