import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { expand } from "../ops/expand.js";
import { floor } from "../ops/floor.js";
import { gammaincc } from "../ops/gammaincc.js";
import { less } from "../ops/less.js";
import { lgamma } from "../ops/lgamma.js";
import { log } from "../ops/log.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, nonnegative, nonnegativeInteger } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { weighted, xlogy } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The Poisson distribution, of the number of events (torch.distributions.Poisson):
 *
 *     P(k) = rateᵏ·e^(−rate)/k!   for k = 0, 1, …
 *
 * Parameter: rate ≥ 0. Its shape is batchShape. Support: whole numbers ≥ 0, as floats. Its entropy has no closed form.
 * @example new Poisson(2).logProb(0).item()   // -2
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Poisson extends Distribution {
  readonly rate: Tensor;

  constructor(rate: Operand, options: DistributionOptions = {}) {
    const { parameters, spec } = readParameters("Poisson", { rate }, { rate: nonnegative }, options);
    super(spec);
    this.rate = parameters.rate;
  }

  get support(): Constraint {
    return nonnegativeInteger;
  }

  override get mean(): Tensor {
    return this.rate;
  }

  override get variance(): Tensor {
    return this.rate;
  }

  override get mode(): Tensor {
    return floor(this.rate);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return generator.poisson(this.rate, { shape });
  }

  protected override logDensity(value: Tensor): Tensor {
    return sub(sub(xlogy(value, this.rate), this.rate), lgamma(add(value, 1)));
  }

  protected override cumulative(x: Tensor): Tensor {
    const count = floor(clamp(x, { min: 0 }));
    return where(less(x, 0), 0, gammaincc(add(count, 1), this.rate));
  }

  protected override expanded(batchShape: Shape): Poisson {
    return new Poisson(expand(this.rate, batchShape), this.inherited);
  }
}

// p·ln(p/q) − p + q, of the rates.
defineKL(Poisson, Poisson, (p, q) =>
  sub(weighted(p.rate, sub(log(p.rate), log(q.rate))), sub(p.rate, q.rate)),
);

registerDistribution(Poisson, {
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3], 0.3, 6)], value: values([0, 3, 7]) },
    {
      note: "several samples",
      arguments: [floats([2], 0.3, 6)],
      value: values([
        [0, 3],
        [1, 12],
      ]),
    },
    { note: "large rates", arguments: [values([1e3, 50])], value: values([1010, 0]) },
  ],
});
