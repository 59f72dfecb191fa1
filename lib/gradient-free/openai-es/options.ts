import { ArgumentError } from "../../errors.js";
import { Adam } from "../../optim/adam.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { SGD } from "../../optim/sgd.js";
import { checkChoice, checkNumber } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StrategyOptions } from "../limits.js";
import type { Spread } from "./estimate.js";

export interface OpenAIESOptions extends StrategyOptions {
  /** σ, the standard deviation of the steps. Default: 0.05. */
  readonly sigma?: number;
  /** Points in a generation, an even number: half of them are θ + σ·ε, half θ − σ·ε. Default: 256. */
  readonly populationSize?: number;
  /** Learning rate η ≥ 0 of the optimizer. Default: 0.01. */
  readonly lr?: number;
  /** What steps by the estimated gradient. Default: "adam". */
  readonly optimizer?: "adam" | "sgd";
  /** μ of "sgd". Default: 0.9. */
  readonly momentum?: number;
  /** λ ≥ 0: λ·θ is added to the estimated gradient. Default: 0. */
  readonly weightDecay?: number;
}

export const OPENAI_ES = "openai-es";

/** The names of the method's own options. */
export const OPENAI_ES_OPTIONS = [
  "sigma",
  "populationSize",
  "lr",
  "optimizer",
  "momentum",
  "weightDecay",
] as const;

/** The method's options, checked. */
export interface Evolution extends Spread {
  readonly makeOptimizer: (parameters: readonly Tensor[]) => Optimizer;
}

/** @throws ArgumentError */
export function readEvolution(options: OpenAIESOptions): Evolution {
  const where = OPENAI_ES;
  const sigma = checkNumber(where, "sigma", options.sigma ?? 0.05, { above: 0 });
  const population = checkNumber(where, "populationSize", options.populationSize ?? 256, {
    min: 2,
    max: 1e6,
    integer: true,
  });
  if (population % 2 !== 0) {
    throw new ArgumentError(`${where}: expected populationSize to be even, got ${population}`);
  }
  const kind = checkChoice(where, "optimizer", options.optimizer ?? "adam", ["adam", "sgd"]);
  const lr = checkNumber(where, "lr", options.lr ?? 0.01, { min: 0 });
  const weightDecay = checkNumber(where, "weightDecay", options.weightDecay ?? 0, { min: 0 });
  if (kind === "adam" && options.momentum !== undefined) {
    throw new ArgumentError(`${where}: expected momentum only with the optimizer "sgd", got it with "adam"`);
  }
  const momentum = checkNumber(where, "momentum", options.momentum ?? 0.9, { min: 0, below: 1 });
  return {
    sigma,
    population,
    makeOptimizer: (parameters) =>
      kind === "adam"
        ? new Adam(parameters, { lr, weightDecay })
        : new SGD(parameters, { lr, weightDecay, momentum }),
  };
}
