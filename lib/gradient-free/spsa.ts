import { checkNumber } from "../options.js";
import type { StopReason, StrategyOptions } from "./limits.js";
import {
  type Box,
  type BoxBounds,
  clip,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

export interface SpsaOptions extends StrategyOptions {
  /** Of the gains a_k. Default: so that the first step moves a coordinate by about `maxStep`. */
  readonly a?: number;
  /** How far the first points are from x, in each coordinate: the size of the noise, or less without. Default: 0.1. */
  readonly c?: PerCoordinate;
  /** A, which keeps the first steps small. Default: a tenth of the steps that `maxEvaluations` allows. */
  readonly stability?: number;
  /** The exponent of a_k. Default: 0.602. */
  readonly alpha?: number;
  /** The exponent of c_k. Default: 0.101. */
  readonly gamma?: number;
  /** No coordinate moves by more than this in a step. Default: 0.5; none if `a` is given. */
  readonly maxStep?: number;
  /** How many estimates of the gradient are averaged for a step. Default: 1. */
  readonly averages?: number;
  /**
   * A step is only taken if the value rises by this at most: with noise, about twice its standard deviation. It takes
   * one more value for each step. Default: every step is taken.
   */
  readonly blocking?: number;
  /** The bounds of all points. Default: none. */
  readonly bounds?: BoxBounds;
}

const OPTIONS = [
  "a",
  "c",
  "stability",
  "alpha",
  "gamma",
  "maxStep",
  "averages",
  "blocking",
  "bounds",
] as const;
const METHOD = "spsa";

/** At least this many estimates of the first gradient, from which `a` follows. */
const FIRST_ESTIMATES = 4;
/** It ends after this many steps in a row without a finite value. */
const MAX_FAILURES = 500;

/**
 * Simultaneous perturbation stochastic approximation (Spall, 1992; its gains as in Spall, 1998):
 *
 * x ← x − a_k·ĝ, ĝᵢ = (f(x + c_k·Δ) − f(x − c_k·Δ)) / (2·c_k·Δᵢ), Δᵢ = ±1,
 * a_k = a/(A + k + 1)^α, c_k = c/(k + 1)^γ, k = 0, 1, …
 *
 * Two values for a step, whatever the dimension, and they may be noisy. With bounds, x keeps a distance of c_k from them,
 * so that both points are within. It has no derivative to see that it has arrived: it ends by `maxEvaluations`, by
 * default 1,000·d, the last of which is the value of x itself. A value that is NaN or infinite discards its estimate.
 * @example
 * const f = (x) => x.reduce((sum, xi, i) => sum + (xi - i) ** 2, 0);
 * const { value } = await minimize(f, [3, 3, 3], { method: "spsa", c: 0.01, seed: 1 });
 * value < 1e-3   // true
 * @throws ArgumentError, OptionError
 */
export class SPSA extends Strategy {
  /** a; 0 until it is known. */
  #a: number;
  readonly #c: Float64Array;
  readonly #stability: number;
  readonly #alpha: number;
  readonly #gamma: number;
  readonly #maxStep: number;
  readonly #averages: number;
  readonly #blocking: number | null;
  readonly #box: Box | null;
  readonly #x: Float64Array;
  readonly #gradient: Float64Array;
  /** With blocking: where x goes unless the value is greater, while that is asked for; and the value at x. */
  readonly #next: Float64Array;
  #isTrying = false;
  #value = Number.POSITIVE_INFINITY;
  /** k. */
  #steps = 0;
  #failures = 0;

  constructor(x0: Point, options: SpsaOptions = {}) {
    super({ method: METHOD, x0, options, known: OPTIONS, maxEvaluations: (d) => 1000 * d });
    const d = this.dimension;
    const positive = (name: "a" | "alpha" | "gamma" | "maxStep", value: number): number =>
      checkNumber(METHOD, name, value, { above: 0 });
    this.#a = options.a === undefined ? 0 : positive("a", options.a);
    this.#c = readPerCoordinate(METHOD, "c", options.c ?? 0.1, d, (c) =>
      checkNumber(METHOD, "c", c, { above: 0 }),
    );
    this.#alpha = positive("alpha", options.alpha ?? 0.602);
    this.#gamma = positive("gamma", options.gamma ?? 0.101);
    const limit = options.maxStep ?? (this.#a > 0 ? Number.POSITIVE_INFINITY : 0.5);
    this.#maxStep = options.maxStep === undefined ? limit : positive("maxStep", limit);
    this.#averages = checkNumber(METHOD, "averages", options.averages ?? 1, {
      min: 1,
      max: 1e6,
      integer: true,
    });
    this.#blocking =
      options.blocking === undefined ? null : checkNumber(METHOD, "blocking", options.blocking, { min: 0 });
    const perStep = 2 * this.#averages + (this.#blocking === null ? 0 : 1);
    const steps = Math.min(this.maxEvaluations / perStep, 1e6);
    this.#stability = checkNumber(METHOD, "stability", options.stability ?? 0.1 * steps, { min: 0 });
    this.#box = readBounds(METHOD, options.bounds, this.x0);
    this.#x = this.x0.slice();
    this.#keepDistance(this.#x);
    this.#gradient = new Float64Array(d);
    this.#next = new Float64Array(d);
    this.reserve(2 * Math.max(this.#averages, FIRST_ESTIMATES) + 1);
  }

  /** Where it is: between the points whose values it asks for. */
  get iterate(): Float64Array {
    return this.#x.slice();
  }

  protected generate(): number {
    const { points } = this;
    if (this.#isTrying) {
      points.set(this.#next);
      return 1;
    }
    const left = this.maxEvaluations - this.evaluations;
    const wanted = this.#a === 0 ? Math.max(this.#averages, FIRST_ESTIMATES) : this.#averages;
    const estimates = Math.min(wanted, Math.floor((left - 1) / 2));
    if (estimates < 1) {
      points.set(this.#x);
      if (left > 1) this.#drawPair(1);
      return left;
    }
    for (let k = 0; k < estimates; k++) this.#drawPair(2 * k);
    if (this.#blocking === null || this.#value < Number.POSITIVE_INFINITY) return 2 * estimates;
    points.set(this.#x, 2 * estimates * this.dimension);
    return 2 * estimates + 1;
  }

  /** c_k of coordinate i: no more than half of what the bounds leave. */
  #width(i: number): number {
    const c = (this.#c[i] as number) / (this.#steps + 1) ** this.#gamma;
    if (this.#box === null) return c;
    return Math.min(c, ((this.#box.upper[i] as number) - (this.#box.lower[i] as number)) / 2);
  }

  /** Moves a point away from the bounds by c_k. */
  #keepDistance(point: Float64Array): void {
    const box = this.#box;
    if (box === null) return;
    point.forEach((x, i) => {
      const c = this.#width(i);
      point[i] = Math.min(Math.max(x, (box.lower[i] as number) + c), (box.upper[i] as number) - c);
    });
  }

  /** Writes x + c_k·Δ and x − c_k·Δ into two rows. */
  #drawPair(row: number): void {
    const d = this.dimension;
    const { points } = this;
    const [plus, minus] = [row * d, (row + 1) * d];
    for (let i = 0; i < d; i++) {
      const shift = this.draws.uniform() < 0.5 ? this.#width(i) : -this.#width(i);
      points[plus + i] = (this.#x[i] as number) + shift;
      points[minus + i] = (this.#x[i] as number) - shift;
    }
    if (this.#box === null) return;
    clip(points, plus, this.#box);
    clip(points, minus, this.#box);
  }

  protected redraw(): boolean {
    return false;
  }

  protected update(count: number): StopReason | null {
    if (this.#isTrying) {
      this.#isTrying = false;
      this.#takeIfGood(this.values[0] as number);
      return null;
    }
    const pairs = Math.floor(count / 2);
    if (count > 2 * pairs) this.#value = this.values[count - 1] as number;
    if (!this.#average(pairs)) {
      this.#failures++;
      return this.#failures > MAX_FAILURES ? "notFinite" : null;
    }
    this.#failures = 0;
    this.#step();
    return null;
  }

  /** The mean of the estimates that have both values. @returns whether there is one. */
  #average(pairs: number): boolean {
    const d = this.dimension;
    const g = this.#gradient.fill(0);
    let known = 0;
    for (let k = 0; k < pairs; k++) {
      const [plus, minus] = [this.values[2 * k] as number, this.values[2 * k + 1] as number];
      if (!(plus < Number.POSITIVE_INFINITY && minus < Number.POSITIVE_INFINITY)) continue;
      known++;
      for (let i = 0; i < d; i++) {
        const width = (this.points[2 * k * d + i] as number) - (this.points[(2 * k + 1) * d + i] as number);
        if (width !== 0) g[i] = (g[i] as number) + (plus - minus) / width;
      }
    }
    for (let i = 0; i < d; i++) g[i] = (g[i] as number) / Math.max(1, known);
    return known > 0;
  }

  /** Goes by −a_k·ĝ, or asks whether to. */
  #step(): void {
    const g = this.#gradient;
    if (this.#a === 0) {
      const size = g.reduce((sum, gi) => sum + Math.abs(gi), 0) / g.length;
      // Where it is flat, another estimate may tell.
      if (size === 0) return;
      this.#a = (this.#maxStep * (this.#stability + 1) ** this.#alpha) / size;
    }
    const gain = this.#a / (this.#stability + this.#steps + 1) ** this.#alpha;
    this.#steps++;
    for (let i = 0; i < g.length; i++) {
      const step = Math.min(Math.max(gain * (g[i] as number), -this.#maxStep), this.#maxStep);
      this.#next[i] = (this.#x[i] as number) - step;
    }
    this.#keepDistance(this.#next);
    if (this.#blocking === null) this.#x.set(this.#next);
    else this.#isTrying = true;
  }

  #takeIfGood(value: number): void {
    if (!(value <= this.#value + (this.#blocking ?? 0)) || value === Number.POSITIVE_INFINITY) return;
    this.#x.set(this.#next);
    this.#value = value;
  }

  protected save(): StrategyState {
    return {
      a: this.#a,
      x: this.#x.slice(),
      next: this.#next.slice(),
      isTrying: this.#isTrying,
      value: this.#value === Number.POSITIVE_INFINITY ? null : this.#value,
      steps: this.#steps,
      failures: this.#failures,
    };
  }

  protected prepare(state: StateReader): () => void {
    const a = state.number("a", { min: 0 });
    const x = state.numbers("x", this.dimension);
    const next = state.numbers("next", this.dimension);
    const isTrying = state.flag("isTrying");
    const value = state.isNull("value") ? Number.POSITIVE_INFINITY : state.number("value");
    const steps = state.number("steps", { min: 0, integer: true });
    const failures = state.number("failures", { min: 0, integer: true });
    return () => {
      this.#a = a;
      this.#x.set(x);
      this.#next.set(next);
      this.#isTrying = isTrying;
      this.#value = value;
      this.#steps = steps;
      this.#failures = failures;
    };
  }
}

declare module "./registry.js" {
  interface Methods {
    spsa: SpsaOptions;
  }
}

registerMethod(METHOD, {
  make: (x0, options) => new SPSA(x0, options),
  options: OPTIONS,
  cases: () => [
    { c: 0.01, seed: 3 },
    { averages: 3, c: [0.1, 0.1, 0.2, 0.2], bounds: { lower: [0, 0, 1, 1], upper: 5 }, maxStep: 1 },
    { a: 0.1, alpha: 0.9, gamma: 0.2, stability: 5, blocking: 0.1 },
  ],
  reaches: { evaluations: 4000, sphere: 1e-2, ellipsoid: 5 },
});
