import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { expm1 } from "../ops/expm1.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { reciprocal } from "../ops/reciprocal.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, nonnegative, positive } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { everywhere } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { standardExponential } from "./noise.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The exponential distribution, of the time to the first event (torch.distributions.Exponential):
 *
 *     p(x) = rate·e^(−rate·x)   for x ≥ 0
 *
 * Parameter: rate > 0. Its shape is batchShape. Support: numbers ≥ 0. Samples are −ln(u)/rate.
 * @example new Exponential(2).mean.item()   // 0.5
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Exponential extends Distribution {
  readonly rate: Tensor;

  constructor(rate: Operand, options: DistributionOptions = {}) {
    const { parameters, spec } = readParameters("Exponential", { rate }, { rate: positive }, options);
    super(spec);
    this.rate = parameters.rate;
  }

  get support(): Constraint {
    return nonnegative;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return reciprocal(this.rate);
  }

  override get mode(): Tensor {
    return everywhere(0, this);
  }

  override get variance(): Tensor {
    return square(this.mean);
  }

  override get stddev(): Tensor {
    return this.mean;
  }

  override entropy(): Tensor {
    return sub(1, log(this.rate));
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return div(standardExponential(shape, this.dtype, generator), this.rate);
  }

  protected override logDensity(value: Tensor): Tensor {
    return sub(log(this.rate), mul(this.rate, value));
  }

  protected override cumulative(x: Tensor): Tensor {
    return neg(expm1(neg(mul(this.rate, clamp(x, { min: 0 })))));
  }

  protected override quantile(p: Tensor): Tensor {
    return div(neg(log1p(neg(p))), this.rate);
  }

  protected override expanded(batchShape: Shape): Exponential {
    return new Exponential(expand(this.rate, batchShape), this.inherited);
  }
}

// r − 1 − ln r with r = q's rate over p's.
defineKL(Exponential, Exponential, (p, q) => {
  const r = div(q.rate, p.rate);
  return sub(add(neg(log(r)), r), 1);
});

registerDistribution(Exponential, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3], 0.3, 2)], value: floats([3], 0.1, 4) },
    { note: "a number", arguments: [1.5, { dtype: "float64" }], value: floats([4], 0.1, 4) },
    { note: "several samples", arguments: [floats([2, 3], 0.3, 2)], value: floats([4, 2, 3], 0.1, 4) },
    { note: "small and large", arguments: [values([0.01, 1e3, 2])], value: values([50, 0.001, 3]) },
  ],
});
