import { add } from "../ops/add.js";
import { betainc } from "../ops/betainc.js";
import { clamp } from "../ops/clamp.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { sigmoid } from "../ops/sigmoid.js";
import { slice } from "../ops/slice.js";
import { square } from "../ops/square.js";
import { squeeze } from "../ops/squeeze.js";
import { stack } from "../ops/stack.js";
import { sub } from "../ops/sub.js";
import type { Generator } from "../random/generator.js";
import { LEAST } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, positive, unitInterval } from "./constraints.js";
import { dirichletMode } from "./dirichlet.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { GREATEST_BELOW_1, xlog1py, xlogy } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { logBeta } from "./log-beta.js";
import { readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The beta distribution (torch.distributions.Beta), with a = concentration1 and b = concentration0:
 *
 *     p(x) = x^(a − 1)·(1 − x)^(b − 1) / B(a, b)   for 0 ≤ x ≤ 1
 *
 * Parameters: concentration1 > 0, concentration0 > 0. They broadcast to batchShape. Support: [0, 1]. Samples are
 * σ(ln g − ln h) for gamma numbers g and h, whose logarithms are exact also for small concentrations; what rounds to 0 or 1 is held to the number beside it, where
 * the density is finite.
 * `cdf` has a derivative by x alone.
 * @example new Beta(1, 3).mean.item()   // 0.25
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Beta extends Distribution {
  readonly concentration1: Tensor;
  readonly concentration0: Tensor;

  constructor(concentration1: Operand, concentration0: Operand, options: DistributionOptions = {}) {
    const { parameters, spec } = readParameters(
      "Beta",
      { concentration1, concentration0 },
      { concentration1: positive, concentration0: positive },
      options,
    );
    super(spec);
    this.concentration1 = parameters.concentration1;
    this.concentration0 = parameters.concentration0;
  }

  get support(): Constraint {
    return unitInterval;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return div(this.concentration1, this.#total);
  }

  /** As of `Dirichlet`. */
  override get mode(): Tensor {
    const modes = dirichletMode(stack([this.concentration1, this.concentration0], -1));
    return squeeze(slice(modes, -1, { end: 1 }), { dim: -1 });
  }

  override get variance(): Tensor {
    const total = this.#total;
    const product = mul(this.concentration1, this.concentration0);
    return div(product, mul(square(total), add(total, 1)));
  }

  override entropy(): Tensor {
    const [a, b, total] = [this.concentration1, this.concentration0, this.#total];
    const own = add(mul(sub(a, 1), digamma(a)), mul(sub(b, 1), digamma(b)));
    return add(sub(logBeta(a, b), own), mul(sub(total, 2), digamma(total)));
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const g = generator.logStandardGamma(this.concentration1, { shape });
    const h = generator.logStandardGamma(this.concentration0, { shape });
    return clamp(sigmoid(sub(g, h)), { min: LEAST[this.dtype], max: GREATEST_BELOW_1[this.dtype] });
  }

  protected override logDensity(value: Tensor): Tensor {
    const [a, b] = [this.concentration1, this.concentration0];
    const powers = add(xlogy(sub(a, 1), value), xlog1py(sub(b, 1), neg(value)));
    return sub(powers, logBeta(a, b));
  }

  protected override cumulative(x: Tensor): Tensor {
    return betainc(this.concentration1, this.concentration0, clamp(x, { min: 0, max: 1 }));
  }

  protected override expanded(batchShape: Shape): Beta {
    const [a, b] = [this.concentration1, this.concentration0];
    return new Beta(expand(a, batchShape), expand(b, batchShape), this.inherited);
  }

  get #total(): Tensor {
    return add(this.concentration1, this.concentration0);
  }
}

// ln B(c, d)/B(a, b) + (a − c)·ψ(a) + (b − d)·ψ(b) + (c + d − a − b)·ψ(a + b) with a, b of p and c, d of q.
defineKL(Beta, Beta, (p, q) => {
  const [a, b, c, d] = [p.concentration1, p.concentration0, q.concentration1, q.concentration0];
  const constants = sub(logBeta(c, d), logBeta(a, b));
  const own = add(mul(sub(a, c), digamma(a)), mul(sub(b, d), digamma(b)));
  const total = add(a, b);
  return add(add(constants, own), mul(sub(add(c, d), total), digamma(total)));
});

registerDistribution(Beta, {
  fixedInCdf: 2,
  cases: ({ floats, values }) => [
    {
      note: "a batch",
      arguments: [floats([3], 1.1, 4), floats([3], 0.3, 4)],
      value: floats([3], 0.1, 0.9),
    },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1], 1.1, 4), floats([3], 0.3, 4)],
      value: floats([4, 2, 3], 0.1, 0.9),
    },
    {
      note: "small and large",
      arguments: [values([0.05, 80]), values([1.5, 60])],
      value: values([0.01, 0.6]),
    },
  ],
});
