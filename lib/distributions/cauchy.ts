import { add } from "../ops/add.js";
import { atan2 } from "../ops/atan2.js";
import { div } from "../ops/div.js";
import { less } from "../ops/less.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { reciprocal } from "../ops/reciprocal.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { tan } from "../ops/tan.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, real } from "./constraints.js";
import type { DistributionOptions } from "./distribution.js";
import { complement, everywhere } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { openUniform } from "./noise.js";
import { registerDistribution } from "./registry.js";

/**
 * The Cauchy distribution (torch.distributions.Cauchy):
 *
 *     p(x) = 1 / (π·scale·(1 + ((x − loc)/scale)²))
 *
 * Parameters: loc, any; scale > 0. They broadcast to batchShape. Support: all numbers. It has no mean (NaN) and no
 * finite variance (∞). Samples are loc + scale·tan(π·(u − ½)).
 * @example new Cauchy(0, 1).cdf(1).item()   // 0.75
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Cauchy extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("Cauchy", loc, scale, options);
  }

  get support(): Constraint {
    return real;
  }

  override get mean(): Tensor {
    return everywhere(Number.NaN, this);
  }

  override get mode(): Tensor {
    return this.loc;
  }

  override get variance(): Tensor {
    return everywhere(Number.POSITIVE_INFINITY, this);
  }

  override entropy(): Tensor {
    return add(log(this.scale), Math.log(4 * Math.PI));
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const noise = standardQuantile(openUniform(shape, generator));
    return this.located(to(noise, this.dtype));
  }

  protected override logDensity(value: Tensor): Tensor {
    const spread = log1p(square(this.standardized(value)));
    return sub(-Math.log(Math.PI), add(log(this.scale), spread));
  }

  protected override cumulative(x: Tensor): Tensor {
    // An angle from 0 to π: small probabilities keep their digits.
    return div(atan2(1, neg(this.standardized(x))), Math.PI);
  }

  protected override quantile(p: Tensor): Tensor {
    return this.located(standardQuantile(p));
  }
}

/** tan(π·(p − ½)), as −1/tan(π·p) up to ½ and 1/tan(π·(1 − p)) from there on. */
function standardQuantile(p: Tensor): Tensor {
  const isLow = less(p, 0.5);
  const distance = reciprocal(tan(mul(where(isLow, p, complement(p)), Math.PI)));
  return where(isLow, neg(distance), distance);
}

// ln((s + t)² + d²) − ln(4·s·t) (Chyzak and Nielsen, 2019).
defineKL(Cauchy, Cauchy, (p, q) => {
  const [s, t] = [p.scale, q.scale];
  const sum = add(square(add(s, t)), square(sub(p.loc, q.loc)));
  return sub(log(sum), log(mul(mul(s, t), 4)));
});

registerDistribution(Cauchy, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3]), floats([3], 0.3, 2)], value: floats([3]) },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1]), floats([3], 0.3, 2)],
      value: floats([4, 2, 3]),
    },
    { note: "far away", arguments: [values([0, 1]), values([1e-3, 1e3])], value: values([3, -5e6]) },
  ],
});
