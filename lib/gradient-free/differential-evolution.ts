import { ArgumentError } from "../errors.js";
import { checkChoice, checkNumber, describeList } from "../options.js";
import type { StopReason, StrategyOptions } from "./limits.js";
import {
  type Box,
  type BoxBounds,
  type PerCoordinate,
  type Point,
  readBounds,
  readPerCoordinate,
  readTolerances,
} from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

export interface DifferentialEvolutionOptions extends StrategyOptions {
  /**
   * How mutants are made, and `bin` or `exp` for the crossover; SciPy's names. Those that begin at the best point are
   * fast, `rand1bin` is surer to find the least of many minima. Default: "best1bin".
   */
  readonly strategy?: DifferentialEvolutionStrategy;
  /**
   * Points of the population, at least 6: the more, the more minima it finds, and the later. Default: 15·d, or fewer if
   * `maxEvaluations` would not give them 200 generations, but 30 at least.
   */
  readonly populationSize?: number;
  /** The factor F of differences, in [0, 2), or the range from which each generation draws its own. Default: [0.5, 1]. */
  readonly mutation?: number | readonly [number, number];
  /** The probability CR that a coordinate comes from the mutant. Default: 0.7. */
  readonly recombination?: number;
  /** How the first population is drawn. Default: "latin-hypercube". */
  readonly init?: "latin-hypercube" | "random";
  /**
   * Whether points that are better take their place after the generation, so that a generation is one batch, or at once,
   * so that each `ask` gives one point and the next trial begins at the best point so far, which takes fewer evaluations.
   * Default: "immediate" in `minimize` if `f` gets its points one by one, and otherwise "deferred".
   */
  readonly updating?: "deferred" | "immediate";
  /** Coordinates outside are drawn anew, uniformly. Default: none. */
  readonly bounds?: BoxBounds;
  /** Where there are no bounds, the first population is drawn from x0 ± sigma. Default: 1. */
  readonly sigma?: PerCoordinate;
  /**
   * It ends once the standard deviation of the population's values is at most `tolfun` + `tolrel`·|their mean|: SciPy's
   * `atol` and `tol`. A number is `tolfun`. Default: 1e-12 and 1e-8.
   */
  readonly tolerance?: number | { readonly tolfun?: number; readonly tolrel?: number };
}

const OPTIONS = [
  "strategy",
  "populationSize",
  "mutation",
  "recombination",
  "init",
  "updating",
  "bounds",
  "sigma",
  "tolerance",
] as const;

/** Coordinate i of a mutant. `x` reads it of the best, of the target, and of others that are drawn, all distinct. */
type Mutation = (x: Sample, f: number) => number;

/** A coordinate of each point that takes part. */
interface Sample {
  best: number;
  target: number;
  readonly others: Float64Array;
}

const at = ({ others }: Sample, i: number): number => others[i] as number;

/** SciPy's mutations, and how many others they take. */
const MUTATIONS = {
  best1: { count: 2, mutant: (x, f) => x.best + f * (at(x, 0) - at(x, 1)) },
  best2: { count: 4, mutant: (x, f) => x.best + f * (at(x, 0) + at(x, 1) - at(x, 2) - at(x, 3)) },
  rand1: { count: 3, mutant: (x, f) => at(x, 0) + f * (at(x, 1) - at(x, 2)) },
  rand2: { count: 5, mutant: (x, f) => at(x, 0) + f * (at(x, 1) + at(x, 2) - at(x, 3) - at(x, 4)) },
  randtobest1: {
    count: 3,
    mutant: (x, f) => at(x, 0) + f * (x.best - at(x, 0)) + f * (at(x, 1) - at(x, 2)),
  },
  currenttobest1: { count: 2, mutant: (x, f) => x.target + f * (x.best - x.target + at(x, 0) - at(x, 1)) },
} as const satisfies Record<string, { count: number; mutant: Mutation }>;

const CROSSOVERS = ["bin", "exp"] as const;

export type DifferentialEvolutionStrategy = `${keyof typeof MUTATIONS}${(typeof CROSSOVERS)[number]}`;

/** The points that any mutation takes, and the target. */
const LEAST_SIZE = 6;

/** SciPy's size, which takes some hundred generations to come to rest. */
const defaultSize = (d: number, maxEvaluations: number): number =>
  Math.max(30, Math.min(15 * d, Math.floor(maxEvaluations / 200)));

const METHOD = "differential-evolution";

/**
 * Differential evolution of Storn and Price (1997): the population's own differences are the steps. For each target x of
 * the population, a mutant is made of the best point b and of others, all distinct, that are drawn:
 *
 * - `best1`: b + F·(x₀ − x₁), `best2`: b + F·(x₀ + x₁ − x₂ − x₃)
 * - `rand1`: x₀ + F·(x₁ − x₂), `rand2`: x₀ + F·(x₁ + x₂ − x₃ − x₄)
 * - `randtobest1`: x₀ + F·(b − x₀) + F·(x₁ − x₂), `currenttobest1`: x + F·(b − x + x₀ − x₁)
 *
 * The trial has the mutant's coordinates where a number from U[0, 1) is below CR, and in one place anyhow (`bin`), or
 * from a place on until the first number that is not (`exp`), and the target's elsewhere. It takes the target's place
 * unless its value is greater.
 *
 * As SciPy's `differential_evolution` without its last step, a descent by gradients; so its tolerance is smaller. x0 is
 * a point of the first population. Ends by `tolfun`, or by `maxEvaluations`, by default 15,000·d. A trial whose value is
 * NaN or infinite is made again.
 * @example
 * const rastrigin = (x) => x.reduce((sum, xi) => sum + 10 + xi * xi - 10 * Math.cos(2 * Math.PI * xi), 0);
 * const bounds = { lower: -5.12, upper: 5.12 };
 * const { value } = await minimize(rastrigin, [3, -4], { method: "differential-evolution", bounds, seed: 2 });
 * value < 1e-8   // true
 * @throws ArgumentError, OptionError
 */
export class DifferentialEvolution extends Strategy {
  readonly #mutation: (typeof MUTATIONS)[keyof typeof MUTATIONS];
  readonly #isExponential: boolean;
  readonly #size: number;
  readonly #dither: readonly [number, number];
  readonly #recombination: number;
  readonly #init: "latin-hypercube" | "random";
  readonly #isImmediate: boolean;
  readonly #box: Box | null;
  /** Where the first population and coordinates that were outside are drawn from. */
  readonly #first: Box;
  readonly #tolerances: { readonly tolfun: number; readonly tolrel: number };
  /** [size, d], and their values. */
  readonly #population: Float64Array;
  readonly #costs: Float64Array;
  readonly #chosen: Int32Array;
  readonly #sample: Sample;
  readonly #chances: Float64Array;
  #hasPopulation = false;
  #best = 0;
  /** F of this generation. */
  #factor = 0;
  /** The target of the first trial that is asked for. */
  #target = 0;

  constructor(x0: Point, options: DifferentialEvolutionOptions = {}) {
    super({ method: METHOD, x0, options, known: OPTIONS, maxEvaluations: (d) => 15_000 * d });
    const d = this.dimension;
    const { mutation, crossover } = readStrategy(options.strategy ?? "best1bin");
    this.#mutation = MUTATIONS[mutation];
    this.#isExponential = crossover === "exp";
    this.#size = checkNumber(
      METHOD,
      "populationSize",
      options.populationSize ?? defaultSize(d, this.maxEvaluations),
      {
        min: LEAST_SIZE,
        max: 1e6,
        integer: true,
      },
    );
    this.#dither = readMutation(options.mutation ?? [0.5, 1]);
    this.#recombination = checkNumber(METHOD, "recombination", options.recombination ?? 0.7, {
      min: 0,
      max: 1,
    });
    this.#init = checkChoice(METHOD, "init", options.init ?? "latin-hypercube", [
      "latin-hypercube",
      "random",
    ]);
    const updating = checkChoice(METHOD, "updating", options.updating ?? "deferred", [
      "deferred",
      "immediate",
    ]);
    this.#isImmediate = updating === "immediate";
    this.#box = readBounds(METHOD, options.bounds, this.x0);
    this.#first = firstBox(this.x0, this.#box, options.sigma ?? 1);
    this.#tolerances = readTolerances(METHOD, options.tolerance, { tolfun: 1e-12, tolrel: 1e-8 });
    this.#population = new Float64Array(this.#size * d);
    this.#costs = new Float64Array(this.#size);
    this.#chosen = new Int32Array(this.#mutation.count);
    this.#sample = { best: 0, target: 0, others: new Float64Array(this.#mutation.count) };
    this.#chances = new Float64Array(d);
    this.reserve(this.#size);
  }

  protected generate(): number {
    if (!this.#hasPopulation) {
      this.#drawPopulation();
      return this.#size;
    }
    const count = this.#isImmediate ? 1 : this.#size;
    if (this.#target === 0) {
      const [least, most] = this.#dither;
      this.#factor = least === most ? least : least + (most - least) * this.draws.uniform();
    }
    for (let row = 0; row < count; row++) this.#makeTrial(row);
    return count;
  }

  protected redraw(row: number): boolean {
    if (this.#hasPopulation) this.#makeTrial(row);
    else this.#drawInside(row);
    return true;
  }

  protected update(count: number): StopReason | null {
    const d = this.dimension;
    if (!this.#hasPopulation) {
      this.#population.set(this.points);
      this.#costs.set(this.values);
      this.#hasPopulation = true;
      this.#findBest(0, this.#size);
      return this.#isAtRest() ? "tolfun" : null;
    }
    for (let row = 0; row < count; row++) {
      const target = this.#target + row;
      const value = this.values[row] as number;
      if (value > (this.#costs[target] as number)) continue;
      this.#costs[target] = value;
      for (let i = 0; i < d; i++) this.#population[target * d + i] = this.points[row * d + i] as number;
    }
    this.#findBest(this.#target, this.#target + count);
    this.#target = (this.#target + count) % this.#size;
    return this.#target === 0 && this.#isAtRest() ? "tolfun" : null;
  }

  protected override get isWhole(): boolean {
    return this.#target === 0;
  }

  /** Looks for a point that is better than the best among those from `begin` to `end`. */
  #findBest(begin: number, end: number): void {
    for (let k = begin; k < end; k++) {
      if ((this.#costs[k] as number) < (this.#costs[this.#best] as number)) this.#best = k;
    }
  }

  #isAtRest(): boolean {
    const costs = this.#costs;
    const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
    const variance = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / costs.length;
    const { tolfun, tolrel } = this.#tolerances;
    return Math.sqrt(variance) <= tolfun + tolrel * Math.abs(mean);
  }

  /** The first population: x0, and points of the box. */
  #drawPopulation(): void {
    const { points } = this;
    const d = this.dimension;
    const size = this.#size;
    if (this.#init === "random") {
      for (let row = 1; row < size; row++) this.#drawInside(row);
    } else {
      // Each coordinate has one value in each of `size` intervals, which the points get in an order of its own.
      const order = new Int32Array(size);
      for (let i = 0; i < d; i++) {
        this.#shuffle(order);
        for (let row = 0; row < size; row++) {
          points[row * d + i] = this.#within(i, ((order[row] as number) + this.draws.uniform()) / size);
        }
      }
    }
    points.set(this.x0);
  }

  #shuffle(order: Int32Array): void {
    for (let k = 0; k < order.length; k++) order[k] = k;
    for (let k = order.length - 1; k > 0; k--) {
      const other = this.draws.index(k + 1);
      const kept = order[k] as number;
      order[k] = order[other] as number;
      order[other] = kept;
    }
  }

  #drawInside(row: number): void {
    const d = this.dimension;
    for (let i = 0; i < d; i++) this.points[row * d + i] = this.#within(i, this.draws.uniform());
  }

  /** The place u ∈ [0, 1) of coordinate i of the first box. */
  #within(i: number, u: number): number {
    const lower = this.#first.lower[i] as number;
    return lower + u * ((this.#first.upper[i] as number) - lower);
  }

  /** Writes the trial of the target `#target` + row. */
  #makeTrial(row: number): void {
    const d = this.dimension;
    const target = this.#target + row;
    const base = target * d;
    const { points, draws } = this;
    this.#choose(target);
    const anyhow = draws.index(d);
    draws.fillUniform(this.#chances);
    for (let i = 0; i < d; i++) points[row * d + i] = this.#population[base + i] as number;
    for (let k = 0, i = anyhow; k < d; k++, i = (i + 1) % d) {
      if (k > 0 && (this.#chances[i] as number) >= this.#recombination) {
        if (this.#isExponential) break;
        continue;
      }
      points[row * d + i] = this.#mutate(base, i);
    }
  }

  /** Coordinate i of the mutant. */
  #mutate(base: number, i: number): number {
    const d = this.dimension;
    const population = this.#population;
    const sample = this.#sample;
    sample.best = population[this.#best * d + i] as number;
    sample.target = population[base + i] as number;
    for (let k = 0; k < sample.others.length; k++) {
      sample.others[k] = population[(this.#chosen[k] as number) * d + i] as number;
    }
    const x = this.#mutation.mutant(sample, this.#factor);
    const box = this.#box;
    const isInside = box === null || (x >= (box.lower[i] as number) && x <= (box.upper[i] as number));
    return isInside ? x : this.#within(i, this.draws.uniform());
  }

  /** Draws points that differ from each other and from the target. */
  #choose(target: number): void {
    const chosen = this.#chosen;
    for (let k = 0; k < chosen.length; k++) {
      let other: number;
      do other = this.draws.index(this.#size);
      while (other === target || (chosen.indexOf(other) >= 0 && chosen.indexOf(other) < k));
      chosen[k] = other;
    }
  }

  protected save(): StrategyState {
    return {
      hasPopulation: this.#hasPopulation,
      population: this.#population.slice(),
      costs: this.#costs.slice(),
      best: this.#best,
      factor: this.#factor,
      target: this.#target,
    };
  }

  protected prepare(state: StateReader): () => void {
    const hasPopulation = state.flag("hasPopulation");
    const population = state.numbers("population", this.#population.length);
    const costs = state.numbers("costs", this.#size);
    const best = state.number("best", { min: 0, max: this.#size - 1, integer: true });
    const factor = state.number("factor");
    const most = this.#isImmediate ? this.#size - 1 : 0;
    const target = state.number("target", { min: 0, max: most, integer: true });
    return () => {
      this.#hasPopulation = hasPopulation;
      this.#population.set(population);
      this.#costs.set(costs);
      this.#best = best;
      this.#factor = factor;
      this.#target = target;
    };
  }
}

function readStrategy(name: unknown) {
  const mutations = Object.keys(MUTATIONS) as (keyof typeof MUTATIONS)[];
  const all = mutations.flatMap((mutation) =>
    CROSSOVERS.map((crossover) => ({ mutation, crossover, name: `${mutation}${crossover}` })),
  );
  const names = all.map((one) => one.name);
  const chosen = checkChoice(METHOD, "strategy", name, names);
  return all[names.indexOf(chosen)] as (typeof all)[number];
}

/** The range of F; both ends are the same if it does not change. */
function readMutation(mutation: unknown): readonly [number, number] {
  const range = { min: 0, below: 2 };
  if (!Array.isArray(mutation)) {
    const factor = checkNumber(METHOD, "mutation", mutation, range);
    return [factor, factor];
  }
  if (mutation.length !== 2) {
    throw new ArgumentError(
      `${METHOD}: expected mutation to be a number or a range of two, got ${describeList(mutation)}`,
    );
  }
  const [first, second] = mutation.map((factor) => checkNumber(METHOD, "mutation", factor, range));
  return [Math.min(first as number, second as number), Math.max(first as number, second as number)];
}

/** The bounds, and x0 ± sigma on the sides that have none. */
function firstBox(x0: Float64Array, box: Box | null, sigma: unknown): Box {
  const width = readPerCoordinate(METHOD, "sigma", sigma, x0.length, (element) =>
    checkNumber(METHOD, "sigma", element, { above: 0 }),
  );
  const side = (bounds: Float64Array | undefined, sign: number): Float64Array =>
    x0.map((x, i) => {
      const bound = bounds?.[i] ?? Number.POSITIVE_INFINITY;
      return Number.isFinite(bound) ? bound : x + sign * (width[i] as number);
    });
  return { lower: side(box?.lower, -1), upper: side(box?.upper, 1) };
}

declare module "./registry.js" {
  interface Methods {
    "differential-evolution": DifferentialEvolutionOptions;
  }
}

registerMethod(METHOD, {
  make: (x0, options) => new DifferentialEvolution(x0, options),
  options: OPTIONS,
  oneByOne: { updating: "immediate" },
  cases: () => [
    { updating: "deferred", bounds: { lower: -5, upper: 5 } },
    {
      updating: "deferred",
      strategy: "rand1exp",
      populationSize: 9,
      mutation: 0.8,
      recombination: 0.9,
      init: "random",
      sigma: 2,
    },
    {
      updating: "immediate",
      populationSize: 7,
      strategy: "currenttobest1bin",
      bounds: { lower: [0, 1, 1, -9], upper: Number.POSITIVE_INFINITY },
    },
    {
      updating: "deferred",
      strategy: "best2exp",
      sigma: [1, 2, 3, 4],
      tolerance: { tolfun: 1e-3, tolrel: 0 },
      populationSize: 12,
    },
  ],
  reaches: { evaluations: 10_000, sphere: 1e-6, ellipsoid: 1e-6 },
});
