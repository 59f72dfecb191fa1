// How CMA-ES keeps to bounds. The method works in a space without bounds (the genotype); the function sees points
// within them (the phenotype).

import type { Box } from "../read.js";
import type { StateReader, StrategyState } from "../state.js";

/** What a boundary may need to know of the distribution. */
export interface Distribution {
  readonly dimension: number;
  readonly size: number;
  readonly mueff: number;
  readonly generation: number;
  readonly mean: Float64Array;
  /** The standard deviation of a coordinate. */
  deviation(i: number): number;
}

export interface Boundary {
  /** Where the point x, which is within the bounds, is in the space without bounds. */
  inverse(x: Float64Array): Float64Array;
  /** Coordinate i, moved into the bounds. */
  repair(x: number, i: number): number;
  /**
   * Learns from the values of a generation what it costs to be outside. To be called before `penalty`.
   * @param sorted The values in ascending order.
   */
  learn(sorted: Float64Array, distribution: Distribution): void;
  /** What is added to the value of a point for its ranking: the cost of coordinate i at x. */
  penalty(x: number, i: number): number;
  /** Whether it adds anything. */
  readonly penalizes: boolean;
  save(): StrategyState;
  prepare(state: StateReader): () => void;
}

/**
 * Maps each coordinate into its bounds by a smooth periodic function. It is the identity in most of the interval and
 * quadratic at its ends (pycma's BoundTransform): with a = min((upper − lower) / 2, max(1, |lower|) / 20) at the lower
 * end, [lower − a, lower + a] is mapped to [lower, lower + a].
 */
export class BoundTransform implements Boundary {
  readonly penalizes = false;
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;
  /** The widths a of the quadratic parts at the lower and upper ends. */
  readonly #below: Float64Array;
  readonly #above: Float64Array;

  constructor({ lower, upper }: Box) {
    this.#lower = lower;
    this.#upper = upper;
    const margin = (bound: number, i: number): number =>
      Number.isFinite(bound)
        ? Math.min(((upper[i] as number) - (lower[i] as number)) / 2, Math.max(1, Math.abs(bound)) / 20)
        : 1;
    this.#below = lower.map(margin);
    this.#above = upper.map(margin);
  }

  inverse(x: Float64Array): Float64Array {
    return x.map((value, i) => {
      const [lower, upper] = [this.#lower[i] as number, this.#upper[i] as number];
      const [below, above] = [this.#below[i] as number, this.#above[i] as number];
      if (value < lower + below) return lower - below + 2 * Math.sqrt(below * (value - lower));
      return value > upper - above ? upper + above - 2 * Math.sqrt(above * (upper - value)) : value;
    });
  }

  repair(x: number, i: number): number {
    const lower = this.#lower[i] as number;
    const upper = this.#upper[i] as number;
    const below = this.#below[i] as number;
    const above = this.#above[i] as number;
    if (x >= lower + below && x <= upper - above) return x;
    let y = x;
    const start = lower - 2 * below - (upper - lower) / 2;
    if (y < start || y > upper + 2 * above + (upper - lower) / 2) {
      const period = 2 * (upper - lower + below + above);
      y -= period * Math.floor((y - start) / period);
    }
    if (y > upper + above) y -= 2 * (y - upper - above);
    if (y < lower - below) y += 2 * (lower - below - y);
    if (y < lower + below) y = lower + (y - (lower - below)) ** 2 / 4 / below;
    if (y > upper - above) y = upper - (y - (upper + above)) ** 2 / 4 / above;
    return Math.min(Math.max(y, lower), upper);
  }

  learn(): void {}

  penalty(): number {
    return 0;
  }

  save(): StrategyState {
    return {};
  }

  prepare(): () => void {
    return () => {};
  }
}

/**
 * Sets coordinates to the bound and adds Σ γᵢ·(xᵢ − boundᵢ)² / d to the value for the ranking. The weights γ grow while
 * the mean is far outside (pycma's BoundPenalty; Hansen et al., 2009, "A method for handling uncertainty in
 * evolutionary optimization", with its addendum).
 */
export class BoundPenalty implements Boundary {
  readonly penalizes = true;
  readonly #box: Box;
  /** γ / d; zero until the mean has left the bounds. */
  readonly #gamma: Float64Array;
  #isWeighted = false;
  /** Ranges of the values, each by the variance of its generation; the newest first. */
  #ranges: number[] = [];

  constructor(box: Box) {
    this.#box = box;
    this.#gamma = new Float64Array(box.lower.length);
  }

  inverse(x: Float64Array): Float64Array {
    return x.slice();
  }

  repair(x: number, i: number): number {
    return Math.min(Math.max(x, this.#box.lower[i] as number), this.#box.upper[i] as number);
  }

  learn(sorted: Float64Array, distribution: Distribution): void {
    const { dimension: d, size, mueff, generation, mean } = distribution;
    let variance = 0;
    for (let i = 0; i < d; i++) variance += distribution.deviation(i) ** 2 / d;
    const quarter = (k: number): number => sorted[Math.floor((k * (size + 1)) / 4)] as number;
    const range = (quarter(3) - quarter(1)) / variance;
    if (Number.isFinite(range) && range > 0) this.#ranges.unshift(range);
    if (this.#ranges.length > 20 + (3 * d) / size) this.#ranges.pop();
    if (this.#ranges.length === 0) return;
    const scale = medianOf(this.#ranges);
    const outside = mean.map((m, i) => Math.abs(m - this.repair(m, i)) / distribution.deviation(i));
    if (outside.some((distance) => distance > 0) && (!this.#isWeighted || generation === 2)) {
      this.#gamma.fill((2 * scale) / d);
      this.#isWeighted = true;
    }
    if (!this.#isWeighted) return;
    const damping = Math.min(1, mueff / 10 / d);
    const tolerated = 3 * Math.max(1, Math.sqrt(d) / mueff);
    for (let i = 0; i < d; i++) {
      const excess = (outside[i] as number) - tolerated;
      let gamma = (this.#gamma[i] as number) * d;
      if (excess > 0) gamma *= Math.exp((Math.tanh(excess / 3) / 2) * damping);
      if (gamma > 5 * scale) gamma *= Math.exp(-damping / 3);
      this.#gamma[i] = gamma / d;
    }
  }

  penalty(x: number, i: number): number {
    return (this.#gamma[i] as number) * (x - this.repair(x, i)) ** 2;
  }

  save(): StrategyState {
    return {
      gamma: this.#gamma.slice(),
      isWeighted: this.#isWeighted,
      ranges: Float64Array.from(this.#ranges),
    };
  }

  prepare(state: StateReader): () => void {
    const gamma = state.numbers("gamma", this.#gamma.length);
    const isWeighted = state.flag("isWeighted");
    const ranges = [...state.numbers("ranges")];
    return () => {
      this.#gamma.set(gamma);
      this.#isWeighted = isWeighted;
      this.#ranges = ranges;
    };
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
