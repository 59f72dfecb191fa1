import { add } from "../ops/add.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { exp } from "../ops/exp.js";
import { expand } from "../ops/expand.js";
import { greater } from "../ops/greater.js";
import { lessEqual } from "../ops/less-equal.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
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
import { logBeta } from "./log-beta.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * Student's t distribution (torch.distributions.StudentT), with ν = df degrees of freedom:
 *
 *     p(x) = (1 + z²/ν)^(−(ν + 1)/2) / (scale·√ν·B(½, ν/2)),   z = (x − loc)/scale
 *
 * Parameters: df > 0; loc, any, default 0; scale > 0, default 1. They broadcast to batchShape. Support: all numbers.
 * The mean is NaN for ν ≤ 1; the variance is NaN for ν ≤ 1 and ∞ for ν ≤ 2. Samples are loc + scale·ε·√(ν/χ²) with
 * ε ~ N(0, 1) and χ² of ν degrees of freedom.
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
    const z = div(sub(value, this.loc), this.scale);
    const spread = mul(add(this.df, 1), log1p(div(square(z), this.df)));
    return sub(mul(spread, -0.5), this.#logConstant);
  }

  protected override expanded(batchShape: Shape): StudentT {
    const [df, loc, scale] = [this.df, this.loc, this.scale].map((x) => expand(x, batchShape));
    return new StudentT(df as Tensor, loc, scale, this.inherited);
  }

  /** ln(scale·√ν·B(½, ν/2)) */
  get #logConstant(): Tensor {
    const half = full([], 0.5, { dtype: this.dtype });
    return add(log(this.scale), add(mul(log(this.df), 0.5), logBeta(half, mul(this.df, 0.5))));
  }
}

registerDistribution(StudentT, {
  cases: ({ floats, values }) => [
    {
      note: "a batch",
      arguments: [floats([3], 2.5, 6), floats([3]), floats([3], 0.3, 2)],
      value: floats([3]),
    },
    { note: "few degrees of freedom", arguments: [values([0.5, 1.5, 2]), 0.5, 2], value: floats([4, 3]) },
  ],
});
