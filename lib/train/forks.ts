import type { Executable, SourceFor } from "../compiler/executable.js";
import { copy, fork, type RandomSource } from "../context/trace.js";
import { defaultGenerator, type Generator, type GeneratorState } from "../random/generator.js";

/** Where the forks of a run stand. Sources are told apart by their order, but for the default generator. */
export interface ForksState {
  readonly origin: GeneratorState;
  readonly forks: readonly { readonly isDefault: boolean; readonly state: GeneratorState }[];
}

/**
 * The random numbers of one training, evaluation or prediction. They depend on the state of its generators when it
 * began; later draws from the generators do not change them. For a user's generator that the model first uses later,
 * its state at that time counts.
 */
export class Forks {
  readonly #way: typeof fork | typeof copy;
  /** By their sources, in the order of the first draw. */
  readonly #forks = new Map<RandomSource, Generator>();
  /** A copy of the default generator at the beginning, for a first draw later: a Dropout that is switched on. */
  readonly #origin = defaultGenerator[copy]();
  /** States that were put for sources that have not been drawn from since. */
  #waiting: ForksState["forks"] = [];

  constructor(way: typeof fork | typeof copy = fork) {
    this.#way = way;
  }

  /** Those of a run for a look, which leaves the generators as they are. */
  static ofCopies(): Forks {
    return new Forks(copy);
  }

  /** The run's own source in place of a generator. */
  readonly sourceFor: SourceFor = (source) => {
    const own = this.#forks.get(source);
    if (own !== undefined) return own;
    const made = (source === defaultGenerator ? this.#origin : (source as Generator))[this.#way]();
    this.#add(source, made);
    return made;
  };

  /** Forks all sources of a program. A fork advances its source, so a run that begins later draws other numbers. */
  begin({ draws }: Executable): void {
    for (const { source } of draws) {
      if (!this.#forks.has(source)) this.#add(source, (source as Generator)[this.#way]());
    }
  }

  /**
   * Sources that draw again what one step of a run drew.
   * @param steps of the run, which is the last that took from these forks.
   * @param at The step, from 0.
   */
  again({ draws }: Executable, steps: number, at: number): SourceFor {
    const sources = draws.map(({ source, blocks }) => {
      const own = (this.sourceFor(source) as Generator)[copy]();
      const [low, high, drawn] = own.getState();
      own.setState([low, high, drawn - blocks * (steps - at)]);
      return [source, own] as const;
    });
    const bySource = new Map<RandomSource, Generator>(sources);
    return (source) => bySource.get(source) ?? source[copy]();
  }

  #add(source: RandomSource, own: Generator): void {
    this.#forks.set(source, own);
    this.#takeState(source, own);
  }

  /** What `put` takes. */
  state(): ForksState {
    const forks = Array.from(this.#forks, ([source, own]) => ({
      isDefault: source === defaultGenerator,
      state: own.getState(),
    }));
    return { origin: this.#origin.getState(), forks: [...forks, ...this.#waiting] };
  }

  /** Goes on where the forks of another run of the same program stood. */
  put({ origin, forks }: ForksState): void {
    this.#origin.setState(origin);
    this.#waiting = forks;
    for (const [source, own] of this.#forks) this.#takeState(source, own);
  }

  /** The first state that waits for such a source. */
  #takeState(source: RandomSource, own: Generator): void {
    const found = this.#waiting.find(({ isDefault }) => isDefault === (source === defaultGenerator));
    if (found === undefined) return;
    own.setState(found.state);
    this.#waiting = this.#waiting.filter((one) => one !== found);
  }
}
