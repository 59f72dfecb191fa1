import { checkNumber } from "../options.js";
import {
  type Box,
  type BoxBounds,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { type StopReason, Strategy, type StrategyOptions } from "./strategy.js";

export interface RandomSearchOptions extends StrategyOptions {
  /** Standard deviation of the steps, for all coordinates or for each. Default: 1. */
  readonly sigma?: PerCoordinate;
  /** Coordinates outside are set to the bound. Default: none. */
  readonly bounds?: BoxBounds;
  /** Points in a generation. Default: 16. */
  readonly populationSize?: number;
}

const OPTIONS = ["sigma", "bounds", "populationSize"] as const;

/**
 * Random search: each generation draws points x = b + σ·z around the best point b so far, z ~ N(0, I).
 * Ends by `maxEvaluations`, by default after 10,000·d values.
 * @example
 * const search = new RandomSearch([3, 4], { sigma: 0.5, maxEvaluations: 2000 });
 * while (search.reason === null) {
 *   const points = search.ask();
 *   search.tell(Float64Array.from({ length: points.length / 2 }, (_, i) => points[2 * i] ** 2 + points[2 * i + 1] ** 2));
 * }
 * search.best.value < 1e-2   // true
 * @throws ArgumentError, OptionError
 */
export class RandomSearch extends Strategy {
  readonly #center: Float64Array;
  #value = Number.POSITIVE_INFINITY;
  readonly #sigma: Float64Array;
  readonly #box: Box | null;
  readonly #size: number;

  constructor(x0: Point, options: RandomSearchOptions = {}) {
    const method = "random-search";
    super({ method, x0, options, known: OPTIONS, maxEvaluations: (d) => 10_000 * d });
    this.#center = this.x0.slice();
    this.#sigma = readPerCoordinate(method, "sigma", options.sigma ?? 1, this.dimension, (element) =>
      checkNumber(method, "sigma", element, { above: 0 }),
    );
    this.#box = readBounds(method, options.bounds, this.x0);
    this.#size = checkNumber(method, "populationSize", options.populationSize ?? 16, {
      min: 1,
      max: 1e6,
      integer: true,
    });
    this.reserve(this.#size);
  }

  protected generate(): number {
    for (let row = 0; row < this.#size; row++) this.redraw(row);
    return this.#size;
  }

  protected redraw(row: number): boolean {
    const d = this.dimension;
    const { points } = this;
    this.draws.fillNormal(points, row * d, (row + 1) * d);
    for (let i = 0, at = row * d; i < d; i++, at++) {
      const x = (this.#center[i] as number) + (this.#sigma[i] as number) * (points[at] as number);
      points[at] =
        this.#box === null
          ? x
          : Math.min(Math.max(x, this.#box.lower[i] as number), this.#box.upper[i] as number);
    }
    return true;
  }

  protected update(count: number): StopReason | null {
    const d = this.dimension;
    for (let row = 0; row < count; row++) {
      const value = this.values[row] as number;
      if (value >= this.#value) continue;
      this.#value = value;
      this.#center.set(this.points.subarray(row * d, (row + 1) * d));
    }
    return null;
  }

  protected save(): StrategyState {
    return {
      center: this.#center.slice(),
      value: this.#value === Number.POSITIVE_INFINITY ? null : this.#value,
    };
  }

  protected prepare(state: StateReader): () => void {
    const center = state.numbers("center", this.dimension);
    const value = state.isNull("value") ? Number.POSITIVE_INFINITY : state.number("value");
    return () => {
      this.#center.set(center);
      this.#value = value;
    };
  }
}

declare module "./registry.js" {
  interface Methods {
    "random-search": RandomSearchOptions;
  }
}

registerMethod("random-search", {
  make: (x0, options) => new RandomSearch(x0, options),
  options: OPTIONS,
  cases: () => [
    { sigma: 0.3, seed: 1 },
    { sigma: [0.1, 0.2, 0.3, 0.4], populationSize: 3, bounds: { lower: 0, upper: [5, 5, 5, 5] } },
  ],
  reaches: { evaluations: 4000, sphere: 0.1, ellipsoid: 10 },
});
