// With which population a run begins anew after another has come to rest.

import type { Draws } from "../draws.js";
import type { StateReader, StrategyState } from "../state.js";

/** Which restarts a strategy has. */
export type RestartKind = "ipop" | "bipop";

/** How the next run differs from the first. */
export interface NextRun {
  readonly size: number;
  /** Its σ is that of the first run times this. */
  readonly sigmaFactor: number;
  /** It ends after this many generations; infinite for the default of its population size. */
  readonly maxGenerations: number;
}

/**
 * "ipop": each run has twice the population of the last (Auger & Hansen, 2005).
 * "bipop": in addition, runs with small populations λ = λ₀·(λ_large / 2λ₀)^(u²) and steps σ = σ₀·10^(−2u'), u and
 * u' ~ U[0, 1), until these have spent as many evaluations as those with large ones (Hansen, 2009).
 */
export class Restarts {
  readonly #kind: RestartKind;
  readonly #most: number;
  readonly #firstSize: number;
  /** Runs with a doubled population. */
  #large = 0;
  /** All runs but the first. */
  #count = 0;
  #isSmall = true;
  /** Evaluations of the runs with small and with large populations. The first run counts as small. */
  #spent: [small: number, large: number] = [0, 0];

  constructor(kind: RestartKind, most: number, firstSize: number) {
    this.#kind = kind;
    this.#most = most;
    this.#firstSize = firstSize;
  }

  get count(): number {
    return this.#count;
  }

  /** @param evaluations Those of the run that has ended. @returns null if that was the last. */
  next(evaluations: number, draws: Draws): NextRun | null {
    this.#spent[this.#isSmall ? 0 : 1] += evaluations;
    const [small, large] = this.#spent;
    const isSmall = this.#kind === "bipop" && this.#large > 0 && small < large;
    if (!isSmall && this.#large >= this.#most) return null;
    this.#count++;
    this.#isSmall = isSmall;
    if (!isSmall) {
      this.#large++;
      const size = this.#firstSize * 2 ** this.#large;
      return { size, sigmaFactor: 1, maxGenerations: Number.POSITIVE_INFINITY };
    }
    const sigmaFactor = 0.01 ** draws.uniform();
    const ratio = 2 ** (this.#large - 1);
    const size = Math.floor(this.#firstSize * ratio ** (draws.uniform() ** 2));
    return { size, sigmaFactor, maxGenerations: Math.max(1, Math.floor(large / 2 / size)) };
  }

  save(): StrategyState {
    const [small, large] = this.#spent;
    return { count: this.#count, doubled: this.#large, isSmall: this.#isSmall, small, large };
  }

  prepare(state: StateReader): () => void {
    const whole = { min: 0, integer: true };
    const count = state.number("count", whole);
    const doubled = state.number("doubled", { ...whole, max: this.#most });
    const isSmall = state.flag("isSmall");
    const [small, large] = [state.number("small", whole), state.number("large", whole)];
    return () => {
      this.#count = count;
      this.#large = doubled;
      this.#isSmall = isSmall;
      this.#spent = [small, large];
    };
  }
}
