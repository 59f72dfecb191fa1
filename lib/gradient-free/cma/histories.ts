// What CMA-ES remembers of the values of earlier generations, and the criteria of pycma that depend on them alone.

import type { StopReason } from "../limits.js";
import type { StateReader, StrategyState } from "../state.js";

/** When the values have come to rest. */
export interface ValueTolerances {
  readonly tolfun: number;
  readonly tolfunrel: number;
  readonly tolfunhist: number;
}

/** Generations whose values are equal before it ends. */
const FLAT = 1;
/** The long histories have every fifth generation, and at most this many of them. */
const EVERY = 5;
const LONGEST = 20_000;

/** Numbers, the newest last; the oldest are dropped. */
class Recent {
  readonly #most: number;
  #values: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return Math.min(this.#values.length, this.#most);
  }

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > 2 * this.#most) this.#values = this.#values.slice(-this.#most);
  }

  /** The greatest minus the least. */
  get range(): number {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = this.#values.length - this.length; i < this.#values.length; i++) {
      const value = this.#values[i] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return most - least;
  }

  /** The median of `count` values, of which `skip` are newer. */
  median(skip: number, count: number): number {
    const end = this.#values.length - skip;
    const sorted = Float64Array.from(this.#values.slice(end - count, end)).sort();
    const half = count >> 1;
    const upper = sorted[half] as number;
    return count % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
  }

  save(): Float64Array {
    return Float64Array.from(this.#values.slice(-this.length));
  }

  load(values: Float64Array): void {
    this.#values = [...values];
  }
}

export class Histories {
  readonly #tolerances: ValueTolerances;
  readonly #d: number;
  readonly #size: number;
  /** Generations without improvement before it ends. */
  readonly #patience: number;
  /** The best value of each generation. */
  readonly #best: Recent;
  /** The best and the median of every fifth generation. */
  readonly #longBest = new Recent(LONGEST);
  readonly #longMedian = new Recent(LONGEST);
  #firstMedian = Number.NaN;
  #leastMedian = Number.POSITIVE_INFINITY;
  #least = Number.POSITIVE_INFINITY;
  /** The generation in which the best value was found. */
  #improvedAt = 0;
  #flat = 0;
  #isStagnant = false;

  constructor(d: number, size: number, tolerances: ValueTolerances) {
    this.#d = d;
    this.#size = size;
    this.#tolerances = tolerances;
    this.#patience = Math.floor(100 + (100 * d ** 1.5) / size);
    this.#best = new Recent(Math.floor(10 + (30 * d) / size));
  }

  /**
   * Notes a generation.
   * @param sorted Its values in ascending order.
   * @param generation Counted from 1.
   * @returns why it has ended, or null.
   */
  note(sorted: Float64Array, generation: number): StopReason | null {
    const size = this.#size;
    const best = sorted[0] as number;
    const half = size >> 1;
    const upper = sorted[half] as number;
    const median = size % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
    this.#best.push(best);
    if (generation === 1) this.#firstMedian = median;
    this.#leastMedian = Math.min(this.#leastMedian, median);
    if (best < this.#least) {
      this.#least = best;
      this.#improvedAt = generation;
    }
    if (generation % EVERY === 0) {
      this.#longBest.push(best);
      this.#longMedian.push(median);
      this.#isStagnant = this.#hasStagnated(generation);
    }
    this.#flat = best < (sorted[Math.floor(0.75 * size)] as number) ? 0 : this.#flat + 1;
    return this.#reason((sorted[size - 1] as number) - best, generation);
  }

  #reason(range: number, generation: number): StopReason | null {
    const { tolfun, tolfunrel, tolfunhist } = this.#tolerances;
    if (range < tolfun && this.#best.range < tolfun) return "tolfun";
    if (range < tolfunrel * (this.#firstMedian - this.#leastMedian)) return "tolfunrel";
    if (this.#best.length > 9 && this.#best.range < tolfunhist) return "tolfunhist";
    const isLate = generation > this.#d * (5 + 100 / this.#size);
    const waits = generation - this.#improvedAt > this.#patience / 2;
    if (this.#isStagnant && isLate && waits) return "stagnation";
    return this.#flat > FLAT ? "tolflatfitness" : null;
  }

  /** Whether neither the best nor the median values of the last generations are better than those before. */
  #hasStagnated(generation: number): boolean {
    const { length } = this.#longBest;
    const exact = Math.max(this.#patience / EVERY / 2, length / 10);
    const part = Math.floor(exact);
    if (exact > generation || length <= 100 || 2 * exact >= length) return false;
    return [this.#longMedian, this.#longBest].every(
      (values) => values.median(0, part) >= values.median(part, part),
    );
  }

  save(): StrategyState {
    return {
      best: this.#best.save(),
      longBest: this.#longBest.save(),
      longMedian: this.#longMedian.save(),
      // Before the first generation there is none of them.
      figures:
        this.#improvedAt === 0 ? null : Float64Array.of(this.#firstMedian, this.#leastMedian, this.#least),
      improvedAt: this.#improvedAt,
      flat: this.#flat,
      isStagnant: this.#isStagnant,
    };
  }

  prepare(state: StateReader): () => void {
    const best = state.numbers("best");
    const longBest = state.numbers("longBest");
    const longMedian = state.numbers("longMedian");
    const figures = state.isNull("figures") ? null : state.numbers("figures", 3);
    const improvedAt = state.number("improvedAt", { min: 0, integer: true });
    const flat = state.number("flat", { min: 0, integer: true });
    const isStagnant = state.flag("isStagnant");
    return () => {
      this.#best.load(best);
      this.#longBest.load(longBest);
      this.#longMedian.load(longMedian);
      const [first, leastMedian, least] = figures ?? [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      ];
      this.#firstMedian = first as number;
      this.#leastMedian = leastMedian as number;
      this.#least = least as number;
      this.#improvedAt = improvedAt;
      this.#flat = flat;
      this.#isStagnant = isStagnant;
    };
  }
}
