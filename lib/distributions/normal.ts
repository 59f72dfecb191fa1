import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { erfc } from "../ops/erfc.js";
import { erfinv } from "../ops/erfinv.js";
import { exp } from "../ops/exp.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { log } from "../ops/log.js";
import { logicalAnd } from "../ops/logical-and.js";
import { mul } from "../ops/mul.js";
import type { Operand } from "../ops/operand.js";
import { sqrt } from "../ops/sqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, real } from "./constraints.js";
import type { DistributionOptions } from "./distribution.js";
import { HALF_LOG_TAU } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { registerDistribution } from "./registry.js";

/**
 * The normal distribution (torch.distributions.Normal):
 *
 *     p(x) = exp(−(x − loc)²/(2·scale²)) / (scale·√(2π))
 *
 * Parameters: loc, any; scale > 0, the standard deviation. They broadcast to batchShape. Support: all numbers.
 * Samples are loc + scale·ε, ε ~ N(0, 1). `cdf` and `icdf` keep their digits in the lower tail, where PyTorch's are 0
 * from −8.3 on and −∞ from 1e-17 on.
 * @example new Normal(0, 1).logProb(0).item()   // -0.9189
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Normal extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("Normal", loc, scale, options);
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
    return square(this.scale);
  }

  override get stddev(): Tensor {
    return this.scale;
  }

  override entropy(): Tensor {
    return add(log(this.scale), 0.5 + HALF_LOG_TAU);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return this.located(generator.normal(shape, { dtype: this.dtype }));
  }

  protected override logDensity(value: Tensor): Tensor {
    return normalLogDensity(this.standardized(value), this.scale);
  }

  protected override cumulative(x: Tensor): Tensor {
    return normalCumulative(this.standardized(x));
  }

  protected override quantile(p: Tensor): Tensor {
    return this.located(normalQuantile(p));
  }
}

/** −z²/2 − ln scale − ln(2π)/2: the log-density of loc + scale·z. */
export function normalLogDensity(z: Tensor, scale: Tensor): Tensor {
  return sub(mul(square(z), -0.5), add(log(scale), HALF_LOG_TAU));
}

/** Φ(z) = erfc(−z/√2)/2 */
export const normalCumulative = (z: Tensor): Tensor => mul(erfc(mul(z, -Math.SQRT1_2)), 0.5);

/** Below this probability 2p − 1 has lost digits of p. */
const TAIL = 1e-4;

/** Φ⁻¹(p) = √2·erf⁻¹(2p − 1), and in the lower tail by Newton's method for ln Φ(z) = ln p. */
export function normalQuantile(p: Tensor): Tensor {
  const isTail = logicalAnd(less(p, TAIL), greater(p, 0));
  const central = mul(erfinv(sub(mul(where(isTail, 0.5, p), 2), 1)), Math.SQRT2);
  const target = log(where(isTail, p, TAIL));
  let z = tailStart(target);
  for (let step = 0; step < TAIL_STEPS; step++) {
    const logPhi = log(normalCumulative(z));
    const slope = exp(sub(sub(mul(square(z), -0.5), HALF_LOG_TAU), logPhi));
    z = sub(z, div(sub(logPhi, target), slope));
  }
  return where(isTail, z, central);
}

/** The start is off by 5e-4, and each step squares the error. */
const TAIL_STEPS = 2;

/** Φ⁻¹(e^l) for an l below −9, off by less than 5e-4 (Hastings, 1955; Abramowitz and Stegun 26.2.23). */
function tailStart(l: Tensor): Tensor {
  const t = sqrt(mul(l, -2));
  const above = add(mul(add(mul(t, 0.010328), 0.802853), t), 2.515517);
  const below = add(mul(add(mul(add(mul(t, 0.001308), 0.189269), t), 1.432788), t), 1);
  return sub(div(above, below), t);
}

// (r² + d² − 1 − ln r²)/2 with r the ratio of the scales and d the distance over q's.
defineKL(Normal, Normal, (p, q) => {
  const r = square(div(p.scale, q.scale));
  const d = square(div(sub(p.loc, q.loc), q.scale));
  return mul(sub(sub(add(r, d), 1), log(r)), 0.5);
});

registerDistribution(Normal, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3]), floats([3], 0.3, 2)], value: floats([3]) },
    { note: "numbers", arguments: [0.5, 2, { dtype: "float64" }], value: floats([4]) },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1]), floats([3], 0.3, 2)],
      value: floats([4, 2, 3]),
    },
    { note: "far away", arguments: [values([0, 1]), values([1e-3, 1e3])], value: values([0.03, -5e3]) },
  ],
});
