// What CMA-ES and its separable form have in common.

import { ArgumentError } from "../../errors.js";
import { checkChoice, checkFlag, checkNumber } from "../../options.js";
import { STOP_REASONS, type StopReason, type StrategyOptions } from "../limits.js";
import {
  type Box,
  type BoxBounds,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
  readTolerances,
  type Tolerances,
} from "../read.js";
import type { StateReader, StrategyState } from "../state.js";
import { Strategy } from "../strategy.js";
import { type Boundary, BoundPenalty, BoundTransform } from "./boundary.js";
import { defaultSize, type Kind } from "./parameters.js";
import { type RestartKind, Restarts } from "./restarts.js";
import { Run, type RunSetup } from "./run.js";

/** The tolerances of CMA-ES. */
export interface CMATolerances extends Tolerances {
  /** Of the best values of the last 10 + ⌊30·d / λ⌋ generations. Default: 1e-12. */
  readonly tolfunhist?: number;
  /** Of the values of a generation, in parts of what the median has improved since the first. Default: 0. */
  readonly tolfunrel?: number;
}

export interface CMAOptions extends StrategyOptions {
  /**
   * The first standard deviation, for all coordinates or for each. The minimum should be within a few of it.
   * Default: 0.3 of the width between two bounds, 1 without them.
   */
  readonly sigma?: PerCoordinate;
  /** Points are within these. Default: none. */
  readonly bounds?: BoxBounds;
  /**
   * How the bounds are kept. "transform": by a smooth map into them that is the identity away from them (pycma's
   * BoundTransform). "penalty": coordinates outside are set to the bound, and how far they were outside is added to the
   * value when the points are ranked (pycma's BoundPenalty). Default: "transform".
   */
  readonly boundary?: "transform" | "penalty";
  /**
   * When it has come to rest. A number is `tolfun`. Defaults, as in pycma: tolfun 1e-11, tolfunhist 1e-12, tolx 1e-11,
   * tolfunrel 0. Its other criteria need no option; see `StopReason`.
   */
  readonly tolerance?: number | CMATolerances;
  /** λ, the points in a generation, at least 3. Default: 4 + ⌊3·ln d⌋. */
  readonly populationSize?: number;
  /** Whether the covariance also learns from the worse half of the points, by negative weights. Default: true. */
  readonly active?: boolean;
  /**
   * What follows if it has come to rest. "ipop": it starts again with a doubled population. "bipop": in turn with
   * doubled and with small populations. A run starts at a random place within the bounds; without bounds at one within
   * sigma of x0 in each coordinate. Default: it ends.
   */
  readonly restarts?: RestartKind;
  /** How often the population is doubled before it ends. Default: 9. */
  readonly maxRestarts?: number;
}

/** The names of these options, besides those of every strategy. */
export const CMA_OPTIONS = [
  "sigma",
  "bounds",
  "boundary",
  "tolerance",
  "populationSize",
  "active",
  "restarts",
  "maxRestarts",
] as const;

/** Most coordinates of a full covariance matrix, and most numbers in a generation. */
const MAX_FULL = 10_000;
const MAX_NUMBERS = 2 ** 28;

/** Base class of `CMAES` and `SeparableCMAES`. */
export abstract class CMAStrategy extends Strategy {
  readonly #kind: Kind;
  readonly #options: CMAOptions;
  readonly #box: Box | null;
  /** σ and the deviations of the coordinates that are multiplied by it. */
  readonly #sigma: number;
  readonly #scale: Float64Array;
  readonly #tolerances: RunSetup["tolerances"];
  readonly #restarts: Restarts | null;
  #run: Run;
  /** Why this run has ended, while its mean is evaluated. */
  #ended: StopReason | null = null;
  /** Evaluations before this run. */
  #before = 0;

  constructor(method: string, kind: Kind, x0: Point, options: CMAOptions) {
    super({ method, x0, options, known: CMA_OPTIONS });
    const d = this.dimension;
    this.#kind = kind;
    this.#options = options;
    if (kind === "full" && d > MAX_FULL) {
      throw new ArgumentError(
        `${method}: expected at most ${MAX_FULL} coordinates, since it keeps a matrix of all pairs, got ${d}; "sep-cma-es" takes more`,
      );
    }
    this.#box = readBounds(method, options.bounds, this.x0);
    const deviations = readSigma(method, options.sigma, this.#box, d);
    this.#sigma = deviations.sigma;
    this.#scale = deviations.scale;
    checkChoice(method, "boundary", options.boundary ?? "transform", ["transform", "penalty"]);
    checkFlag(method, "active", options.active ?? true);
    const defaults = { tolfun: 1e-11, tolfunhist: 1e-12, tolx: 1e-11, tolfunrel: 0 };
    this.#tolerances = readTolerances(method, options.tolerance, defaults);
    const size = this.#checkSize(options.populationSize ?? defaultSize(d));
    const most = checkNumber(method, "maxRestarts", options.maxRestarts ?? 9, {
      min: 0,
      max: 20,
      integer: true,
    });
    this.#restarts =
      options.restarts === undefined
        ? null
        : new Restarts(checkChoice(method, "restarts", options.restarts, ["ipop", "bipop"]), most, size);
    this.#run = this.#makeRun(size, this.x0, this.#sigma, Number.POSITIVE_INFINITY);
  }

  /** λ of this run. */
  get populationSize(): number {
    return this.#run.size;
  }

  /** σ of this run. */
  get sigma(): number {
    return this.#run.sigma;
  }

  /** The mean of the distribution, moved into the bounds. In noise it is a better guess than the best point. */
  get mean(): Float64Array {
    const { boundary } = this.#run.setup;
    return this.#run.mean.map((x, i) => boundary?.repair(x, i) ?? x);
  }

  /** How often it has started again. */
  get restarts(): number {
    return this.#restarts?.count ?? 0;
  }

  protected generate(): number {
    this.reserve(this.#run.size);
    if (this.#ended !== null) {
      this.points.set(this.mean);
      return 1;
    }
    this.#run.sample(this.points, this.draws);
    return this.#run.size;
  }

  protected redraw(row: number): boolean {
    // There is one mean.
    if (this.#ended !== null) return false;
    this.#run.resample(row, this.points, this.draws);
    return true;
  }

  protected update(): StopReason | null {
    if (this.#ended === null) {
      this.#ended = this.#run.update(this.values);
      return null;
    }
    const reason = this.#ended;
    this.#ended = null;
    if (this.#restarts === null) return reason;
    const next = this.#restarts.next(this.evaluations - this.#before, this.draws);
    if (next === null || next.size * this.dimension > MAX_NUMBERS) return "restarts";
    this.#before = this.evaluations;
    const sigma = this.#sigma * next.sigmaFactor;
    this.#run = this.#makeRun(next.size, this.#anotherStart(), sigma, next.maxGenerations);
    return null;
  }

  /** A point drawn uniformly: between the bounds, or within sigma of x0 where there are none. */
  #anotherStart(): Float64Array {
    return this.x0.map((x, i) => {
      const [lower, upper] = [this.#box?.lower[i] ?? -Infinity, this.#box?.upper[i] ?? Infinity];
      const u = this.draws.uniform();
      if (Number.isFinite(lower) && Number.isFinite(upper)) return lower + u * (upper - lower);
      const near = x + (2 * u - 1) * this.#sigma * (this.#scale[i] as number);
      return Math.min(Math.max(near, lower), upper);
    });
  }

  #checkSize(size: unknown): number {
    const max = Math.max(3, Math.floor(MAX_NUMBERS / this.dimension));
    return checkNumber(this.method, "populationSize", size, { min: 3, max, integer: true });
  }

  #makeRun(size: number, x0: Float64Array, sigma: number, maxGenerations: number): Run {
    const box = this.#box;
    const d = this.dimension;
    const boundary: Boundary | null =
      box === null
        ? null
        : this.#options.boundary === "penalty"
          ? new BoundPenalty(box)
          : new BoundTransform(box);
    return new Run({
      kind: this.#kind,
      size,
      active: this.#options.active ?? true,
      x0,
      sigma,
      scale: this.#scale,
      boundary,
      widest: box === null ? null : box.upper.map((upper, i) => (upper - (box.lower[i] as number)) / 3),
      tolerances: this.#tolerances,
      maxGenerations: Math.min(maxGenerations, 100 + Math.floor((150 * (d + 3) ** 2) / Math.sqrt(size))),
    });
  }

  protected save(): StrategyState {
    return {
      before: this.#before,
      ended: this.#ended,
      restarts: this.#restarts?.save() ?? null,
      run: this.#run.save(this.isOpen),
    };
  }

  protected prepare(state: StateReader): () => void {
    const whole = { min: 0, integer: true };
    const before = state.number("before", whole);
    const ended = state.isNull("ended") ? null : state.choice("ended", STOP_REASONS);
    if (this.#restarts === null && !state.isNull("restarts")) {
      throw new ArgumentError(`${this.method}: expected a state without restarts, as its options say`);
    }
    const restoreRestarts = this.#restarts?.prepare(state.inner("restarts"));
    const inner = state.inner("run");
    const size = this.#checkSize(inner.number("size", { min: 3, integer: true }));
    const sigma = inner.number("sigma0", { above: 0 });
    const run = this.#makeRun(size, this.x0, sigma, inner.number("maxGenerations", { ...whole, min: 1 }));
    const restore = run.prepare(inner);
    return () => {
      restoreRestarts?.();
      restore();
      this.#before = before;
      this.#ended = ended;
      this.#run = run;
    };
  }
}

/** σ and the scale of each coordinate, so that σ·scale is what was asked for. */
function readSigma(
  method: string,
  sigma: unknown,
  box: Box | null,
  d: number,
): { sigma: number; scale: Float64Array } {
  const check = (element: unknown): number => checkNumber(method, "sigma", element, { above: 0 });
  if (typeof sigma === "number") return { sigma: check(sigma), scale: new Float64Array(d).fill(1) };
  const byBounds = (i: number): number => {
    const width = ((box?.upper[i] ?? Infinity) as number) - ((box?.lower[i] ?? -Infinity) as number);
    return Number.isFinite(width) ? 0.3 * width : 1;
  };
  const deviations =
    sigma === undefined
      ? Float64Array.from({ length: d }, (_, i) => byBounds(i))
      : readPerCoordinate(method, "sigma", sigma, d, check);
  // The geometric mean, so that σ alone says how wide the distribution is.
  const mean = Math.exp(deviations.reduce((sum, each) => sum + Math.log(each), 0) / d);
  const isEven = deviations.every((each) => each === deviations[0]);
  const common = isEven ? (deviations[0] as number) : mean;
  return { sigma: common, scale: deviations.map((each) => each / common) };
}
