import { ArgumentError } from "../errors.js";
import { checkChoice, checkNumber } from "../options.js";
import type { StopReason, StrategyOptions } from "./limits.js";
import {
  type Box,
  type BoxBounds,
  clip,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
  readTolerances,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

export interface RandomSearchOptions extends StrategyOptions {
  /**
   * Where points are drawn: around the best one with steps that grow and shrink, with steps that do not, or uniformly
   * within bounds, which must be finite then. Default: "uniform" if all bounds are finite and `sigma` is not given, and
   * otherwise "adaptive".
   */
  readonly sampling?: "adaptive" | "fixed" | "uniform";
  /** Standard deviation of the steps, for all coordinates or for each; of the first ones if adaptive. Default: 1. */
  readonly sigma?: PerCoordinate;
  /** Coordinates outside are set to the bound. Default: none. */
  readonly bounds?: BoxBounds;
  /** Points in a generation. Default: 16. */
  readonly populationSize?: number;
  /** It ends once the standard deviations of adaptive steps are less than `tolx`. Default: 1e-12. */
  readonly tolerance?: { readonly tolx?: number };
}

const OPTIONS = ["sampling", "sigma", "bounds", "populationSize", "tolerance"] as const;
const METHOD = "random-search";

/** The share of better points at which adaptive steps keep their size. */
const SUCCESS = 1 / 5;

/**
 * Random search. With b, the best point so far, and z ~ N(0, I):
 *
 * - `uniform`: x ~ U(lower, upper), pure random search (Brooks, 1958).
 * - `fixed`: x = b + σ·z (Rastrigin, 1963; Matyas, 1965).
 * - `adaptive`: x = b + s·σ·z. After each generation, s is multiplied by exp((p − 1/5)/(1 − 1/5)·n/(1 + d/2)), between ½
 *   and 2, where a share p of its n points was better than b: the step size of Schumer and Steiglitz (1968), by the
 *   success rule of Rechenberg (1973).
 *
 * Ends by `tolx`, or by `maxEvaluations`, by default after 10,000·d values.
 * @example
 * const search = new RandomSearch([3, 4], { sigma: 0.5, maxEvaluations: 2000 });
 * while (search.reason === null) {
 *   const points = search.ask();
 *   search.tell(Float64Array.from({ length: points.length / 2 }, (_, i) => points[2 * i] ** 2 + points[2 * i + 1] ** 2));
 * }
 * search.best.value < 1e-8   // true
 * @throws ArgumentError, OptionError
 */
export class RandomSearch extends Strategy {
  readonly #sampling: "adaptive" | "fixed" | "uniform";
  readonly #center: Float64Array;
  #value = Number.POSITIVE_INFINITY;
  readonly #sigma: Float64Array;
  readonly #box: Box | null;
  readonly #size: number;
  readonly #tolx: number;
  /** s. */
  #scale = 1;

  constructor(x0: Point, options: RandomSearchOptions = {}) {
    super({ method: METHOD, x0, options, known: OPTIONS, maxEvaluations: (d) => 10_000 * d });
    this.#center = this.x0.slice();
    this.#sigma = readPerCoordinate(METHOD, "sigma", options.sigma ?? 1, this.dimension, (element) =>
      checkNumber(METHOD, "sigma", element, { above: 0 }),
    );
    this.#box = readBounds(METHOD, options.bounds, this.x0);
    this.#sampling = readSampling(options, this.#box);
    this.#size = checkNumber(METHOD, "populationSize", options.populationSize ?? 16, {
      min: 1,
      max: 1e6,
      integer: true,
    });
    this.#tolx = readTolerances(METHOD, options.tolerance ?? {}, { tolx: 1e-12 }).tolx;
    this.reserve(this.#size);
  }

  protected generate(): number {
    for (let row = 0; row < this.#size; row++) this.redraw(row);
    return this.#size;
  }

  protected redraw(row: number): boolean {
    const d = this.dimension;
    const box = this.#box;
    const { points } = this;
    const [begin, end] = [row * d, (row + 1) * d];
    if (this.#sampling === "uniform" && box !== null) {
      this.draws.fillUniform(points, begin, end);
      for (let i = 0; i < d; i++) {
        const lower = box.lower[i] as number;
        points[begin + i] = lower + (points[begin + i] as number) * ((box.upper[i] as number) - lower);
      }
      return true;
    }
    this.draws.fillNormal(points, begin, end);
    for (let i = 0; i < d; i++) {
      const step = this.#scale * (this.#sigma[i] as number) * (points[begin + i] as number);
      points[begin + i] = (this.#center[i] as number) + step;
    }
    if (box !== null) clip(points, begin, box);
    return true;
  }

  protected update(count: number): StopReason | null {
    const d = this.dimension;
    const before = this.#value;
    let better = 0;
    for (let row = 0; row < count; row++) {
      const value = this.values[row] as number;
      if (value < before) better++;
      if (value >= this.#value) continue;
      this.#value = value;
      this.#center.set(this.points.subarray(row * d, (row + 1) * d));
    }
    // The first generation has no best point to compare with.
    if (this.#sampling !== "adaptive" || before === Number.POSITIVE_INFINITY) return null;
    const excess = (better - count * SUCCESS) / (1 - SUCCESS);
    this.#scale *= Math.min(2, Math.max(0.5, Math.exp(excess / (1 + d / 2))));
    const longest = this.#scale * this.#sigma.reduce((most, sigma) => Math.max(most, sigma), 0);
    return longest < this.#tolx ? "tolx" : null;
  }

  protected save(): StrategyState {
    return {
      center: this.#center.slice(),
      value: this.#value === Number.POSITIVE_INFINITY ? null : this.#value,
      scale: this.#scale,
    };
  }

  protected prepare(state: StateReader): () => void {
    const center = state.numbers("center", this.dimension);
    const value = state.isNull("value") ? Number.POSITIVE_INFINITY : state.number("value");
    const scale = state.number("scale", { min: 0 });
    return () => {
      this.#center.set(center);
      this.#value = value;
      this.#scale = scale;
    };
  }
}

function readSampling({ sampling, sigma }: RandomSearchOptions, box: Box | null) {
  const isFinite = box !== null && [...box.lower, ...box.upper].every(Number.isFinite);
  const byDefault = isFinite && sigma === undefined ? "uniform" : "adaptive";
  const chosen = checkChoice(METHOD, "sampling", sampling ?? byDefault, ["adaptive", "fixed", "uniform"]);
  if (chosen === "uniform" && !isFinite) {
    throw new ArgumentError(`${METHOD}: expected finite bounds for uniform sampling`);
  }
  return chosen;
}

declare module "./registry.js" {
  interface Methods {
    "random-search": RandomSearchOptions;
  }
}

registerMethod(METHOD, {
  make: (x0, options) => new RandomSearch(x0, options),
  options: OPTIONS,
  cases: () => [
    { sigma: 0.3, seed: 1 },
    { sigma: [0.1, 0.2, 0.3, 0.4], populationSize: 3, bounds: { lower: 0, upper: [5, 5, 5, 5] } },
    { sampling: "uniform", bounds: { lower: -1, upper: 5 } },
    { sampling: "fixed", sigma: 0.2, populationSize: 1, tolerance: { tolx: 1e-6 } },
  ],
  reaches: { evaluations: 4000, sphere: 1e-6, ellipsoid: 1e-2 },
});
