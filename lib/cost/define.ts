import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { takeApart } from "../tensor/tree.js";
import { type CostOptions, readReduction, reduced } from "./reduce.js";

/** A cost C(y, ȳ): compares an output with its target. Several are lists or objects of tensors. */
export interface Cost<Y = Tensor, T = Tensor> {
  (y: Y, target: T, options?: CostOptions): Tensor;
  /** Throws where a set of targets does not go with outputs of that shape, whatever the outputs are. */
  readonly checkTargets?: (where: string, outputShape: readonly number[], targets: Tensor) => void;
  /** Whether it is a mean over samples that all count the same, so that `evaluate` may go by mini-batches. */
  readonly isMean?: boolean;
  /** What the outputs are, for metrics: `"probabilities"` unless it says another. */
  readonly outputs?: "probabilities" | "logits" | "logProbabilities";
  /** Whether each number of a sample says yes or no by itself, for metrics; else a sample has one class. */
  readonly multilabel?: boolean;
}

export interface CostDefinition<Y = Tensor, T = Tensor> {
  /** The cost of each sample, [B], or a scalar for a single sample. Throws where y and target do not fit. */
  perSample(y: Y, target: T): Tensor;
  /** See `Cost.checkTargets`. */
  readonly checkTargets?: Cost["checkTargets"];
  /** See `Cost`. */
  readonly outputs?: Cost["outputs"];
  readonly multilabel?: Cost["multilabel"];
}

/**
 * Defines a cost from that of each sample; the reductions follow. Of several outputs or targets it takes lists or
 * objects.
 * @throws ArgumentError without a name, and unless `perSample` is a function.
 * @example
 * const absoluteError = cost.defineCost("absoluteError", {
 *   perSample: (y, target) => sum(abs(sub(y, target)), { dim: 1 }),
 * });
 */
export function defineCost<Y = Tensor, T = Tensor>(
  name: string,
  definition: CostDefinition<Y, T>,
): Cost<Y, T> {
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`defineCost: expected a name, got ${describe(name)}`);
  }
  if (typeof definition?.perSample !== "function") {
    throw new ArgumentError(
      `defineCost: expected perSample to be a function, got ${describe(definition?.perSample)}`,
    );
  }
  const cost = (y: Y, target: T, options: CostOptions = {}): Tensor => {
    const reduction = readReduction(name, options);
    checkTensors(name, "y", y);
    checkTensors(name, "target", target);
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

/** @throws ArgumentError unless the value is a tensor, or a list or an object of tensors */
function checkTensors(name: string, what: string, value: unknown): void {
  const parts: unknown[] = Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : [];
  // Of an array of numbers, not its first number is wrong, but that it is no tensor.
  const isTree = parts.some((part) => typeof part === "object" && part !== null);
  if (!isTree || takeApart(name, what, value).leaves.length === 0) checkTensor(name, what, value);
}
