// OpenAI-ES on the weights of a module: a generation is one compiled program, and many of them are one native call.

import { type Compiled, compile } from "../compiler/compile.js";
import { noGrad } from "../context/grad-mode.js";
import { copy } from "../context/trace.js";
import type { Module } from "../nn/module.js";
import { add } from "../ops/add.js";
import { amin } from "../ops/amin.js";
import { concat } from "../ops/concat.js";
import { isFinite } from "../ops/is-finite.js";
import { mean } from "../ops/mean.js";
import { slice } from "../ops/slice.js";
import { where } from "../ops/where.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkNumber, checkOptions } from "../options.js";
import { Generator, type GeneratorState } from "../random/generator.js";
import { fromTypedArray, zeros } from "../tensor/create.js";
import { bytesOf } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { noteAround } from "../vmap/around.js";
import type { Generation } from "./minimize.js";
import type { ModuleLoss } from "./module/losses.js";
import { affordable, MEMORY } from "./module/memory.js";
import { MODULE_OPTIONS, type ModuleOptions, readSearched, type Searched } from "./module/read.js";
import { pairsAround, pairWeights, weightedSteps } from "./openai-es/estimate.js";
import { prepareOptimizer, saveOptimizer } from "./openai-es/optimizer-state.js";
import {
  type Evolution,
  OPENAI_ES,
  OPENAI_ES_OPTIONS,
  type OpenAIESOptions,
  readEvolution,
} from "./openai-es/options.js";
import { StateReader, type StrategyState } from "./state.js";

/** One generation. */
export interface ModuleGeneration extends Generation {
  /** The mean loss of the candidates of this generation. */
  readonly mean: number;
}

/** Options of OpenAI-ES on a module. */
export interface ModuleEvolutionOptions
  extends Omit<OpenAIESOptions, "maxEvaluations" | "maxGenerations" | "target">,
    ModuleOptions {}

/** The key of options that only the library and its tests give. */
export const WITHIN = Symbol("within");

/** Whose errors these are, and the bytes of steps that may be kept. */
export interface Within {
  readonly [WITHIN]?: { readonly where?: string; readonly memory?: number };
}

/** Bytes that pairs evaluated at once may take. The same everywhere, since another number of pairs gives other bits. */
const CACHES = 2 ** 24;
/** Each part is traced, which takes time. */
const MAX_PARTS = 16;

const OPTIONS = [...OPENAI_ES_OPTIONS, ...MODULE_OPTIONS, "seed"];

/**
 * OpenAI-ES (`OpenAIES`) on a module, whose parameters are θ. A generation is one compiled program: noise, candidates,
 * losses, ranks, the estimated gradient and the optimizer's step. Many generations are one native call, on the engine's
 * own thread. `minimizeModule` runs it to an end.
 *
 * The same seed and the same `chunk` give the same bits for any number of threads.
 * @example
 * const evolution = new ModuleEvolution(model, (m, x, y) => cost.crossEntropy(m.forward(x), y), { data: { x, y } });
 * const history = await evolution.run(10);
 * history.length   // 10
 * @throws as `minimizeModule`
 */
export class ModuleEvolution {
  readonly #searched: Searched;
  readonly #evolution: Evolution;
  readonly #optimizer: Optimizer;
  readonly #generator: Generator;
  /** Draws the same numbers once more, where they are too many to be kept. */
  readonly #again: Generator;
  readonly #generation: Compiled<Tensor[], Tensor[]>;
  #evaluations = 0;
  #generations = 0;
  #best = Number.POSITIVE_INFINITY;

  /** Bytes of steps that are kept from the evaluation to the estimate. */
  readonly #memory: number;

  constructor(model: Module, loss: ModuleLoss<never>, options: ModuleEvolutionOptions = {}) {
    const { where = "ModuleEvolution", memory = MEMORY } = (options as Within | null)?.[WITHIN] ?? {};
    this.#memory = memory;
    checkOptions(where, options, OPTIONS);
    const { data, batchSize, chunk, seed, ...own } = options;
    const given = { data, batchSize, chunk, seed } as ModuleOptions & { readonly seed?: number };
    this.#searched = readSearched(where, model, loss, given);
    this.#evolution = readEvolution(own);
    this.#optimizer = this.#evolution.makeOptimizer(this.#searched.weights.parameters);
    this.#generator = new Generator(this.#searched.seed);
    this.#again = this.#generator[copy]();
    const pairs =
      this.#searched.chunk === null
        ? this.#affordablePairs()
        : Math.max(1, Math.floor(this.#searched.chunk / 2));
    this.#generation = compile((...samples: Tensor[]) => this.#trace(samples, this.#evolution, pairs));
  }

  /** P, the number of candidates in a generation. */
  get population(): number {
    return this.#evolution.population;
  }

  /** How many candidates were evaluated. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** How many generations there were. */
  get generations(): number {
    return this.#generations;
  }

  /**
   * Runs this many generations in one native call. Until the promise settles, the parameters can be neither read nor
   * written.
   * @returns each generation.
   * @throws ArgumentError unless it is a whole number ≥ 1; BusyError
   */
  async run(generations: number): Promise<ModuleGeneration[]> {
    checkNumber("ModuleEvolution.run", "generations", generations, { min: 1, integer: true });
    const { batches } = this.#searched;
    this.#again.setState(this.#generator.getState());
    const order = fromTypedArray(batches.take(generations));
    const log = await this.#generation.loopAsync([...batches.sources], order, batches.size);
    const figures = log.storage.forReading();
    return Array.from({ length: generations }, (_, i) => {
      this.#evaluations += this.population;
      this.#generations++;
      this.#best = Math.min(this.#best, figures[2 * i] as number);
      return {
        generation: this.#generations,
        evaluations: this.#evaluations,
        best: this.#best < Number.POSITIVE_INFINITY ? this.#best : Number.NaN,
        mean: figures[2 * i + 1] as number,
      };
    });
  }

  /** The state, from which another one with the same options and model goes on with the same bits. */
  stateDict(): StrategyState {
    return {
      method: OPENAI_ES,
      evaluations: this.#evaluations,
      generations: this.#generations,
      best: this.#best < Number.POSITIVE_INFINITY ? this.#best : null,
      theta: this.#searched.weights.read(),
      optimizer: saveOptimizer(this.#optimizer),
      generator: Float64Array.from(this.#generator.getState()),
      batches: this.#searched.batches.save(),
    };
  }

  /**
   * Goes on from a state, and sets the model's parameters to its θ.
   * @throws ArgumentError if it is none, or of another number of parameters; nothing has changed then.
   */
  loadStateDict(given: StrategyState): void {
    const state = new StateReader("ModuleEvolution: loadStateDict", given);
    state.choice("method", [OPENAI_ES]);
    const { weights, batches } = this.#searched;
    const evaluations = state.number("evaluations", { min: 0, integer: true });
    const generations = state.number("generations", { min: 0, integer: true });
    const best = state.isNull("best") ? Number.POSITIVE_INFINITY : state.number("best");
    const theta = state.numbers("theta", weights.dimension);
    const others = weights.parameters.map(({ shape, dtype }) => zeros(shape, { dtype }));
    const restoreOptimizer = prepareOptimizer(
      this.#optimizer,
      this.#evolution.makeOptimizer(others),
      state.inner("optimizer"),
    );
    const [low, high, blocks] = state.numbers("generator", 3);
    const generator = [low, high, blocks] as GeneratorState;
    new Generator().setState(generator);
    const restoreBatches = batches.prepare(state.inner("batches"));
    weights.write(theta);
    restoreOptimizer();
    restoreBatches();
    this.#generator.setState(generator);
    this.#evaluations = evaluations;
    this.#generations = generations;
    this.#best = best;
  }

  /** How many pairs are evaluated at once: as many as fit into the caches, in at most `MAX_PARTS` parts. */
  #affordablePairs(): number {
    const { batches } = this.#searched;
    const inputs = batches.sources.map(({ shape, dtype }) =>
      zeros([batches.size, ...shape.slice(1)], { dtype }),
    );
    const pairs = this.population / 2;
    if (pairs === 1) return 1;
    const few = { ...this.#evolution, population: 4 };
    const probe = compile((...samples: Tensor[]) => this.#trace(samples, few, 2));
    const each = probe.arenaBytes(...inputs) / 2;
    const inCaches = Math.max(affordable(pairs, each, CACHES), Math.ceil(pairs / MAX_PARTS));
    return Math.min(inCaches, affordable(pairs, each));
  }

  /**
   * One generation: draws the steps of all pairs, evaluates `atOnce` pairs at a time, and descends along the estimated
   * gradient. Steps that take too much memory are drawn again for the estimate.
   * @returns the least loss and the mean loss.
   */
  #trace(samples: readonly Tensor[], evolution: Evolution, atOnce: number): Tensor[] {
    const { weights, loss, batches } = this.#searched;
    const { parameters } = weights;
    const { sigma, population } = evolution;
    const counts = partsOf(population / 2, atOnce);
    const drawn = (generator: Generator, pairs: number): Tensor[] =>
      parameters.map(({ shape, dtype }) => generator.normal([pairs, ...shape], { std: sigma, dtype }));
    const bytes = parameters.reduce((sum, parameter) => sum + bytesOf(parameter), 0);
    const areKept = counts.length === 1 || (population / 2) * bytes <= this.#memory;

    const kept: Tensor[][] = [];
    const losses: { readonly above: Tensor[]; readonly below: Tensor[] } = { above: [], below: [] };
    for (const count of counts) {
      const steps = drawn(this.#generator, count);
      if (areKept) kept.push(steps);
      const points = steps.map((own, k) => notedPairs(parameters[k] as Tensor, own));
      const inputs = batches.hasData ? samples : [];
      for (const side of ["above", "below"] as const) {
        losses[side].push(
          loss.of(
            points.map((pairs) => pairs[side]),
            inputs,
          ),
        );
      }
    }
    const values = concat([...losses.above, ...losses.below], 0);
    const ofPairs = pairWeights(values, evolution);

    let first = 0;
    let gradients: Tensor[] | null = null;
    counts.forEach((count, c) => {
      const own = slice(ofPairs, 0, { start: first, end: first + count });
      const part = (kept[c] ?? drawn(this.#again, count)).map((steps) => weightedSteps(own, steps));
      gradients = gradients?.map((sum, k) => add(sum, part[k] as Tensor)) ?? part;
      first += count;
    });
    this.#descend(gradients ?? []);
    return [amin(where(isFinite(values), values, Number.POSITIVE_INFINITY)), mean(values)];
  }

  /** Steps by these gradients. The parameters' own ones stay as they are. */
  #descend(gradients: readonly Tensor[]): void {
    const { parameters } = this.#optimizer;
    const before = parameters.map(({ grad }) => grad);
    parameters.forEach((parameter, k) => {
      parameter.grad = gradients[k] as Tensor;
    });
    try {
      noGrad(() => this.#optimizer.step());
    } finally {
      parameters.forEach((parameter, k) => {
        parameter.grad = before[k] as Tensor | null;
      });
    }
  }
}

/** The pairs around a parameter, with what they have in common noted for products. */
function notedPairs(theta: Tensor, steps: Tensor): ReturnType<typeof pairsAround> {
  const pairs = pairsAround(theta, steps);
  noteAround(pairs.above, { center: theta, steps, sign: 1 });
  noteAround(pairs.below, { center: theta, steps, sign: -1 });
  return pairs;
}

/** A number in parts of at most that size. */
function partsOf(count: number, size: number): number[] {
  const parts = Math.ceil(count / size);
  return Array.from(
    { length: parts },
    (_, i) => Math.floor(((i + 1) * count) / parts) - Math.floor((i * count) / parts),
  );
}
