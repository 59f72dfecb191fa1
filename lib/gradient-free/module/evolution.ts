// OpenAI-ES on the weights of a module: a generation is one compiled program, and many of them are one native call.

import { type Compiled, compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { copy } from "../../context/trace.js";
import { add } from "../../ops/add.js";
import { amin } from "../../ops/amin.js";
import { concat } from "../../ops/concat.js";
import { isFinite } from "../../ops/is-finite.js";
import { mean } from "../../ops/mean.js";
import { slice } from "../../ops/slice.js";
import { where } from "../../ops/where.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { Generator, type GeneratorState } from "../../random/generator.js";
import { fromTypedArray, zeros } from "../../tensor/create.js";
import { bytesOf } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { noteAround } from "../../vmap/around.js";
import { pairsAround, pairWeights, weightedSteps } from "../openai-es/estimate.js";
import { prepareOptimizer, saveOptimizer } from "../openai-es/optimizer-state.js";
import type { Evolution } from "../openai-es/options.js";
import type { StateReader, StrategyState } from "../state.js";
import type { Batches } from "./batches.js";
import type { PopulationLoss } from "./losses.js";
import { affordable, MEMORY } from "./memory.js";
import type { Weights } from "./weights.js";

/** The losses of a generation's candidates. */
export interface Told {
  /** The least one; infinite if none is finite. */
  readonly least: number;
  readonly mean: number;
}

export interface EvolutionSetup {
  readonly weights: Weights;
  readonly loss: PopulationLoss;
  readonly batches: Batches;
  readonly evolution: Evolution;
  readonly seed: number;
  /** Candidates that are evaluated at once; null for as many as is best. */
  readonly chunk: number | null;
  /** Bytes of steps that are kept from the evaluation to the estimate. Default: `MEMORY`. */
  readonly memory?: number;
}

/** OpenAI-ES on a module, whose parameters are θ. */
export class ModuleEvolution {
  readonly #setup: EvolutionSetup;
  readonly #optimizer: Optimizer;
  readonly #generator: Generator;
  /** Draws the same numbers once more, where they are too many to be kept. */
  readonly #again: Generator;
  readonly #generation: Compiled<Tensor[], Tensor[]>;

  constructor(setup: EvolutionSetup) {
    const { weights, evolution, seed, chunk } = setup;
    this.#setup = setup;
    this.#optimizer = evolution.makeOptimizer(weights.parameters);
    this.#generator = new Generator(seed);
    this.#again = this.#generator[copy]();
    const pairs = chunk === null ? this.#affordablePairs() : Math.max(1, Math.floor(chunk / 2));
    this.#generation = compile((...samples: Tensor[]) => this.#trace(samples, evolution, pairs));
  }

  /** Runs some generations in one native call, on the engine's own thread. */
  async run(count: number): Promise<Told[]> {
    const { batches } = this.#setup;
    this.#again.setState(this.#generator.getState());
    const log = await this.#generation.loopAsync(
      [...batches.sources],
      fromTypedArray(batches.take(count)),
      batches.size,
    );
    const figures = log.storage.forReading();
    return Array.from({ length: count }, (_, i) => ({
      least: figures[2 * i] as number,
      mean: figures[2 * i + 1] as number,
    }));
  }

  /** How many pairs' intermediate results fit into the memory that a population may take. */
  #affordablePairs(): number {
    const { batches, evolution } = this.#setup;
    const inputs = batches.sources.map(({ shape, dtype }) =>
      zeros([batches.size, ...shape.slice(1)], { dtype }),
    );
    return affordable(evolution.population / 2, (pairs) => {
      const few = { ...evolution, population: 2 * pairs };
      return compile((...samples: Tensor[]) => this.#trace(samples, few, pairs)).arenaBytes(...inputs);
    });
  }

  /**
   * One generation: draws the steps of all pairs, evaluates `atOnce` pairs at a time, and descends along the estimated
   * gradient. Steps that take too much memory are drawn again for the estimate.
   * @returns the least loss and the mean loss.
   */
  #trace(samples: readonly Tensor[], evolution: Evolution, atOnce: number): Tensor[] {
    const { weights, loss, batches, memory = MEMORY } = this.#setup;
    const { parameters } = weights;
    const { sigma, population } = evolution;
    const counts = partsOf(population / 2, atOnce);
    const drawn = (generator: Generator, pairs: number): Tensor[] =>
      parameters.map(({ shape, dtype }) => generator.normal([pairs, ...shape], { std: sigma, dtype }));
    const bytes = parameters.reduce((sum, parameter) => sum + bytesOf(parameter), 0);
    const areKept = counts.length === 1 || (population / 2) * bytes <= memory;

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

  save(): StrategyState {
    return {
      theta: this.#setup.weights.read(),
      optimizer: saveOptimizer(this.#optimizer),
      generator: Float64Array.from(this.#generator.getState()),
    };
  }

  /** Reads such a state and changes nothing. @returns what puts it in place. @throws ArgumentError */
  prepare(state: StateReader): () => void {
    const { weights, evolution } = this.#setup;
    const theta = state.numbers("theta", weights.dimension);
    const others = weights.parameters.map(({ shape, dtype }) => zeros(shape, { dtype }));
    const restoreOptimizer = prepareOptimizer(
      this.#optimizer,
      evolution.makeOptimizer(others),
      state.inner("optimizer"),
    );
    const [low, high, blocks] = state.numbers("generator", 3);
    const generator = [low, high, blocks] as GeneratorState;
    new Generator().setState(generator);
    return () => {
      weights.write(theta);
      restoreOptimizer();
      this.#generator.setState(generator);
    };
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
