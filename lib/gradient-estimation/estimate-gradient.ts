import { valueAndGrad } from "../autodiff/transforms.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { mean } from "../ops/mean.js";
import { to } from "../ops/to.js";
import {
  checkChoice,
  checkFunction,
  checkNumber,
  checkOptions,
  describe,
  isPlainObject,
} from "../options.js";
import type { Generator } from "../random/generator.js";
import { tensor } from "../tensor/create.js";
import type { DType } from "../tensor/dtype.js";
import { format, type Shape } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import type { Like, Tree } from "../tensor/tree.js";
import { type Baseline, leaveOneOut } from "./baselines.js";
import { scoreFunction } from "./score-function.js";
import { type BlackBox, readGenerator, spsa } from "./spsa.js";
import { straightThrough } from "./straight-through.js";

/** What an estimator needs of a distribution. The distributions of `thalweg/distributions` have it. Your own can too. */
export interface Samplable {
  sample(shape: Shape, options?: { generator?: Generator }): Tensor;
  rsample?(shape: Shape, options?: { generator?: Generator }): Tensor;
  logProb(value: Tensor): Tensor;
  readonly mean: Tensor;
}

/** The costs of draws [S, ...batch, ...event]: [S, ...batch], or fewer of these axes, such as [S] for one a draw. */
export type CostOfDraws = (draws: Tensor) => Tensor | readonly number[] | Float32Array | Float64Array;

interface Draws<P> {
  /** p(x; θ), made from the parameters. */
  readonly distribution: (parameters: P) => Samplable;
  /** S, how many draws to average over. Default: 1. */
  readonly samples?: number;
  /** What is drawn from. Default: the generator that `manualSeed` starts. */
  readonly generator?: Generator;
}

export interface ScoreFunctionEstimate<P> extends Draws<P> {
  readonly method: "score-function";
  /**
   * b. "leave-one-out" takes the mean of the other draws' costs, and needs two draws. Another one is asked before it
   * learns from these costs. Default: "none".
   */
  readonly baseline?: "none" | "leave-one-out" | Baseline;
  /** What the draws depend on, for a baseline that wants to know it. */
  readonly context?: Tensor;
}

export interface PathwiseEstimate<P> extends Draws<P> {
  readonly method: "reparametrized" | "straight-through";
}

export interface SpsaEstimate {
  readonly method: "spsa";
  /** c > 0, the size of the perturbation of each parameter. Default: 0.01. */
  readonly c?: number;
  /** How many perturbations to average over. Default: 1. */
  readonly samples?: number;
  /** What is drawn from. Default: the generator that `manualSeed` starts. */
  readonly generator?: Generator;
}

/** An estimate of a gradient. */
export interface GradientEstimate<P> {
  /** The estimate of the expected cost, a scalar. */
  readonly value: Tensor;
  /** The estimate of its gradient, of the form of the parameters. For a module it is an object by parameter name. */
  readonly gradient: Like<P>;
}

/** Also says what was drawn. */
export interface DrawnGradientEstimate<P> extends GradientEstimate<P> {
  readonly draws: Tensor;
  readonly costs: Tensor;
}

/**
 * Estimates the gradient of an expected cost, where it has no explicit form:
 *
 *     L(θ) = E[c(x)],  x ~ p(x; θ)
 *
 * | method | estimate of ∂L/∂θ, a mean over draws | |
 * |---|---|---|
 * | "score-function" | (c(x) − b) · ∂log p(x; θ)/∂θ | unbiased for any cost; see `scoreFunction` |
 * | "reparametrized" | ∂c(x)/∂x · ∂x/∂θ | unbiased; c has a derivative, and p has `rsample` |
 * | "straight-through" | ∂c(x)/∂x · ∂E[x]/∂θ | biased unless c is linear; see `straightThrough` |
 * | "spsa" | see `spsa`; there is no distribution: f is a cost of the parameters | bias O(c²) |
 *
 * The expected cost is the mean over all draws, and over the elements of the batch if p has one. Costs may be numbers:
 * a black box. It works within `compile` if the cost does.
 * Shapes: draws [S, ...batch, ...event] → costs [S, ...batch], or its first axes alone, such as [S].
 * @example
 * // The probability of heads that wins most often: the cost is a black box.
 * const { gradient } = estimateGradient(
 *   (x) => Array.from(x.data, (heads) => (heads === 1 ? -1 : 0)),
 *   zeros([]),
 *   { method: "score-function", distribution: (logits) => new Bernoulli({ logits }), samples: 1000, baseline: "leave-one-out" },
 * );
 * @throws ArgumentError, ShapeError, DTypeError, OptionError; what f throws
 */
export function estimateGradient<P extends Tree>(
  f: CostOfDraws,
  parameters: P,
  options: ScoreFunctionEstimate<P> | PathwiseEstimate<P>,
): DrawnGradientEstimate<P>;
export function estimateGradient<P extends Tree>(
  f: BlackBox<P>,
  parameters: P,
  options: SpsaEstimate,
): GradientEstimate<P>;
export function estimateGradient<P extends Tree>(
  f: CostOfDraws | BlackBox<P>,
  parameters: P,
  options: ScoreFunctionEstimate<P> | PathwiseEstimate<P> | SpsaEstimate,
): GradientEstimate<P> {
  checkFunction(NAME, "f", f);
  if (!isPlainObject(options)) {
    throw new ArgumentError(`${NAME}: expected an object of options, got ${describe(options)}`);
  }
  checkChoice(NAME, "method", options.method, [
    "score-function",
    "reparametrized",
    "straight-through",
    "spsa",
  ]);
  if (options.method === "spsa") {
    const { method: _, ...rest } = options;
    return spsa(f as BlackBox<P>, parameters, rest);
  }
  return options.method === "score-function"
    ? byScore(f as CostOfDraws, parameters, options)
    : byPath(f as CostOfDraws, parameters, options);
}

const NAME = "estimateGradient";
const OF_DRAWS = ["method", "distribution", "samples", "generator"];

function byScore<P extends Tree>(
  f: CostOfDraws,
  parameters: P,
  options: ScoreFunctionEstimate<P>,
): DrawnGradientEstimate<P> {
  checkOptions(NAME, options, [...OF_DRAWS, "baseline", "context"]);
  const { baseline = "none", context } = options;
  const samples = readSamples(options.samples, baseline === "leave-one-out" ? 2 : 1);
  checkBaseline(baseline);
  if (context !== undefined) checkTensor(NAME, "context", context);
  const estimate = average(parameters, options, samples, (p, shape, generator) => {
    const draws = detach(p.sample(shape, { generator }));
    const logProb = p.logProb(draws);
    const costs = readCosts(f, draws, samples, logProb.dtype);
    const b =
      baseline === "none"
        ? undefined
        : baseline === "leave-one-out"
          ? leaveOneOut(detach(costs))
          : baseline.predict(detach(costs), context);
    return { draws, costs, surrogate: scoreFunction(costs, logProb, b === undefined ? {} : { baseline: b }) };
  });
  if (typeof baseline !== "string") baseline.update(estimate.costs, context);
  return estimate;
}

function byPath<P extends Tree>(
  f: CostOfDraws,
  parameters: P,
  options: PathwiseEstimate<P>,
): DrawnGradientEstimate<P> {
  checkOptions(NAME, options, OF_DRAWS);
  const samples = readSamples(options.samples, 1);
  return average(parameters, options, samples, (p, shape, generator) => {
    const draws =
      options.method === "reparametrized"
        ? reparametrized(p, shape, generator)
        : through(p, shape, generator);
    const costs = readCosts(f, draws, samples, draws.dtype);
    if (draws.requiresGrad && !costs.requiresGrad) {
      throw new ArgumentError(
        `${NAME}: expected costs that have a derivative with respect to the draws, got ones without; "score-function" does without`,
      );
    }
    return { draws, costs, surrogate: costs };
  });
}

function reparametrized(p: Samplable, shape: Shape, generator: Generator): Tensor {
  if (typeof p.rsample === "function") return p.rsample(shape, { generator });
  throw new ArgumentError(
    `${NAME}: expected a distribution with rsample, got ${describe(p)}; "score-function" does without`,
  );
}

/** Draws whose derivative is that of the mean. */
function through(p: Samplable, shape: Shape, generator: Generator): Tensor {
  const hard = detach(p.sample(shape, { generator }));
  return straightThrough(hard, p.mean.expand(hard.shape));
}

interface Drawn {
  readonly draws: Tensor;
  readonly costs: Tensor;
  /** Has the values of the costs, and the derivative that is the estimate. */
  readonly surrogate: Tensor;
}

function average<P extends Tree>(
  parameters: P,
  options: Draws<P>,
  samples: number,
  draw: (p: Samplable, shape: Shape, generator: Generator) => Drawn,
): DrawnGradientEstimate<P> {
  checkFunction(NAME, "distribution", options.distribution);
  const generator = readGenerator(NAME, options.generator);
  let drawn: Drawn | undefined;
  const expected = (own: P): Tensor => {
    const p = checkDistribution(options.distribution(own));
    drawn = draw(p, [samples], generator);
    return mean(drawn.surrogate);
  };
  const differentiated: (own: P) => [value: Tensor, gradient: unknown] = valueAndGrad(expected);
  const [value, gradient] = differentiated(parameters);
  const { draws, costs } = drawn as Drawn;
  return { value: detach(value), gradient: gradient as Like<P>, draws: detach(draws), costs: detach(costs) };
}

function readSamples(samples: unknown, min: number): number {
  return checkNumber(NAME, "samples", samples ?? min, { min, integer: true });
}

function checkBaseline(baseline: unknown): void {
  const has = (method: keyof Baseline): boolean =>
    typeof baseline === "object" && baseline !== null && typeof Reflect.get(baseline, method) === "function";
  if (baseline === "none" || baseline === "leave-one-out" || (has("predict") && has("update"))) return;
  throw new ArgumentError(
    `${NAME}: expected baseline to be "none", "leave-one-out" or an object with predict and update, got ${describe(baseline)}`,
  );
}

function checkDistribution(p: unknown): Samplable {
  const isOne =
    typeof p === "object" &&
    p !== null &&
    ["sample", "logProb"].every((method) => typeof Reflect.get(p, method) === "function");
  if (isOne) return p as Samplable;
  throw new ArgumentError(
    `${NAME}: expected distribution to give one with sample and logProb, got ${describe(p)}`,
  );
}

/** The costs of the draws, as a tensor whose first axis is that of the draws. */
function readCosts(f: CostOfDraws, draws: Tensor, samples: number, dtype: DType): Tensor {
  const given = f(draws);
  if (!isTensor(given) && !Array.isArray(given) && !ArrayBuffer.isView(given)) {
    throw new ArgumentError(`${NAME}: expected f to give the costs of the draws, got ${describe(given)}`);
  }
  const costs = isTensor(given)
    ? to(given, dtype)
    : tensor(Array.from(given as readonly number[]), { dtype });
  if (costs.rank >= 1 && costs.shape[0] === samples) return costs;
  throw new ShapeError(
    `${NAME}: expected f to give one cost for each of ${samples} draws, got shape ${format(costs.shape)}`,
  );
}
