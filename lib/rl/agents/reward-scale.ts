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
  ) {
    this.#returns = new Float64Array(n);
  }

  /** To be called where all environments are reset. */
  reset(): void {
    this.#returns.fill(0);
  }

  /** Takes in steps, [steps, n], and gives their rewards scaled. */
  scale(
    reward: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
  ): Float32Array {
    const returns = this.#returns;
    const n = returns.length;
    const scaled = new Float32Array(reward.length);
    for (let from = 0; from < reward.length; from += n) {
      for (let i = 0; i < n; i++) {
        returns[i] = (returns[i] as number) * this.gamma + (reward[from + i] as number);
      }
      this.#note(returns);
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

  loadStateDict({ returns, mean, variance, count }: RewardScaleState): void {
    this.#returns = returns.slice();
    this.#mean = mean;
    this.#variance = variance;
    this.#count = count;
  }
}
