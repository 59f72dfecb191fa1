import { argmax } from "../ops/argmax.js";
import { expand } from "../ops/expand.js";
import { mul } from "../ops/mul.js";
import { oneHot } from "../ops/one-hot.js";
import { reshape } from "../ops/reshape.js";
import type { Generator } from "../random/generator.js";
import { eye } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Classes, type ClassOptions, readClasses } from "./classes.js";
import { type Constraint, oneHotVector } from "./constraints.js";
import { Distribution } from "./distribution.js";
import { complement } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { registerDistribution } from "./registry.js";
import { readStraightThrough, type StraightThroughOptions, straightThrough } from "./straight-through.js";

/**
 * The categorical distribution whose samples are vectors with 1 at the class and 0 elsewhere
 * (torch.distributions.OneHotCategorical; with `rsample`, OneHotCategoricalStraightThrough).
 * Parameters: probs or logits [..., K], as of `Categorical`. batchShape: the axes in front; eventShape: [K]. Support:
 * one-hot vectors, as floats; `logProb` also takes int32 and bool.
 * @example new OneHotCategorical({ probs: tensor([1, 3]) }).mean   // [0.25, 0.75]
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class OneHotCategorical extends Distribution {
  readonly #classes: Classes;

  constructor(options: ClassOptions) {
    const { classes, spec } = readClasses("OneHotCategorical", options);
    super({ ...spec, eventShape: [classes.count] });
    this.#classes = classes;
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
    return oneHotVector;
  }

  override get hasEnumerateSupport(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return this.probs;
  }

  override get variance(): Tensor {
    return mul(this.probs, complement(this.probs));
  }

  override get mode(): Tensor {
    return this.#asVectors(argmax(this.#classes.parameter, { dim: -1 }));
  }

  override entropy(): Tensor {
    return this.#classes.entropy;
  }

  /**
   * Draws with the value of `sample` and, with `straightThrough`, the gradient of the mean, which is biased.
   * @throws GraphError without `straightThrough`; ShapeError, OptionError, ArgumentError
   */
  override rsample(shape: Shape = [], options: StraightThroughOptions = {}): Tensor {
    const { generator } = this.readSampling("rsample", shape, options, ["straightThrough"]);
    if (!readStraightThrough("OneHotCategorical.rsample", options))
      return super.rsample(shape, { generator });
    return straightThrough(this.sample(shape, { generator }), this.probs);
  }

  override enumerateSupport(): Tensor {
    const count = this.#classes.count;
    const vectors = reshape(eye(count, { dtype: this.dtype }), [
      count,
      ...this.batchShape.map(() => 1),
      count,
    ]);
    return expand(vectors, [count, ...this.batchShape, count]);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return this.#asVectors(this.#classes.draw(shape.slice(0, -1), generator));
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.#classes.logProbOf(argmax(value, { dim: -1 }));
  }

  protected override expanded(batchShape: Shape): OneHotCategorical {
    return new OneHotCategorical({ ...this.#classes.expand(batchShape), ...this.inherited });
  }

  #asVectors(index: Tensor): Tensor {
    return oneHot(index, this.#classes.count, this.dtype);
  }

  static {
    defineKL(OneHotCategorical, OneHotCategorical, (p, q) => p.#classes.divergence(q.#classes));
  }
}

registerDistribution(OneHotCategorical, {
  cases: ({ floats, values }) => [
    {
      note: "probs",
      arguments: [{ probs: floats([3, 4], 0.1, 2) }],
      value: values([
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 1],
      ]),
    },
    {
      note: "logits",
      arguments: [{ logits: floats([2, 3]) }],
      value: values([
        [
          [0, 1, 0],
          [1, 0, 0],
        ],
        [
          [0, 0, 1],
          [0, 1, 0],
        ],
      ]),
    },
  ],
});
