import { add } from "../ops/add.js";
import { constantWhere } from "../ops/constant-where.js";
import { exp } from "../ops/exp.js";
import { expm1 } from "../ops/expm1.js";
import { lessEqual } from "../ops/less-equal.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, positive } from "./constraints.js";
import type { DistributionOptions } from "./distribution.js";
import { defineKL, klDivergence } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { Normal, normalCumulative, normalLogDensity, normalQuantile } from "./normal.js";
import { registerDistribution } from "./registry.js";

/**
 * The distribution of a number whose logarithm is normal (torch.distributions.LogNormal):
 *
 *     p(x) = exp(−(ln x − loc)²/(2·scale²)) / (x·scale·√(2π))
 *
 * Parameters: loc, any, and scale > 0, the mean and standard deviation of ln x. They broadcast to batchShape.
 * Support: numbers > 0. Samples are exp(loc + scale·ε), ε ~ N(0, 1).
 * @example new LogNormal(0, 1).logProb(1).item()   // -0.9189
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class LogNormal extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("LogNormal", loc, scale, options);
  }

  /** The distribution of ln x. */
  get base(): Normal {
    return new Normal(this.loc, this.scale, this.inherited);
  }

  get support(): Constraint {
    return positive;
  }

  /** exp(loc + scale²/2) */
  override get mean(): Tensor {
    return exp(add(this.loc, mul(square(this.scale), 0.5)));
  }

  /** exp(loc − scale²) */
  override get mode(): Tensor {
    return exp(sub(this.loc, square(this.scale)));
  }

  /** (e^(scale²) − 1)·exp(2·loc + scale²) */
  override get variance(): Tensor {
    const s = square(this.scale);
    return mul(expm1(s), exp(add(mul(this.loc, 2), s)));
  }

  override entropy(): Tensor {
    return add(this.base.entropy(), this.loc);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return exp(this.located(generator.normal(shape, { dtype: this.dtype })));
  }

  protected override logDensity(value: Tensor): Tensor {
    const y = log(value);
    return sub(normalLogDensity(this.standardized(y), this.scale), y);
  }

  protected override cumulative(x: Tensor): Tensor {
    return constantWhere(lessEqual(x, 0), 0, x, 1, (above) =>
      normalCumulative(this.standardized(log(above))),
    );
  }

  protected override quantile(p: Tensor): Tensor {
    return exp(this.located(normalQuantile(p)));
  }
}

defineKL(LogNormal, LogNormal, (p, q) => klDivergence(p.base, q.base));

registerDistribution(LogNormal, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3]), floats([3], 0.3, 1.5)], value: floats([3], 0.1, 4) },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1]), floats([3], 0.3, 1.5)],
      value: floats([4, 2, 3], 0.1, 4),
    },
    { note: "far away", arguments: [values([0, -3]), values([0.1, 5])], value: values([1e-3, 1e9]) },
  ],
});
