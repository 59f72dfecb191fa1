import { add } from "../ops/add.js";
import { argmax } from "../ops/argmax.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { exp } from "../ops/exp.js";
import { log } from "../ops/log.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { mul } from "../ops/mul.js";
import { oneHot } from "../ops/one-hot.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import type { Generator } from "../random/generator.js";
import { LEAST } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Classes, type ClassOptions, readClasses } from "./classes.js";
import { type Constraint, simplex } from "./constraints.js";
import { Distribution, type SampleAndLogProb, type SampleOptions } from "./distribution.js";
import { standardGumbel } from "./noise.js";
import { readBeside } from "./parameters.js";
import { registerDistribution } from "./registry.js";
import { readStraightThrough, type StraightThroughOptions, straightThrough } from "./straight-through.js";

/**
 * The Gumbel-softmax or concrete distribution, a relaxation of `OneHotCategorical` to vectors of probabilities
 * (Maddison, Mnih and Teh, 2017; Jang, Gu and Poole, 2017; torch.distributions.RelaxedOneHotCategorical):
 *
 *     x = softmax((logits + g)/τ),   g_k ~ Gumbel(0, 1)
 *     p(x) = Γ(K)·τ^(K−1)·Π_k (π_k·x_k^(−τ−1)) / (Σ_k π_k·x_k^(−τ))^K
 *
 * Parameters: temperature τ > 0, which broadcasts with batchShape; probs or logits [..., K], as of `Categorical`. Near
 * τ = 0 the samples are nearly one-hot. batchShape: the axes in front; eventShape: [K]. Support: vectors of numbers ≥ 0
 * with sum 1. A class without probability may make NaN.
 * `rsample({ straightThrough: true })` rounds the samples to one-hot vectors and keeps their gradient.
 * `rsampleWithLogProb` computes the density from logarithms, also where an element of x rounds to 0.
 * @example
 * const relaxed = new RelaxedOneHotCategorical(0.5, { logits: tensor([0, 1, 2]) });
 * relaxed.rsample([], { straightThrough: true }).sum().item();   // 1
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class RelaxedOneHotCategorical extends Distribution {
  /** τ. Shape: batchShape. */
  readonly temperature: Tensor;
  readonly #classes: Classes;

  constructor(temperature: Operand, options: ClassOptions) {
    const { classes, spec } = readClasses("RelaxedOneHotCategorical", options);
    super({ ...spec, eventShape: [classes.count] });
    this.#classes = classes;
    this.temperature = readBeside("RelaxedOneHotCategorical", "temperature", temperature, spec);
  }

  /** Probabilities of sum 1. Shape: [...batchShape, K]. */
  get probs(): Tensor {
    return this.#classes.probs;
  }

  /** Their logarithms. Shape: [...batchShape, K]. */
  get logits(): Tensor {
    return this.#classes.logProbs;
  }

  get support(): Constraint {
    return simplex;
  }

  override get hasRsample(): boolean {
    return true;
  }

  /**
   * Draws that are differentiable with respect to logits and temperature; with `straightThrough` one-hot vectors with
   * the gradient of these draws, which is biased.
   * @throws ShapeError, OptionError, ArgumentError
   */
  override rsample(shape: Shape = [], options: StraightThroughOptions = {}): Tensor {
    const { all, generator } = this.readSampling("rsample", shape, options, ["straightThrough"]);
    const soft = this.draw(all, generator);
    if (!readStraightThrough("RelaxedOneHotCategorical.rsample", options)) return soft;
    return straightThrough(oneHot(argmax(soft, { dim: -1 }), this.#classes.count, this.dtype), soft);
  }

  override rsampleWithLogProb(shape: Shape = [], options: SampleOptions = {}): SampleAndLogProb {
    const { all, generator } = this.readSampling("rsampleWithLogProb", shape, options);
    const logValue = this.#drawLog(all, generator);
    return { value: exp(logValue), logProb: this.#densityOf(logValue) };
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return exp(this.#drawLog(shape, generator));
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.#densityOf(log(clamp(value, { min: LEAST[this.dtype] })));
  }

  protected override expanded(batchShape: Shape): RelaxedOneHotCategorical {
    return new RelaxedOneHotCategorical(this.temperature, {
      ...this.#classes.expand(batchShape),
      ...this.inherited,
    });
  }

  /** The logarithm of a draw. */
  #drawLog(shape: Shape, generator: Generator): Tensor {
    const noisy = add(this.logits, standardGumbel(shape, this.dtype, generator));
    return logSoftmax(div(noisy, unsqueeze(this.temperature, -1)), { dim: -1 });
  }

  /** The log-density at x, of ln x. */
  #densityOf(logValue: Tensor): Tensor {
    const count = this.#classes.count;
    const score = sub(this.logits, mul(logValue, unsqueeze(this.temperature, -1)));
    const terms = sub(logSoftmax(score, { dim: -1 }), logValue);
    const constant = mul(log(this.temperature), count - 1);
    return add(add(sum(terms, { dim: -1 }), constant), logFactorial(count - 1));
  }
}

/** ln n! */
function logFactorial(n: number): number {
  let total = 0;
  for (let k = 2; k <= n; k++) total += Math.log(k);
  return total;
}

registerDistribution(RelaxedOneHotCategorical, {
  cases: ({ floats, values }) => [
    {
      note: "logits",
      arguments: [0.75, { logits: floats([2, 3]) }],
      value: values([
        [0.25, 0.5, 0.25],
        [0.125, 0.125, 0.75],
      ]),
    },
    {
      note: "probs and a temperature with gradient",
      arguments: [values(0.5), { probs: floats([2], 0.1, 2) }],
      value: values([
        [0.25, 0.75],
        [0.875, 0.125],
        [0.5, 0.5],
      ]),
    },
  ],
});
