import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { gammainc } from "../ops/gammainc.js";
import { lgamma } from "../ops/lgamma.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import type { Generator } from "../random/generator.js";
import { LEAST } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, nonnegative, positive } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { xlogy } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The gamma distribution (torch.distributions.Gamma), with α = concentration:
 *
 *     p(x) = rate^α·x^(α − 1)·e^(−rate·x) / Γ(α)   for x ≥ 0
 *
 * Parameters: concentration > 0, rate > 0. They broadcast to batchShape. Support: numbers ≥ 0. Samples that round to 0
 * are held to the least normal number, where the density is finite.
 * @example new Gamma(2, 4).mean.item()   // 0.5
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Gamma extends Distribution {
  readonly concentration: Tensor;
  readonly rate: Tensor;

  constructor(concentration: Operand, rate: Operand, options: DistributionOptions = {}) {
    const { parameters, spec } = readParameters(
      "Gamma",
      { concentration, rate },
      { concentration: positive, rate: positive },
      options,
    );
    super(spec);
    this.concentration = parameters.concentration;
    this.rate = parameters.rate;
  }

  get support(): Constraint {
    return nonnegative;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return div(this.concentration, this.rate);
  }

  /** (α − 1)/rate, and 0 for α < 1. */
  override get mode(): Tensor {
    return clamp(div(sub(this.concentration, 1), this.rate), { min: 0 });
  }

  override get variance(): Tensor {
    return div(this.concentration, square(this.rate));
  }

  override entropy(): Tensor {
    const a = this.concentration;
    return add(sub(add(a, lgamma(a)), log(this.rate)), mul(sub(1, a), digamma(a)));
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const x = div(generator.standardGamma(this.concentration, { shape }), this.rate);
    return clamp(x, { min: LEAST[this.dtype] });
  }

  protected override logDensity(value: Tensor): Tensor {
    const a = this.concentration;
    const rising = add(mul(a, log(this.rate)), xlogy(sub(a, 1), value));
    return sub(sub(rising, mul(this.rate, value)), lgamma(a));
  }

  protected override cumulative(x: Tensor): Tensor {
    return gammainc(this.concentration, mul(this.rate, clamp(x, { min: 0 })));
  }

  protected override expanded(batchShape: Shape): Gamma {
    return new Gamma(expand(this.concentration, batchShape), expand(this.rate, batchShape), this.inherited);
  }
}

// b·ln(r/s) + ln Γ(b)/Γ(a) + (a − b)·ψ(a) + (s − r)·a/r with a, r of p and b, s of q.
defineKL(Gamma, Gamma, (p, q) => {
  const [a, b] = [p.concentration, q.concentration];
  const scaling = mul(b, log(div(p.rate, q.rate)));
  const normalizing = add(sub(lgamma(b), lgamma(a)), mul(sub(a, b), digamma(a)));
  return add(add(scaling, normalizing), mul(sub(q.rate, p.rate), p.mean));
});

registerDistribution(Gamma, {
  cases: ({ floats, values }) => [
    {
      note: "a batch",
      arguments: [floats([3], 0.3, 4), floats([3], 0.3, 2)],
      value: floats([3], 0.1, 4),
    },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1], 0.3, 4), floats([3], 0.3, 2)],
      value: floats([4, 2, 3], 0.1, 4),
    },
    {
      note: "small and large",
      arguments: [values([0.1, 1, 500]), values([1, 2, 3])],
      value: values([0.05, 0.5, 170]),
    },
  ],
});
