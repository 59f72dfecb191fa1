import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { exp } from "../ops/exp.js";
import { less } from "../ops/less.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, real } from "./constraints.js";
import type { DistributionOptions } from "./distribution.js";
import { complement } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { openUniform } from "./noise.js";
import { registerDistribution } from "./registry.js";

/**
 * The Laplace distribution (torch.distributions.Laplace):
 *
 *     p(x) = exp(−|x − loc|/scale) / (2·scale)
 *
 * Parameters: loc, any; scale > 0. They broadcast to batchShape. Support: all numbers. Samples are loc + scale·ε with
 * ε from the inverse distribution function of a uniform number.
 * @example new Laplace(0, 1).cdf(0).item()   // 0.5
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Laplace extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("Laplace", loc, scale, options);
  }

  get support(): Constraint {
    return real;
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  override get variance(): Tensor {
    return mul(square(this.scale), 2);
  }

  override get stddev(): Tensor {
    return mul(this.scale, Math.SQRT2);
  }

  override entropy(): Tensor {
    return add(log(this.scale), 1 + Math.LN2);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const noise = standardQuantile(openUniform(shape, generator));
    return this.located(to(noise, this.dtype));
  }

  protected override logDensity(value: Tensor): Tensor {
    return sub(neg(div(abs(sub(value, this.loc)), this.scale)), add(log(this.scale), Math.LN2));
  }

  protected override cumulative(x: Tensor): Tensor {
    const z = this.standardized(x);
    // Half of e^z on the left, so that small probabilities keep their digits; 1 − half of e^(−z) on the right.
    const half = mul(exp(neg(abs(z))), 0.5);
    return where(less(z, 0), half, complement(half));
  }

  protected override quantile(p: Tensor): Tensor {
    return this.located(standardQuantile(p));
  }
}

/** ln 2p up to ½, −ln(2·(1 − p)) from there on. */
function standardQuantile(p: Tensor): Tensor {
  const isLow = less(p, 0.5);
  const distance = log(mul(where(isLow, p, complement(p)), 2));
  return where(isLow, distance, neg(distance));
}

// −ln r + d/q's scale + r·e^(−d/p's scale) − 1 with r the ratio of the scales and d the distance (Gil, 2011).
defineKL(Laplace, Laplace, (p, q) => {
  const r = div(p.scale, q.scale);
  const d = abs(sub(p.loc, q.loc));
  return sub(add(div(d, q.scale), mul(r, exp(neg(div(d, p.scale))))), add(log(r), 1));
});

registerDistribution(Laplace, {
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
