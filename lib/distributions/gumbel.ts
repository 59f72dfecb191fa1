import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { exp } from "../ops/exp.js";
import { lgamma } from "../ops/lgamma.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, real } from "./constraints.js";
import type { DistributionOptions } from "./distribution.js";
import { EULER } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { standardGumbel } from "./noise.js";
import { registerDistribution } from "./registry.js";

/**
 * The Gumbel distribution, of the largest of many numbers (torch.distributions.Gumbel):
 *
 *     p(x) = exp(−z − e^(−z)) / scale,   z = (x − loc)/scale
 *
 * Parameters: loc, any; scale > 0. They broadcast to batchShape. Support: all numbers. Mean loc + γ·scale with Euler's
 * constant γ. Samples are loc − scale·ln(−ln u).
 * @example new Gumbel(0, 1).cdf(0).item()   // 0.3679
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Gumbel extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("Gumbel", loc, scale, options);
  }

  get support(): Constraint {
    return real;
  }

  override get mean(): Tensor {
    return this.located(EULER);
  }

  override get mode(): Tensor {
    return this.loc;
  }

  override get variance(): Tensor {
    return mul(square(this.scale), Math.PI ** 2 / 6);
  }

  override get stddev(): Tensor {
    return mul(this.scale, Math.PI / Math.sqrt(6));
  }

  override entropy(): Tensor {
    return add(log(this.scale), 1 + EULER);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return this.located(standardGumbel(shape, this.dtype, generator));
  }

  protected override logDensity(value: Tensor): Tensor {
    const y = neg(this.standardized(value));
    return sub(sub(y, exp(y)), log(this.scale));
  }

  protected override cumulative(x: Tensor): Tensor {
    return exp(neg(exp(neg(this.standardized(x)))));
  }

  protected override quantile(p: Tensor): Tensor {
    return sub(this.loc, mul(this.scale, log(neg(log(p)))));
  }
}

// −ln r + d + γ·r + e^(−d)·Γ(1 + r) − 1 − γ with r the ratio of the scales and d the distance over q's.
defineKL(Gumbel, Gumbel, (p, q) => {
  const r = div(p.scale, q.scale);
  const d = div(sub(p.loc, q.loc), q.scale);
  const rest = exp(sub(lgamma(add(r, 1)), d));
  return sub(add(add(sub(d, log(r)), mul(r, EULER)), rest), 1 + EULER);
});

registerDistribution(Gumbel, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3]), floats([3], 0.3, 2)], value: floats([3]) },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1]), floats([3], 0.3, 2)],
      value: floats([4, 2, 3]),
    },
    { note: "far away", arguments: [values([0, 1]), values([0.1, 1e3])], value: values([3, -5e3]) },
  ],
});
