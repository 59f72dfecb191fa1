import { noGrad } from "../context/grad-mode.js";
import type { Optimizer } from "../optim/optimizer.js";
import { fromTypedArray } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import type { StopReason } from "./limits.js";
import { pairWeights, weightedSteps } from "./openai-es/estimate.js";
import { prepareOptimizer, saveOptimizer } from "./openai-es/optimizer-state.js";
import {
  type Evolution,
  OPENAI_ES,
  OPENAI_ES_OPTIONS,
  type OpenAIESOptions,
  readEvolution,
} from "./openai-es/options.js";
import type { Point } from "./read.js";
import { registerMethod } from "./registry.js";
import type { StateReader, StrategyState } from "./state.js";
import { Strategy } from "./strategy.js";

/**
 * The evolution strategy of Salimans et al. (2017, arXiv:1703.03864) for many dimensions. Each generation has P/2 pairs
 * θ ± σ·ε_i around a point θ, ε_i ~ N(0, I). Their values become centred ranks u ∈ [−½, ½], equal values sharing the mean
 * of theirs, and an optimizer steps along the estimated gradient:
 *
 *     g = 1/(P·σ) Σ_i (u⁺_i − u⁻_i)·ε_i + λ·θ
 *     θ ← θ − step(g)        Adam's or that of descent with momentum
 *
 * Only the order of the values counts. A generation takes O(P·d) time and memory. A value that is NaN or infinite ranks
 * last. Ends by `maxEvaluations`, by default after 10,000·d values.
 *
 * The result is the best point that was evaluated. `minimizeModule` gives θ instead.
 * @example
 * const sphere = (x) => x.reduce((sum, xi) => sum + xi * xi, 0);
 * const { value } = await minimize(sphere, [3, 4], {
 *   method: "openai-es", populationSize: 16, sigma: 0.1, lr: 0.1, maxGenerations: 200,
 * });
 * value < 1e-2   // true
 * @throws ArgumentError, OptionError
 */
export class OpenAIES extends Strategy {
  readonly #evolution: Evolution;
  /** θ [d] */
  readonly #theta: Tensor;
  readonly #optimizer: Optimizer;

  constructor(x0: Point, options: OpenAIESOptions = {}) {
    super({
      method: OPENAI_ES,
      x0,
      options,
      known: OPENAI_ES_OPTIONS,
      maxEvaluations: (d) => 10_000 * d,
    });
    this.#evolution = readEvolution(options);
    this.#theta = fromTypedArray(this.x0.slice());
    this.#optimizer = this.#evolution.makeOptimizer([this.#theta]);
    this.reserve(this.#evolution.population);
  }

  protected generate(): number {
    const { population, sigma } = this.#evolution;
    const { points } = this;
    const half = (population / 2) * this.dimension;
    const theta = this.#theta.storage.forReading();
    this.draws.fillNormal(points, 0, half);
    for (let at = 0, i = 0; at < half; at++) {
      const step = sigma * (points[at] as number);
      points[half + at] = (theta[i] as number) - step;
      points[at] = (theta[i] as number) + step;
      i = i + 1 === this.dimension ? 0 : i + 1;
    }
    return population;
  }

  protected redraw(): boolean {
    // Another point would not mirror the other one of its pair.
    return false;
  }

  protected update(count: number): StopReason | null {
    const values = this.values.slice(0, count);
    if (values.every((value) => value === Number.POSITIVE_INFINITY)) return "notFinite";
    noGrad(() => {
      const weights = pairWeights(fromTypedArray(values), this.#evolution);
      this.#theta.grad = weightedSteps(weights, this.#steps());
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
    });
    return null;
  }

  /** e_i = (x⁺_i − x⁻_i) / 2, [P/2, d] */
  #steps(): Tensor {
    const pairs = this.#evolution.population / 2;
    const { points } = this;
    const half = pairs * this.dimension;
    const steps = Float64Array.from(
      { length: half },
      (_, at) => ((points[at] as number) - (points[half + at] as number)) / 2,
    );
    return fromTypedArray(steps, [pairs, this.dimension]);
  }

  protected save(): StrategyState {
    return {
      theta: Float64Array.from(this.#theta.storage.forReading()),
      optimizer: saveOptimizer(this.#optimizer),
    };
  }

  protected prepare(state: StateReader): () => void {
    const theta = state.numbers("theta", this.dimension);
    const other = this.#evolution.makeOptimizer([fromTypedArray(theta.slice())]);
    const restoreOptimizer = prepareOptimizer(this.#optimizer, other, state.inner("optimizer"));
    return () => {
      this.#theta.storage.forWriting().set(theta);
      restoreOptimizer();
    };
  }
}

declare module "./registry.js" {
  interface Methods {
    "openai-es": OpenAIESOptions;
  }
}

registerMethod(OPENAI_ES, {
  make: (x0, options) => new OpenAIES(x0, options),
  options: OPENAI_ES_OPTIONS,
  cases: () => [
    { populationSize: 16, sigma: 0.1, lr: 0.1, seed: 1 },
    { populationSize: 6, optimizer: "sgd", momentum: 0.5, lr: 0.1, sigma: 0.2, weightDecay: 0.01 },
    { populationSize: 2, optimizer: "sgd", momentum: 0, lr: 0.01 },
  ],
  reaches: { evaluations: 8000, sphere: 0.1, ellipsoid: 1 },
});
