import { argmax } from "../ops/argmax.js";
import { expand } from "../ops/expand.js";
import { lessEqual } from "../ops/less-equal.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { arange } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Classes, type ClassOptions, readClasses } from "./classes.js";
import { type Constraint, upTo } from "./constraints.js";
import { Distribution } from "./distribution.js";
import { everywhere } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { registerDistribution } from "./registry.js";

/**
 * The distribution of a class 0 … K − 1 (torch.distributions.Categorical):
 *
 *     P(k) = probs_k / Σ probs = softmax(logits)_k
 *
 * Parameters: probs ≥ 0 [..., K], not all 0, which are normalized; or logits [..., K], where −∞ excludes a class. The
 * axes in front are batchShape. Support: whole numbers in [0, K − 1]; samples are int32. A class without probability
 * has the log-probability −∞ and gradient 0; PyTorch gives it ε if probs are given.
 * @example new Categorical({ logits: tensor([0, Math.log(3)]) }).probs   // [0.25, 0.75]
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Categorical extends Distribution {
  readonly #classes: Classes;

  constructor(options: ClassOptions) {
    const { classes, spec } = readClasses("Categorical", options);
    super(spec);
    this.#classes = classes;
  }

  /** K */
  get numClasses(): number {
    return this.#classes.count;
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
    return upTo(this.numClasses - 1, `${this.numClasses - 1}`);
  }

  override get hasEnumerateSupport(): boolean {
    return true;
  }

  /** NaN: classes have no mean, as in PyTorch. */
  override get mean(): Tensor {
    return everywhere(Number.NaN, this);
  }

  /** NaN, as in PyTorch. */
  override get variance(): Tensor {
    return everywhere(Number.NaN, this);
  }

  /** int32 */
  override get mode(): Tensor {
    return argmax(this.#classes.parameter, { dim: -1 });
  }

  override entropy(): Tensor {
    return this.#classes.entropy;
  }

  /** int32 */
  override enumerateSupport(): Tensor {
    const count = this.numClasses;
    const values = reshape(arange(count, { dtype: "int32" }), [count, ...this.batchShape.map(() => 1)]);
    return expand(values, [count, ...this.batchShape]);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return this.#classes.draw(shape, generator);
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.#classes.logProbOf(to(value, "int32"));
  }

  protected override cumulative(x: Tensor): Tensor {
    const isBelow = lessEqual(arange(this.numClasses, { dtype: this.dtype }), unsqueeze(x, -1));
    return sum(where(isBelow, this.probs, 0), { dim: -1 });
  }

  protected override expanded(batchShape: Shape): Categorical {
    return new Categorical({ ...this.#classes.expand(batchShape), ...this.inherited });
  }

  static {
    defineKL(Categorical, Categorical, (p, q) => p.#classes.divergence(q.#classes));
  }
}

registerDistribution(Categorical, {
  cases: ({ floats, integers, values }) => [
    { note: "probs", arguments: [{ probs: floats([3, 4], 0.1, 2) }], value: integers([3], 4) },
    { note: "logits", arguments: [{ logits: floats([2, 3, 5]) }], value: integers([4, 2, 3], 5) },
    { note: "no batch", arguments: [{ logits: floats([4]) }], value: integers([6], 4) },
    { note: "one class", arguments: [{ logits: floats([2, 1]) }], value: integers([2], 1) },
    {
      note: "large logits",
      arguments: [{ logits: values([[1000, 999, -1000]]) }],
      value: values([[0], [1], [2]], "int32"),
    },
  ],
});
