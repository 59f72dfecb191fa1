import { argmax } from "../ops/argmax.js";
import { countNonzero } from "../ops/count-nonzero.js";
import { cumsum } from "../ops/cumsum.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { gather } from "../ops/gather.js";
import { lessEqual } from "../ops/less-equal.js";
import { log } from "../ops/log.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { softmax } from "../ops/softmax.js";
import { squeeze } from "../ops/squeeze.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { arange } from "../tensor/create.js";
import { broadcast, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, logWeights, upTo, weights } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { everywhere, surprise, weighted } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { readOneOf, readVectors } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/** Options of a distribution over K classes: probabilities, or logarithms of what they are in proportion to. */
export type ClassOptions = DistributionOptions &
  (
    | { readonly probs: Tensor; readonly logits?: undefined }
    | { readonly logits: Tensor; readonly probs?: undefined }
  );

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
  /** K */
  readonly numClasses: number;
  readonly #given: "probs" | "logits";
  /** Probabilities that are normalized, or logits that are not. */
  readonly #parameter: Tensor;

  constructor(options: ClassOptions) {
    const given = readOneOf("Categorical", options, ["probs", "logits"]);
    const constraint = given === "probs" ? weights : logWeights;
    const { vectors, spec } = readVectors(
      "Categorical",
      given,
      options[given] as Tensor,
      constraint,
      options,
      ["probs", "logits"],
    );
    super(spec);
    this.numClasses = vectors.shape.at(-1) as number;
    this.#given = given;
    this.#parameter = given === "probs" ? div(vectors, sum(vectors, { dim: -1, keepdim: true })) : vectors;
  }

  /** Probabilities of sum 1. Shape: [...batchShape, K]. */
  get probs(): Tensor {
    return this.#given === "probs" ? this.#parameter : softmax(this.#parameter, { dim: -1 });
  }

  /** Their logarithms. Shape: [...batchShape, K]. */
  get logits(): Tensor {
    return this.#given === "probs" ? log(this.#parameter) : logSoftmax(this.#parameter, { dim: -1 });
  }

  get support(): Constraint {
    return upTo(this.numClasses - 1, `${this.numClasses - 1}`);
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
    return argmax(this.#parameter, { dim: -1 });
  }

  override entropy(): Tensor {
    if (this.#given === "probs") return sum(surprise(this.#parameter), { dim: -1 });
    return neg(sum(weighted(this.probs, this.logits), { dim: -1 }));
  }

  /** int32 */
  override enumerateSupport(): Tensor {
    const classes = arange(this.numClasses, { dtype: "int32" });
    return expand(reshape(classes, [this.numClasses, ...this.batchShape.map(() => 1)]), [
      this.numClasses,
      ...this.batchShape,
    ]);
  }

  // The inverse of the distribution function: how many of its steps are at or below u. Steps of height 0 are passed
  // over, and u < 1 is below the last.
  protected override draw(shape: Shape, generator: Generator): Tensor {
    const steps = cumsum(to(this.probs, "float64"), -1);
    const total = slice(steps, -1, { start: -1 });
    const u = unsqueeze(generator.uniform(shape, { dtype: "float64" }), -1);
    return countNonzero(lessEqual(steps, mul(u, total)), { dim: -1 });
  }

  protected override logDensity(value: Tensor): Tensor {
    const full = broadcast("Categorical.logProb", value.shape, this.batchShape);
    const index = unsqueeze(expand(to(value, "int32"), full), -1);
    const pick = (x: Tensor): Tensor => squeeze(gather(expand(x, [...full, this.numClasses]), -1, index), { dim: -1 });
    // Of probabilities only the one that is asked for: the logarithm of another may be infinite.
    return this.#given === "probs" ? log(pick(this.#parameter)) : pick(this.logits);
  }

  protected override cumulative(x: Tensor): Tensor {
    const isBelow = lessEqual(arange(this.numClasses, { dtype: this.dtype }), unsqueeze(x, -1));
    return sum(where(isBelow, this.probs, 0), { dim: -1 });
  }

  protected override expanded(batchShape: Shape): Categorical {
    const parameter = expand(this.#parameter, [...batchShape, this.numClasses]);
    const options = this.#given === "probs" ? { probs: parameter } : { logits: parameter };
    return new Categorical({ ...options, ...this.inherited });
  }
}

defineKL(Categorical, Categorical, categoricalKL);

/** Σ p·ln(p/q) */
export function categoricalKL(p: Categorical, q: Categorical): Tensor {
  return sum(weighted(p.probs, sub(p.logits, q.logits)), { dim: -1 });
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
