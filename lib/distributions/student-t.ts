import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { betainc } from "../ops/betainc.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { exp } from "../ops/exp.js";
import { expand } from "../ops/expand.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { lessEqual } from "../ops/less-equal.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { full } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, positive, real } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { complement } from "./elementary.js";
import { logBeta } from "./log-beta.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/** Nearer to the middle than this the distribution function is a line to all digits. */
const FLAT = 1e-6;

/**
 * Student's t distribution (torch.distributions.StudentT), with ν = df degrees of freedom:
 *
 *     p(x) = (1 + z²/ν)^(−(ν + 1)/2) / (scale·√ν·B(½, ν/2)),   z = (x − loc)/scale
 *
 * Parameters: df > 0; loc, any, default 0; scale > 0, default 1. They broadcast to batchShape. Support: all numbers.
 * The mean is NaN for ν ≤ 1; the variance is NaN for ν ≤ 1 and ∞ for ν ≤ 2. Samples are loc + scale·ε·√(ν/χ²) with
 * ε ~ N(0, 1) and χ² of ν degrees of freedom.
 * `cdf` has derivatives by x, loc and scale.
 * @example new StudentT(3).variance.item()   // 3
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class StudentT extends Distribution {
  readonly df: Tensor;
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(df: Operand, loc: Operand = 0, scale: Operand = 1, options: DistributionOptions = {}) {
    const { parameters, spec } = readParameters(
      "StudentT",
      { df, loc, scale },
      { df: positive, loc: real, scale: positive },
      options,
    );
    super(spec);
    this.df = parameters.df;
    this.loc = parameters.loc;
    this.scale = parameters.scale;
  }

  get support(): Constraint {
    return real;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return where(lessEqual(this.df, 1), Number.NaN, this.loc);
  }

  override get mode(): Tensor {
    return this.loc;
  }

  /** scale²·ν/(ν − 2) */
  override get variance(): Tensor {
    const { df } = this;
    const isFinite = greater(df, 2);
    const above = where(isFinite, df, 3);
    const finite = div(mul(square(this.scale), above), sub(above, 2));
    const rest = where(greater(df, 1), full([], Number.POSITIVE_INFINITY, { dtype: this.dtype }), Number.NaN);
    return where(isFinite, finite, rest);
  }

  override entropy(): Tensor {
    const half = mul(this.df, 0.5);
    const slopes = sub(digamma(add(half, 0.5)), digamma(half));
    return add(this.#logConstant, mul(add(half, 0.5), slopes));
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const half = mul(this.df, 0.5);
    const noise = generator.normal(shape, { dtype: this.dtype });
    // ν/χ² = (ν/2)/g for a gamma number g, whose logarithm is exact also for a small ν.
    const logRatio = sub(log(half), generator.logStandardGamma(half, { shape }));
    return add(this.loc, mul(this.scale, mul(noise, exp(mul(logRatio, 0.5)))));
  }

  protected override logDensity(value: Tensor): Tensor {
    const z = this.#standardized(value);
    const spread = mul(add(this.df, 1), log1p(div(square(z), this.df)));
    return sub(mul(spread, -0.5), this.#logConstant);
  }

  // Half of I_(ν/(ν + z²))(ν/2, ½) on the left, so that small probabilities keep their digits.
  protected override cumulative(x: Tensor): Tensor {
    const z = this.#standardized(x);
    // There the slope of I is infinite and that of its argument 0: a line is as exact.
    const isFlat = less(abs(z), FLAT);
    const squares = square(where(isFlat, 1, z));
    const half = mul(betainc(mul(this.df, 0.5), 0.5, div(this.df, add(this.df, squares))), 0.5);
    const line = add(mul(z, exp(neg(this.#logNormalizer))), 0.5);
    return where(isFlat, line, where(less(z, 0), half, complement(half)));
  }

  protected override expanded(batchShape: Shape): StudentT {
    const [df, loc, scale] = [this.df, this.loc, this.scale].map((x) => expand(x, batchShape));
    return new StudentT(df as Tensor, loc, scale, this.inherited);
  }

  /** ln(scale·√ν·B(½, ν/2)) */
  get #logConstant(): Tensor {
    return add(log(this.scale), this.#logNormalizer);
  }

  /** ln(√ν·B(½, ν/2)) */
  get #logNormalizer(): Tensor {
    const half = full([], 0.5, { dtype: this.dtype });
    return add(mul(log(this.df), 0.5), logBeta(half, mul(this.df, 0.5)));
  }

  #standardized(x: Tensor): Tensor {
    return div(sub(x, this.loc), this.scale);
  }
}

registerDistribution(StudentT, {
  fixedInCdf: 1,
  cases: ({ floats, values }) => [
    {
      note: "a batch",
      arguments: [floats([3], 2.5, 6), floats([3]), floats([3], 0.3, 2)],
      value: floats([3]),
    },
    {
      note: "few degrees of freedom",
      arguments: [values([0.5, 1.5, 2]), values(0.5), values(2)],
      value: floats([4, 3]),
    },
  ],
});
