import { ArgumentError } from "../errors.js";
import { checkFlag, checkList, checkNumber } from "../options.js";
import type { StopReason, StrategyOptions } from "./limits.js";
import {
  type Box,
  type BoxBounds,
  clip,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
  readPoint,
  readTolerances,
  type Tolerances,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

export interface NelderMeadOptions extends StrategyOptions {
  /** Whether the coefficients depend on the dimension, as Gao and Han propose. Default: true. */
  readonly adaptive?: boolean;
  /**
   * The other vertices of the first simplex are x0 + sigmaᵢ·eᵢ. Default, as in SciPy: 0.05·x0ᵢ, and 0.00025 where that
   * is 0.
   */
  readonly sigma?: PerCoordinate;
  /** The d + 1 vertices of the first simplex, instead of those around x0. */
  readonly initialSimplex?: readonly Point[];
  /** Points outside are set to the bound. Default: none. */
  readonly bounds?: BoxBounds;
  /**
   * It ends once all vertices are within `tolx` of the best one, in each coordinate, and their values within `tolfun`:
   * SciPy's `xatol` and `fatol`. A number is that of the values. Default: 1e-4 each.
   */
  readonly tolerance?: number | Tolerances;
}

const OPTIONS = ["adaptive", "sigma", "initialSimplex", "bounds", "tolerance"] as const;

/** What the points that it asks for are. */
const PHASES = ["simplex", "reflection", "expansion", "outside", "inside", "shrinkage"] as const;
type Phase = (typeof PHASES)[number];

/**
 * The simplex method of Nelder and Mead (1965), with the coefficients of Gao and Han (2012).
 *
 * With the vertices x₁, …, x_{d+1} in the order of their values and the centre c of all but the last, it tries
 * c + α·(c − x_{d+1}), and depending on its value c + α·β·(c − x_{d+1}), c ± α·γ·(c − x_{d+1}), or moves all vertices to
 * x₁ + δ·(xᵢ − x₁). α = 1, β = 1 + 2/d, γ = 3/4 − 1/(2d), δ = 1 − 1/d; if not adaptive, or if d is 1, 1, 2, ½, ½.
 *
 * It asks for the points that SciPy's `minimize(method="Nelder-Mead", options={"adaptive": True})` asks for, in the same
 * order. Ends by `tolx`, once both tolerances are met, or by `maxEvaluations`, by default 1,000·d. A value that is NaN
 * or infinite is worse than all others.
 * @example
 * const rosenbrock = ([x, y]) => 100 * (y - x * x) ** 2 + (1 - x) ** 2;
 * const { x, reason } = await minimize(rosenbrock, [-1.2, 1], { method: "nelder-mead", tolerance: 1e-8 });
 * Array.from(x, (xi) => Number(xi.toFixed(3)))   // [1, 1]
 * reason                                        // "tolx"
 * @throws ArgumentError, OptionError
 */
export class NelderMead extends Strategy {
  readonly #box: Box | null;
  readonly #tolerances: Required<Tolerances>;
  readonly #coefficients: Coefficients;
  /** The vertices [d + 1, d], in no order, and their values. */
  readonly #simplex: Float64Array;
  readonly #costs: Float64Array;
  /** The vertices by their value. */
  readonly #order: Int32Array;
  readonly #center: Float64Array;
  /** The reflected point and its value, while a better one is sought. */
  readonly #reflected: Float64Array;
  #reflectedCost = 0;
  #phase: Phase = "simplex";

  constructor(x0: Point, options: NelderMeadOptions = {}) {
    const method = "nelder-mead";
    super({ method, x0, options, known: OPTIONS, maxEvaluations: (d) => 1000 * d });
    const d = this.dimension;
    this.#box = readBounds(method, options.bounds, this.x0);
    this.#tolerances = readTolerances(method, options.tolerance, { tolfun: 1e-4, tolx: 1e-4 });
    this.#coefficients = coefficients(d, checkFlag(method, "adaptive", options.adaptive ?? true));
    this.#simplex =
      options.initialSimplex === undefined
        ? simplexAround(this.x0, options.sigma)
        : readSimplex(options.initialSimplex, d, options.sigma);
    if (this.#box !== null) moveInside(this.#simplex, this.#box);
    this.#costs = new Float64Array(d + 1);
    this.#order = Int32Array.from({ length: d + 1 }, (_, i) => i);
    this.#center = new Float64Array(d);
    this.#reflected = new Float64Array(d);
    this.reserve(d + 1);
  }

  protected generate(): number {
    const d = this.dimension;
    const { alpha, beta, gamma } = this.#coefficients;
    switch (this.#phase) {
      case "simplex":
        this.points.set(this.#simplex);
        return d + 1;
      case "shrinkage":
        this.#shrink();
        return d;
      case "reflection":
        this.#computeCenter();
        return this.#try(alpha);
      case "expansion":
        return this.#try(alpha * beta);
      case "outside":
        return this.#try(gamma * alpha);
      case "inside":
        return this.#try(-gamma);
    }
  }

  protected redraw(): boolean {
    return false;
  }

  protected update(count: number): StopReason | null {
    const cost = this.values[0] as number;
    switch (this.#phase) {
      case "simplex":
        this.#costs.set(this.values.subarray(0, count));
        this.#sort();
        if (this.#costAt(0) === Number.POSITIVE_INFINITY) return "notFinite";
        break;
      case "shrinkage":
        this.#takeShrunk(count);
        break;
      case "reflection":
        this.#reflected.set(this.points.subarray(0, this.dimension));
        this.#reflectedCost = cost;
        this.#phase = this.#afterReflection(cost);
        if (this.#phase !== "reflection") return null;
        this.#replaceWorst(this.#reflected, cost);
        break;
      case "expansion":
        if (cost < this.#reflectedCost) this.#replaceWorst(this.points, cost);
        else this.#replaceWorst(this.#reflected, this.#reflectedCost);
        break;
      default: {
        // Outside it must be as good as the reflected point, inside better than the worst vertex.
        const isBetter =
          this.#phase === "outside" ? cost <= this.#reflectedCost : cost < this.#costAt(this.dimension);
        if (!isBetter) {
          this.#phase = "shrinkage";
          return null;
        }
        this.#replaceWorst(this.points, cost);
      }
    }
    this.#phase = "reflection";
    return this.#isAtRest() ? "tolx" : null;
  }

  #afterReflection(cost: number): Phase {
    const d = this.dimension;
    if (cost < this.#costAt(0)) return "expansion";
    if (cost < this.#costAt(d - 1)) return "reflection";
    return cost < this.#costAt(d) ? "outside" : "inside";
  }

  #costAt(rank: number): number {
    return this.#costs[this.#order[rank] as number] as number;
  }

  /** Where the vertex of that rank begins. */
  #at(rank: number): number {
    return (this.#order[rank] as number) * this.dimension;
  }

  /** Vertices of the same value keep their order. */
  #sort(): void {
    const costs = this.#costs;
    this.#order.sort((i, j) => (costs[i] as number) - (costs[j] as number) || i - j);
  }

  /** The mean of all vertices but the worst, summed from the best on. */
  #computeCenter(): void {
    const d = this.dimension;
    const center = this.#center.fill(0);
    const simplex = this.#simplex;
    for (let rank = 0; rank < d; rank++) {
      const at = this.#at(rank);
      for (let i = 0; i < d; i++) center[i] = (center[i] as number) + (simplex[at + i] as number);
    }
    for (let i = 0; i < d; i++) center[i] = (center[i] as number) / d;
  }

  /** The point (1 + t)·c − t·x_{d+1}. */
  #try(t: number): number {
    const d = this.dimension;
    const { points } = this;
    const worst = this.#at(d);
    for (let i = 0; i < d; i++) {
      points[i] = (1 + t) * (this.#center[i] as number) - t * (this.#simplex[worst + i] as number);
    }
    if (this.#box !== null) clip(points, 0, this.#box);
    return 1;
  }

  /** Puts a point in the place of the worst vertex, after those of the same value. */
  #replaceWorst(point: Float64Array, cost: number): void {
    const d = this.dimension;
    const order = this.#order;
    const vertex = order[d] as number;
    this.#simplex.set(point.subarray(0, d), vertex * d);
    this.#costs[vertex] = cost;
    let rank = d;
    for (; rank > 0 && cost < this.#costAt(rank - 1); rank--) order[rank] = order[rank - 1] as number;
    order[rank] = vertex;
  }

  #shrink(): void {
    const d = this.dimension;
    const { delta } = this.#coefficients;
    const best = this.#at(0);
    const simplex = this.#simplex;
    for (let rank = 1; rank <= d; rank++) {
      const from = this.#at(rank);
      const to = (rank - 1) * d;
      for (let i = 0; i < d; i++) {
        const base = simplex[best + i] as number;
        this.points[to + i] = base + delta * ((simplex[from + i] as number) - base);
      }
      if (this.#box !== null) clip(this.points, to, this.#box);
    }
  }

  /** The vertices of ranks 1 to d are the points, in that order. */
  #takeShrunk(count: number): void {
    const d = this.dimension;
    for (let row = 0; row < count; row++) {
      const vertex = this.#order[row + 1] as number;
      this.#simplex.set(this.points.subarray(row * d, (row + 1) * d), vertex * d);
      this.#costs[vertex] = this.values[row] as number;
    }
    const ranks = new Map([...this.#order].map((vertex, rank) => [vertex, rank]));
    const costs = this.#costs;
    this.#order.sort(
      (i, j) =>
        (costs[i] as number) - (costs[j] as number) || (ranks.get(i) as number) - (ranks.get(j) as number),
    );
  }

  #isAtRest(): boolean {
    const d = this.dimension;
    const { tolx, tolfun } = this.#tolerances;
    if (!(this.#costAt(d) - this.#costAt(0) <= tolfun)) return false;
    const simplex = this.#simplex;
    const best = this.#at(0);
    for (let rank = 1; rank <= d; rank++) {
      const at = this.#at(rank);
      for (let i = 0; i < d; i++) {
        if (Math.abs((simplex[at + i] as number) - (simplex[best + i] as number)) > tolx) return false;
      }
    }
    return true;
  }

  protected save(): StrategyState {
    const isKnown = (cost: number): boolean => cost < Number.POSITIVE_INFINITY;
    return {
      phase: this.#phase,
      simplex: this.#simplex.slice(),
      // JSON has no infinities.
      costs: this.#costs.map((cost) => (isKnown(cost) ? cost : 0)),
      failed: this.#costs.map((cost) => (isKnown(cost) ? 0 : 1)),
      order: Float64Array.from(this.#order),
      center: this.#center.slice(),
      reflected: this.#reflected.slice(),
      reflectedCost: isKnown(this.#reflectedCost) ? this.#reflectedCost : null,
    };
  }

  protected prepare(state: StateReader): () => void {
    const d = this.dimension;
    const phase = state.choice("phase", PHASES);
    const simplex = state.numbers("simplex", (d + 1) * d);
    const costs = state.numbers("costs", d + 1);
    const failed = state.numbers("failed", d + 1);
    const order = state.permutation("order", d + 1);
    const center = state.numbers("center", d);
    const reflected = state.numbers("reflected", d);
    const reflectedCost = state.isNull("reflectedCost")
      ? Number.POSITIVE_INFINITY
      : state.number("reflectedCost");
    return () => {
      this.#phase = phase;
      this.#simplex.set(simplex);
      this.#costs.set(costs.map((cost, i) => (failed[i] === 0 ? cost : Number.POSITIVE_INFINITY)));
      this.#order.set(order);
      this.#center.set(center);
      this.#reflected.set(reflected);
      this.#reflectedCost = reflectedCost;
    };
  }
}

/** Of reflection, expansion, contraction and shrinkage. */
interface Coefficients {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly delta: number;
}

function coefficients(d: number, isAdaptive: boolean): Coefficients {
  // With d = 1 the formulas would shrink the simplex to a point; with d = 2 they give the original coefficients.
  const n = isAdaptive ? Math.max(2, d) : 2;
  return { alpha: 1, beta: 1 + 2 / n, gamma: 0.75 - 1 / (2 * n), delta: 1 - 1 / n };
}

/** x0, and x0 moved along each axis. */
function simplexAround(x0: Float64Array, sigma: unknown): Float64Array {
  const d = x0.length;
  const steps =
    sigma === undefined
      ? null
      : readPerCoordinate("nelder-mead", "sigma", sigma, d, (element) =>
          checkNumber("nelder-mead", "sigma", element, { above: 0 }),
        );
  const simplex = new Float64Array((d + 1) * d);
  for (let vertex = 0; vertex <= d; vertex++) {
    simplex.set(x0, vertex * d);
    if (vertex === 0) continue;
    const i = vertex - 1;
    const x = x0[i] as number;
    const byDefault = x === 0 ? 0.00025 : 1.05 * x;
    simplex[vertex * d + i] = steps === null ? byDefault : x + (steps[i] as number);
  }
  return simplex;
}

function readSimplex(points: unknown, d: number, sigma: unknown): Float64Array {
  const where = "nelder-mead";
  const list = checkList(where, "initialSimplex to be a list of points", points);
  if (sigma !== undefined) {
    throw new ArgumentError(`${where}: expected either sigma or initialSimplex, got both`);
  }
  const vertices = list.map((point, i) => readPoint(where, `initialSimplex[${i}]`, point));
  if (vertices.length !== d + 1 || vertices.some(({ length }) => length !== d)) {
    const sizes = [...new Set(vertices.map(({ length }) => length))].join(" and ");
    throw new ArgumentError(
      `${where}: expected initialSimplex to have ${d + 1} points of ${d} coordinates, got ${vertices.length} of ${sizes}`,
    );
  }
  return Float64Array.from(vertices.flatMap((vertex) => [...vertex]));
}

/** Reflects what is above an upper bound into the box, so that no two vertices coincide there, and then clips. */
function moveInside(simplex: Float64Array, box: Box): void {
  const d = box.lower.length;
  for (let at = 0; at < simplex.length; at++) {
    const upper = box.upper[at % d] as number;
    const x = simplex[at] as number;
    if (x > upper) simplex[at] = 2 * upper - x;
  }
  for (let at = 0; at < simplex.length; at += d) clip(simplex, at, box);
}

declare module "./registry.js" {
  interface Methods {
    "nelder-mead": NelderMeadOptions;
  }
}

registerMethod("nelder-mead", {
  make: (x0, options) => new NelderMead(x0, options),
  options: OPTIONS,
  cases: () => [
    { tolerance: 1e-9 },
    { adaptive: false, sigma: [1, 0.5, 1, 2], bounds: { lower: 0, upper: [5, 5, 5, 4] } },
    {
      initialSimplex: [
        [1, 2, 3, 4],
        [2, 2, 3, 4],
        [1, 3, 3, 4],
        [1, 2, 4, 4],
        [1, 2, 3, 5],
      ],
      tolerance: { tolx: 1e-3, tolfun: 1e-3 },
    },
  ],
  reaches: { evaluations: 1000, sphere: 1e-6, ellipsoid: 1e-6 },
});
