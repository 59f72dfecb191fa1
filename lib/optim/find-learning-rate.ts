import { ArgumentError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import type { Optimizer } from "./optimizer.js";
import { checkOptimizer } from "./schedulers/lr-scheduler.js";

export interface FindLearningRateOptions {
  /** The first rate. Default: 1e-7. */
  readonly min?: number;
  /** The last rate. Default: 10. */
  readonly max?: number;
  /** At most a million. Default: 100. */
  readonly steps?: number;
  /** In [0, 1): how much of the average of losses is kept at each step. Default: 0.95. */
  readonly smoothing?: number;
  /** It ends where the averaged loss is this many times the least so far. Default: 4. */
  readonly divergence?: number;
}

export interface FoundLearningRate {
  /** The rates that were tried. */
  readonly rates: readonly number[];
  /** The averaged loss at each. */
  readonly losses: readonly number[];
  /** The rate at which the loss fell fastest. */
  readonly suggestion: number;
}

/**
 * Tries learning rates from a small to a large one, in equal ratios, a step of descent each, and tells where the loss
 * falls fastest (Smith, 2017, "Cyclical learning rates"). Weights, states and rates are put back after it.
 * @param step Does a step on another mini-batch and gives the loss before it; compiled or not.
 * @example
 * const { suggestion } = optim.findLearningRate(optimizer, (i) => step(...batches[i % batches.length]));
 * optimizer.lr = suggestion;
 * @throws ArgumentError, OptionError, and what the step throws
 */
export function findLearningRate(
  optimizer: Optimizer,
  step: (i: number) => Tensor | number,
  options: FindLearningRateOptions = {},
): FoundLearningRate {
  const name = "findLearningRate";
  checkOptimizer(name, optimizer);
  if (typeof step !== "function") {
    throw new ArgumentError(`${name}: expected step to be a function, got ${describe(step)}`);
  }
  checkOptions(name, options, ["min", "max", "steps", "smoothing", "divergence"]);
  const min = checkNumber(name, "min", options.min ?? 1e-7, { above: 0 });
  const max = checkNumber(name, "max", options.max ?? 10, { above: min });
  const steps = checkNumber(name, "steps", options.steps ?? 100, { min: 2, max: 1e6, integer: true });
  const smoothing = checkNumber(name, "smoothing", options.smoothing ?? 0.95, { min: 0, below: 1 });
  const divergence = checkNumber(name, "divergence", options.divergence ?? 4, { above: 1 });
  const restore = optimizer.snapshot();
  const [rates, losses]: [number[], number[]] = [[], []];
  try {
    let average = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < steps; i++) {
      const rate = min * (max / min) ** (i / (steps - 1));
      optimizer.lr = rate;
      const given = step(i);
      const loss = isTensor(given) ? given.item() : given;
      if (typeof loss !== "number") {
        throw new ArgumentError(
          `${name}: expected the step to give a tensor or a number, got ${describe(loss)}`,
        );
      }
      average = smoothing * average + (1 - smoothing) * loss;
      // The average began with 0.
      const smooth = average / (1 - smoothing ** (i + 1));
      least = Math.min(smooth, least);
      if (!(smooth <= divergence * least)) break;
      rates.push(rate);
      losses.push(smooth);
    }
  } finally {
    restore();
  }
  if (rates.length === 0) {
    throw new ArgumentError(`${name}: expected the step to give a loss that is a number`);
  }
  let best = 0;
  let steepest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < rates.length; i++) {
    const change = (losses[i] as number) - (losses[i - 1] as number);
    if (change < steepest) [best, steepest] = [i, change];
  }
  return { rates, losses, suggestion: rates[best] as number };
}
