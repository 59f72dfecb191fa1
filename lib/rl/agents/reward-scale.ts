import { types } from "node:util";
import { ArgumentError } from "../../errors.js";
import { isRecord } from "../../keeping/run-state.js";
import { checkNumber } from "../../options.js";

/** Scaled rewards lie within this. */
const CLIP = 10;
const EPSILON = 1e-8;

/** What a `RewardScale` keeps. */
export interface RewardScaleState {
  readonly returns: Float64Array;
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

/**
 * Divides rewards by the standard deviation of the discounted returns so far, R ← γR + r
 * (stable_baselines3.common.vec_env.VecNormalize), so that critics of any game learn numbers of about 1.
 */
export class RewardScale {
  #returns: Float64Array;
  #mean = 0;
  #variance = 1;
  #count = 0;

  constructor(
    n: number,
    readonly gamma: number,
    /** Names it in messages of errors. */
    readonly where = "RewardScale",
  ) {
    this.#returns = new Float64Array(n);
  }

  /** To be called where all environments are reset. */
  reset(): void {
    this.#returns.fill(0);
  }

  /**
   * Takes in steps, [steps, n], and gives their rewards scaled.
   * @param isPart Where it is 0, a step is not taken in. Default: all are.
   */
  scale(
    reward: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    isPart: ArrayLike<number> | null = null,
  ): Float32Array {
    const returns = this.#returns;
    const n = returns.length;
    const scaled = new Float32Array(reward.length);
    for (let from = 0; from < reward.length; from += n) {
      const takesIn = (i: number): boolean => isPart === null || isPart[from + i] !== 0;
      for (let i = 0; i < n; i++) {
        if (takesIn(i)) returns[i] = (returns[i] as number) * this.gamma + (reward[from + i] as number);
      }
      this.#note(isPart === null ? returns : returns.filter((_, i) => takesIn(i)));
      const factor = 1 / Math.sqrt(this.#variance + EPSILON);
      for (let k = from; k < from + n; k++) {
        scaled[k] = Math.min(Math.max((reward[k] as number) * factor, -CLIP), CLIP);
        if (terminated[k] !== 0 || truncated[k] !== 0) returns[k - from] = 0;
      }
    }
    return scaled;
  }

  /** Joins means and variances of both parts (Chan et al., 1979). */
  #note(values: Float64Array): void {
    const n = values.length;
    if (n === 0) return;
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const distance = mean - this.#mean;
    const share = n / (this.#count + n);
    this.#variance = this.#variance * (1 - share) + variance * share + distance ** 2 * share * (1 - share);
    this.#mean += distance * share;
    this.#count += n;
  }

  stateDict(): RewardScaleState {
    return { returns: this.#returns.slice(), mean: this.#mean, variance: this.#variance, count: this.#count };
  }

  /** @throws ArgumentError, and changes nothing */
  loadStateDict(state: unknown): void {
    const where = `${this.where}: the scale of rewards`;
    const given = isRecord(state) ? state["returns"] : undefined;
    const { length } = this.#returns;
    if (!isRecord(state) || !types.isFloat64Array(given) || given.length !== length) {
      throw new ArgumentError(`${where}: the state is not that of ${length} environments`);
    }
    const returns = Float64Array.from(given, (value) => checkNumber(where, "a return", value));
    const mean = checkNumber(where, "the mean", state["mean"]);
    const variance = checkNumber(where, "the variance", state["variance"], { min: 0 });
    this.#count = checkNumber(where, "the count", state["count"], { min: 0, integer: true });
    this.#returns = returns;
    this.#mean = mean;
    this.#variance = variance;
  }
}
