import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { expand } from "../ops/expand.js";
import { log } from "../ops/log.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { sigmoid } from "../ops/sigmoid.js";
import { sub } from "../ops/sub.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, real, unitInterval } from "./constraints.js";
import type { DistributionOptions, DistributionSpec } from "./distribution.js";
import { complement, surprise, weighted, xlog1py, xlogy } from "./elementary.js";
import { readOneOf, readParameters } from "./parameters.js";

/** Options of a distribution whose parameter is a probability p, or logits ln(p/(1 − p)). */
export type ChanceOptions = DistributionOptions &
  (
    | { readonly probs: Operand; readonly logits?: undefined }
    | { readonly logits: Operand; readonly probs?: undefined }
  );

/** Beyond these logits p or 1 − p is 0 to all digits, also of float64. */
const MOST_LOGITS = 1000;

/** A probability p of success, given as such or by its logits: each quantity from what is given, without a detour. */
export class Chance {
  readonly given: "probs" | "logits";
  readonly parameter: Tensor;

  constructor(given: "probs" | "logits", parameter: Tensor) {
    this.given = given;
    this.parameter = parameter;
  }

  /** p */
  get probs(): Tensor {
    return this.given === "probs" ? this.parameter : sigmoid(this.parameter);
  }

  /** 1 − p */
  get failure(): Tensor {
    return this.given === "probs" ? complement(this.parameter) : sigmoid(neg(this.parameter));
  }

  /** ln p */
  get logProbs(): Tensor {
    return this.given === "probs" ? log(this.parameter) : logSigmoid(this.parameter);
  }

  /** ln(1 − p) */
  get logFailure(): Tensor {
    return this.given === "probs" ? log1p(neg(this.parameter)) : logSigmoid(neg(this.parameter));
  }

  /** count·ln p, and 0 for a count of 0. */
  timesLogProbs(count: Tensor): Tensor {
    return this.given === "probs" ? xlogy(count, this.parameter) : weighted(count, this.logProbs);
  }

  /** count·ln(1 − p), and 0 for a count of 0. */
  timesLogFailure(count: Tensor): Tensor {
    if (this.given === "probs") return xlog1py(count, neg(this.parameter));
    return weighted(count, this.logFailure);
  }

  /** ln(p/(1 − p)) */
  get logits(): Tensor {
    return this.given === "logits" ? this.parameter : sub(this.logProbs, this.logFailure);
  }

  /** p·(1 − p) */
  get variance(): Tensor {
    return mul(this.probs, this.failure);
  }

  /** −p·ln p − (1 − p)·ln(1 − p) */
  get entropy(): Tensor {
    const { parameter } = this;
    if (this.given === "probs")
      return sub(surprise(parameter), xlog1py(complement(parameter), neg(parameter)));
    const l = clamp(parameter, { min: -MOST_LOGITS, max: MOST_LOGITS });
    const term = (x: Tensor): Tensor => mul(sigmoid(x), logSigmoid(x));
    return neg(add(term(l), term(neg(l))));
  }

  /** p·ln(p/q) + (1 − p)·ln((1 − p)/(1 − q)) */
  divergence(q: Chance): Tensor {
    const success = weighted(this.probs, sub(this.logProbs, q.logProbs));
    return add(success, weighted(this.failure, sub(this.logFailure, q.logFailure)));
  }

  expand(shape: Shape): Chance {
    return new Chance(this.given, expand(this.parameter, shape));
  }

  /** As options of a distribution. */
  get options(): ChanceOptions {
    return this.given === "probs" ? { probs: this.parameter } : { logits: this.parameter };
  }
}

/**
 * The probability in the options.
 * @param range of probs.
 * @throws as `readParameters`
 */
export function readChance(
  name: string,
  options: ChanceOptions,
  range: Constraint = unitInterval,
): { readonly chance: Chance; readonly spec: DistributionSpec } {
  const given = readOneOf(name, options, ["probs", "logits"]);
  const { parameters, spec } = readParameters<string>(
    name,
    { [given]: options[given] as Operand },
    { [given]: given === "probs" ? range : real },
    options,
    ["probs", "logits"],
  );
  return { chance: new Chance(given, parameters[given] as Tensor), spec };
}
