import { add } from "../ops/add.js";
import { atanh } from "../ops/atanh.js";
import { clamp } from "../ops/clamp.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import { tanh } from "../ops/tanh.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, openUnitBall } from "./constraints.js";
import type { DistributionOptions, SampleAndLogProb, SampleOptions } from "./distribution.js";
import { GREATEST_BELOW_1 } from "./elementary.js";
import { defineKL, klDivergence } from "./kl-divergence.js";
import { LocationScale } from "./location-scale.js";
import { Normal, normalCumulative, normalLogDensity, normalQuantile } from "./normal.js";
import { registerDistribution } from "./registry.js";

/**
 * The distribution of tanh u for a normal u, for actions in (−1, 1) (Haarnoja et al., 2018; in PyTorch a
 * TransformedDistribution of Normal by TanhTransform):
 *
 *     p(x) = N(u | loc, scale²) / (1 − tanh²u),   u = atanh x
 *     ln(1 − tanh²u) = 2·(ln 2 − u − softplus(−2u))
 *
 * Parameters: loc, any, and scale > 0 of u. They broadcast to batchShape. Support: (−1, 1); samples that round to ±1
 * are held to the number before. `rsampleWithLogProb` computes the density from u by the second formula and is exact
 * however near ±1 the sample is. `logProb(x)` has x alone, which near ±1 says little of u.
 * @example new TanhNormal(0, 1).cdf(0).item()   // 0.5
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class TanhNormal extends LocationScale {
  constructor(loc: Operand, scale: Operand, options: DistributionOptions = {}) {
    super("TanhNormal", loc, scale, options);
  }

  /** The distribution of u. */
  get base(): Normal {
    return new Normal(this.loc, this.scale, this.inherited);
  }

  get support(): Constraint {
    return openUnitBall;
  }

  override rsampleWithLogProb(shape: Shape = [], options: SampleOptions = {}): SampleAndLogProb {
    const { all, generator } = this.readSampling("rsampleWithLogProb", shape, options);
    const u = this.#drawBase(all, generator);
    const logSlope = mul(add(sub(Math.LN2, u), logSigmoid(mul(u, 2))), 2);
    const logProb = sub(normalLogDensity(this.standardized(u), this.scale), logSlope);
    return { value: this.#squashed(u), logProb };
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return this.#squashed(this.#drawBase(shape, generator));
  }

  protected override logDensity(value: Tensor): Tensor {
    const u = atanh(value);
    const logSlope = add(log1p(value), log1p(neg(value)));
    return sub(normalLogDensity(this.standardized(u), this.scale), logSlope);
  }

  protected override cumulative(x: Tensor): Tensor {
    return normalCumulative(this.standardized(atanh(clamp(x, { min: -1, max: 1 }))));
  }

  protected override quantile(p: Tensor): Tensor {
    return tanh(this.located(normalQuantile(p)));
  }

  #drawBase(shape: Shape, generator: Generator): Tensor {
    return this.located(generator.normal(shape, { dtype: this.dtype }));
  }

  #squashed(u: Tensor): Tensor {
    const most = GREATEST_BELOW_1[this.dtype];
    return clamp(tanh(u), { min: -most, max: most });
  }
}

defineKL(TanhNormal, TanhNormal, (p, q) => klDivergence(p.base, q.base));

registerDistribution(TanhNormal, {
  torch: "TanhNormal",
  cases: ({ floats, values }) => [
    { note: "a batch", arguments: [floats([3]), floats([3], 0.3, 2)], value: floats([3], -0.9, 0.9) },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1]), floats([3], 0.3, 2)],
      value: floats([4, 2, 3], -0.9, 0.9),
    },
    { note: "near the ends", arguments: [0.5, 2, { dtype: "float64" }], value: values([0.9999, -0.99]) },
  ],
});
