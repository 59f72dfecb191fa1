import { checkChoice, checkNumber } from "../options.js";
import type { StopReason, StrategyOptions } from "./limits.js";
import {
  type Box,
  type BoxBounds,
  clip,
  type Point,
  readBounds,
  readTolerances,
  type Tolerances,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

export interface FiniteDifferenceDescentOptions extends StrategyOptions {
  /** Two values for a derivative, or one and that of x. Default: "central". */
  readonly differences?: "central" | "forward";
  /** h, relative to max(1, |xᵢ|). Default: ε^(1/3) for central and ε^(1/2) for forward differences; ε = 2⁻⁵². */
  readonly step?: number;
  /** How far the first trial moves the coordinate with the greatest derivative. Default: 1. */
  readonly initialStep?: number;
  /** It stays within, also with differences. Default: none. */
  readonly bounds?: BoxBounds;
  /**
   * It ends once no coordinate moves by more than `tolx`, or the last ten values differ by `tolfun` at most. A number is
   * that of the values. Default: 1e-9 and 1e-12.
   */
  readonly tolerance?: number | Tolerances;
}

const OPTIONS = ["differences", "step", "initialStep", "bounds", "tolerance"] as const;
const METHOD = "finite-difference-descent";

/** How many values the line search looks back on. */
const MEMORY = 10;
/** The share of the decrease that the slope promises. */
const DECREASE = 1e-4;

const PHASES = ["start", "gradient", "line"] as const;
type Phase = (typeof PHASES)[number];

/**
 * Descent by finite differences: the derivatives of f are estimated by
 *
 * - central differences, gᵢ = (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h, with an error of h²,
 * - forward differences, gᵢ = (f(x + h·eᵢ) − f(x)) / h, with an error of h,
 *
 * with h = step·max(1, |xᵢ|), at which rounding adds an error of ε·|f|/h. All values for a gradient are asked for at
 * once. Then x ← x + t·(P(x − η·g) − x), where P projects to the bounds. η = sᵀs/sᵀy, of the last steps s of x and y of
 * g (Barzilai and Borwein, 1988), and t = 1, or less until f falls below the greatest of the last ten values by
 * 10⁻⁴·t·|gᵀ(P(x − η·g) − x)| (the spectral projected gradients of Birgin, Martínez and Raydan, 2000).
 *
 * A value that is NaN or infinite leaves its difference to the other side and x, and makes t smaller. Ends by `tolx`,
 * `tolfunhist`, or `maxEvaluations`, by default 10,000·d.
 * @example
 * const f = ([x, y]) => (x - 1) ** 2 + 10 * (x - y) ** 2;
 * const { x } = await minimize(f, [5, -3], { method: "finite-difference-descent" });
 * Array.from(x, (xi) => Number(xi.toFixed(6)))   // [1, 1]
 * @throws ArgumentError, OptionError
 */
export class FiniteDifferenceDescent extends Strategy {
  readonly #isCentral: boolean;
  readonly #step: number;
  readonly #initialStep: number;
  readonly #box: Box | null;
  readonly #tolerances: Required<Tolerances>;
  #phase: Phase = "start";
  readonly #x: Float64Array;
  #value = 0;
  readonly #gradient: Float64Array;
  /** The last step of x, and the gradient before it. */
  readonly #moved: Float64Array;
  readonly #before: Float64Array;
  /** η; 0 before the first gradient. */
  #rate = 0;
  /** P(x − η·g) − x, and t. */
  readonly #direction: Float64Array;
  #t = 1;
  /** The last values, from the newest on. */
  #recent: number[] = [];

  constructor(x0: Point, options: FiniteDifferenceDescentOptions = {}) {
    super({ method: METHOD, x0, options, known: OPTIONS, maxEvaluations: (d) => 10_000 * d });
    const d = this.dimension;
    const kinds = ["central", "forward"] as const;
    this.#isCentral =
      checkChoice(METHOD, "differences", options.differences ?? "central", kinds) === "central";
    const byDefault = Number.EPSILON ** (this.#isCentral ? 1 / 3 : 1 / 2);
    this.#step = checkNumber(METHOD, "step", options.step ?? byDefault, { above: 0 });
    this.#initialStep = checkNumber(METHOD, "initialStep", options.initialStep ?? 1, { above: 0 });
    this.#box = readBounds(METHOD, options.bounds, this.x0);
    this.#tolerances = readTolerances(METHOD, options.tolerance, { tolfun: 1e-12, tolx: 1e-9 });
    this.#x = this.x0.slice();
    this.#gradient = new Float64Array(d);
    this.#moved = new Float64Array(d);
    this.#before = new Float64Array(d);
    this.#direction = new Float64Array(d);
    this.reserve(this.#isCentral ? 2 * d : d);
  }

  protected generate(): number {
    const { points } = this;
    const d = this.dimension;
    switch (this.#phase) {
      case "start":
        points.set(this.#x);
        return 1;
      case "gradient":
        for (let i = 0; i < d; i++) {
          if (this.#isCentral) {
            this.#displace(2 * i, i, 1);
            this.#displace(2 * i + 1, i, -1);
          } else this.#displace(i, i, 1);
        }
        return this.#isCentral ? 2 * d : d;
      case "line":
        for (let i = 0; i < d; i++) {
          points[i] = (this.#x[i] as number) + this.#t * (this.#direction[i] as number);
        }
        if (this.#box !== null) clip(points, 0, this.#box);
        return 1;
    }
  }

  /** Writes x with coordinate i moved by ±h into a row: to the other side if that is outside and only one is asked. */
  #displace(row: number, i: number, sign: number): void {
    const d = this.dimension;
    const { points } = this;
    points.set(this.#x, row * d);
    const x = this.#x[i] as number;
    const h = this.#step * Math.max(1, Math.abs(x));
    points[row * d + i] = x + sign * h;
    if (this.#box === null) return;
    if (!this.#isCentral && x + h > (this.#box.upper[i] as number)) points[row * d + i] = x - h;
    clip(points, row * d, this.#box);
  }

  protected redraw(): boolean {
    return false;
  }

  protected update(): StopReason | null {
    switch (this.#phase) {
      case "start":
        this.#value = this.values[0] as number;
        if (this.#value === Number.POSITIVE_INFINITY) return "notFinite";
        this.#recent = [this.#value];
        this.#phase = "gradient";
        return null;
      case "gradient":
        this.#takeGradient();
        return this.#aim();
      case "line":
        return this.#takeStep(this.values[0] as number);
    }
  }

  #takeGradient(): void {
    const g = this.#gradient;
    this.#before.set(g);
    for (let i = 0; i < g.length; i++) {
      g[i] = this.#isCentral ? this.#difference(2 * i, 2 * i + 1, i) : this.#difference(i, -1, i);
    }
  }

  /** The slope along axis i between two rows; x takes the place of one without a value, or of row −1. */
  #difference(first: number, second: number, i: number): number {
    const isKnown = (row: number): boolean =>
      row >= 0 && (this.values[row] as number) < Number.POSITIVE_INFINITY;
    const place = (row: number): number =>
      (isKnown(row) ? this.points[row * this.dimension + i] : this.#x[i]) as number;
    const value = (row: number): number => (isKnown(row) ? (this.values[row] as number) : this.#value);
    const width = place(first) - place(second);
    return width === 0 ? 0 : (value(first) - value(second)) / width;
  }

  /** Chooses η and the direction. */
  #aim(): StopReason | null {
    const g = this.#gradient;
    const greatest = g.reduce((most, gi) => Math.max(most, Math.abs(gi)), 0);
    if (greatest === 0) return "tolfun";
    this.#rate = this.#rate === 0 ? this.#initialStep / greatest : this.#nextRate();
    const { points } = this;
    for (let i = 0; i < g.length; i++) points[i] = (this.#x[i] as number) - this.#rate * (g[i] as number);
    if (this.#box !== null) clip(points, 0, this.#box);
    let longest = 0;
    for (let i = 0; i < g.length; i++) {
      this.#direction[i] = (points[i] as number) - (this.#x[i] as number);
      longest = Math.max(longest, Math.abs(this.#direction[i] as number));
    }
    if (longest <= this.#tolerances.tolx) return "tolx";
    this.#t = 1;
    this.#phase = "line";
    return null;
  }

  /** sᵀs/sᵀy; twice the last one where the curvature along s is not positive. */
  #nextRate(): number {
    let ss = 0;
    let sy = 0;
    this.#moved.forEach((s, i) => {
      ss += s * s;
      sy += s * ((this.#gradient[i] as number) - (this.#before[i] as number));
    });
    const rate = sy > 0 ? ss / sy : 2 * this.#rate;
    return Math.min(Math.max(rate, 1e-30), 1e30);
  }

  #takeStep(value: number): StopReason | null {
    const slope = this.#direction.reduce((sum, s, i) => sum + s * (this.#gradient[i] as number), 0);
    const longest = this.#direction.reduce((most, s) => Math.max(most, Math.abs(s)), 0) * this.#t;
    if (!(value <= Math.max(...this.#recent) + DECREASE * this.#t * slope)) {
      if (longest <= this.#tolerances.tolx) return "tolx";
      this.#t *= shorter((value - this.#value) / (this.#t * slope));
      return null;
    }
    for (let i = 0; i < this.dimension; i++) {
      const next = this.points[i] as number;
      this.#moved[i] = next - (this.#x[i] as number);
      this.#x[i] = next;
    }
    this.#value = value;
    this.#recent = [value, ...this.#recent.slice(0, MEMORY - 1)];
    this.#phase = "gradient";
    if (longest <= this.#tolerances.tolx) return "tolx";
    const isFlat = Math.max(...this.#recent) - Math.min(...this.#recent) <= this.#tolerances.tolfun;
    return isFlat && this.#recent.length === MEMORY ? "tolfunhist" : null;
  }

  protected save(): StrategyState {
    return {
      phase: this.#phase,
      x: this.#x.slice(),
      value: this.#value,
      gradient: this.#gradient.slice(),
      moved: this.#moved.slice(),
      before: this.#before.slice(),
      rate: this.#rate,
      direction: this.#direction.slice(),
      t: this.#t,
      recent: Float64Array.from(this.#recent),
    };
  }

  protected prepare(state: StateReader): () => void {
    const d = this.dimension;
    const phase = state.choice("phase", PHASES);
    const vectors = [
      [this.#x, state.numbers("x", d)],
      [this.#gradient, state.numbers("gradient", d)],
      [this.#moved, state.numbers("moved", d)],
      [this.#before, state.numbers("before", d)],
      [this.#direction, state.numbers("direction", d)],
    ] as const;
    const value = state.number("value");
    const rate = state.number("rate");
    const t = state.number("t");
    const recent = [...state.numbers("recent")].slice(0, MEMORY);
    return () => {
      this.#phase = phase;
      for (const [own, given] of vectors) own.set(given);
      this.#value = value;
      this.#rate = rate;
      this.#t = t;
      this.#recent = recent;
    };
  }
}

/**
 * By what to multiply t: the least point of the parabola through the value and slope at x and the value at t, if that is
 * between 0.1 and 0.5, and otherwise ½.
 * @param ratio (f(x + t·s) − f(x)) / (t·gᵀs)
 */
function shorter(ratio: number): number {
  const factor = 0.5 / (1 - ratio);
  return factor >= 0.1 && factor <= 0.5 ? factor : 0.5;
}

declare module "./registry.js" {
  interface Methods {
    "finite-difference-descent": FiniteDifferenceDescentOptions;
  }
}

registerMethod(METHOD, {
  make: (x0, options) => new FiniteDifferenceDescent(x0, options),
  options: OPTIONS,
  cases: () => [
    { initialStep: 0.5 },
    { differences: "forward", step: 1e-7, bounds: { lower: [0.5, 0, 0, 0], upper: 4 } },
    { bounds: { lower: [1, -1, -1, -1], upper: 5 }, tolerance: { tolx: 1e-3 } },
  ],
  reaches: { evaluations: 1000, sphere: 1e-12, ellipsoid: 1e-9 },
});
