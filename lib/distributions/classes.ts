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
import { slice } from "../ops/slice.js";
import { softmax } from "../ops/softmax.js";
import { squeeze } from "../ops/squeeze.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import type { Generator } from "../random/generator.js";
import { broadcast, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { logWeights, weights } from "./constraints.js";
import type { DistributionOptions, DistributionSpec } from "./distribution.js";
import { surprise, weighted } from "./elementary.js";
import { readOneOf, readVectors } from "./parameters.js";

/** Options of a distribution over K classes: probabilities, or logarithms of what they are in proportion to. */
export type ClassOptions = DistributionOptions &
  (
    | { readonly probs: Tensor; readonly logits?: undefined }
    | { readonly logits: Tensor; readonly probs?: undefined }
  );

/** Probabilities of K classes, given as such or by logits: each quantity from what is given, without a detour. */
export class Classes {
  readonly given: "probs" | "logits";
  /** Probabilities of sum 1, or logits, which need not be normalized: [..., K]. */
  readonly parameter: Tensor;

  constructor(given: "probs" | "logits", parameter: Tensor) {
    this.given = given;
    this.parameter = parameter;
  }

  /** K */
  get count(): number {
    return this.parameter.shape.at(-1) as number;
  }

  get probs(): Tensor {
    return this.given === "probs" ? this.parameter : softmax(this.parameter, { dim: -1 });
  }

  get logProbs(): Tensor {
    return this.given === "probs" ? log(this.parameter) : logSoftmax(this.parameter, { dim: -1 });
  }

  /** −Σ p·ln p */
  get entropy(): Tensor {
    if (this.given === "probs") return sum(surprise(this.parameter), { dim: -1 });
    return neg(sum(weighted(this.probs, this.logProbs), { dim: -1 }));
  }

  /** Σ p·ln(p/q) */
  divergence(q: Classes): Tensor {
    return sum(weighted(this.probs, sub(this.logProbs, q.logProbs)), { dim: -1 });
  }

  /** The logarithms of the probabilities of int32 classes, whose shape broadcasts with that of the batch. */
  logProbOf(index: Tensor): Tensor {
    const shape = broadcast("logProb", index.shape, this.parameter.shape.slice(0, -1));
    const at = unsqueeze(expand(index, shape), -1);
    const pick = (x: Tensor): Tensor =>
      squeeze(gather(expand(x, [...shape, this.count]), -1, at), { dim: -1 });
    // Of probabilities only the one that is asked for: the logarithm of another may be infinite.
    return this.given === "probs" ? log(pick(this.parameter)) : pick(this.logProbs);
  }

  /**
   * Classes at random, int32. By the inverse of the distribution function: how many of its steps are at or below u.
   * Steps of height 0 are passed over, and u·total is below the last step.
   */
  draw(shape: Shape, generator: Generator): Tensor {
    const steps = cumsum(to(this.probs, "float64"), -1);
    const total = slice(steps, -1, { start: -1 });
    const u = unsqueeze(generator.uniform(shape, { dtype: "float64" }), -1);
    return countNonzero(lessEqual(steps, mul(u, total)), { dim: -1 });
  }

  /** The options of a distribution with these classes for a batch of that shape. */
  expand(batchShape: Shape): ClassOptions {
    const parameter = expand(this.parameter, [...batchShape, this.count]);
    return this.given === "probs" ? { probs: parameter } : { logits: parameter };
  }
}

/** The classes in the options. @throws ArgumentError, ShapeError, DTypeError, OptionError */
export function readClasses(
  name: string,
  options: ClassOptions,
): { readonly classes: Classes; readonly spec: DistributionSpec } {
  const given = readOneOf(name, options, ["probs", "logits"]);
  const constraint = given === "probs" ? weights : logWeights;
  const { vectors, spec } = readVectors(name, given, options[given] as Tensor, constraint, options, [
    "probs",
    "logits",
  ]);
  const parameter = given === "probs" ? div(vectors, sum(vectors, { dim: -1, keepdim: true })) : vectors;
  return { classes: new Classes(given, parameter), spec };
}
