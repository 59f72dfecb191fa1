/** An episode that has ended, as `onEpisode` gets it. */
export interface EpisodeReport {
  /** From 1, over all calls of `learn`. */
  readonly episode: number;
  /** Steps of all environments until then. */
  readonly steps: number;
  /** The sum of its rewards. */
  readonly return: number;
  /** Its steps. */
  readonly length: number;
  /** Of which environment, from 0. */
  readonly environment: number;
}

/** Follows the episodes of n environments. */
export class Episodes {
  /** How many have ended. */
  count = 0;
  readonly returns: Float64Array;
  readonly lengths: Float64Array;

  constructor(readonly n: number) {
    this.returns = new Float64Array(n);
    this.lengths = new Float64Array(n);
  }

  /** To be called where all environments are reset. */
  reset(): void {
    this.returns.fill(0);
    this.lengths.fill(0);
  }

  /**
   * Takes in steps, [steps, n].
   * @param before Steps of all environments before these.
   * @returns the episodes that ended in them, in their order.
   */
  take(
    reward: ArrayLike<number>,
    terminated: ArrayLike<number>,
    truncated: ArrayLike<number>,
    before: number,
  ): EpisodeReport[] {
    const { n, returns, lengths } = this;
    const ended: EpisodeReport[] = [];
    for (let k = 0; k < reward.length; k++) {
      const i = k % n;
      const sum = (returns[i] as number) + (reward[k] as number);
      const length = (lengths[i] as number) + 1;
      const isEnd = terminated[k] !== 0 || truncated[k] !== 0;
      returns[i] = isEnd ? 0 : sum;
      lengths[i] = isEnd ? 0 : length;
      // All n environments make a step together.
      const steps = before + n * Math.floor(k / n + 1);
      if (isEnd) ended.push({ episode: ++this.count, steps, return: sum, length, environment: i });
    }
    return ended;
  }
}
