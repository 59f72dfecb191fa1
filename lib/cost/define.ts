import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type CostOptions, readReduction, reduced } from "./reduce.js";

/** A cost C(y, ȳ): compares an output with its target. */
export interface Cost {
  (y: Tensor, target: Tensor, options?: CostOptions): Tensor;
  /** Throws where a set of targets does not go with outputs of that shape, whatever the outputs are. */
  readonly checkTargets?: (where: string, outputShape: readonly number[], targets: Tensor) => void;
  /** Whether it is a mean over samples that all count the same, so that `evaluate` may go by mini-batches. */
  readonly isMean?: boolean;
  /** What the outputs are, for metrics: `"probabilities"` unless it says another. */
  readonly outputs?: "probabilities" | "logits" | "logProbabilities";
  /** Whether each number of a sample says yes or no by itself, for metrics; else a sample has one class. */
  readonly multilabel?: boolean;
}

export interface CostDefinition {
  /** The cost of each sample, [B], or a scalar for a single sample. Throws where y and target do not fit. */
  perSample(y: Tensor, target: Tensor): Tensor;
  /** See `Cost.checkTargets`. */
  readonly checkTargets?: Cost["checkTargets"];
  /** See `Cost`. */
  readonly outputs?: Cost["outputs"];
  readonly multilabel?: Cost["multilabel"];
}

/**
 * Defines a cost from that of each sample; the reductions follow.
 * @throws ArgumentError without a name, and unless `perSample` is a function.
 * @example
 * const absoluteError = cost.defineCost("absoluteError", {
 *   perSample: (y, target) => sum(abs(sub(y, target)), { dim: 1 }),
 * });
 */
export function defineCost(name: string, definition: CostDefinition): Cost {
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`defineCost: expected a name, got ${describe(name)}`);
  }
  if (typeof definition?.perSample !== "function") {
    throw new ArgumentError(
      `defineCost: expected perSample to be a function, got ${describe(definition?.perSample)}`,
    );
  }
  const cost = (y: Tensor, target: Tensor, options: CostOptions = {}): Tensor => {
    const reduction = readReduction(name, options);
    checkTensor(name, "y", y);
    checkTensor(name, "target", target);
    const costs = checkTensor(name, "the result of perSample", definition.perSample(y, target));
    return reduced(name, costs, reduction);
  };
  Object.defineProperty(cost, "name", { value: name });
  const { checkTargets, outputs, multilabel } = definition;
  return Object.assign(cost, {
    isMean: true,
    ...(checkTargets === undefined ? {} : { checkTargets }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(multilabel === undefined ? {} : { multilabel }),
  });
}
