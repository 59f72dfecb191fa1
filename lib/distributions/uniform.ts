import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { log } from "../ops/log.js";
import { logicalOr } from "../ops/logical-or.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { broadcast, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { below, type Constraint, interval, real } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { everywhere } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { checkParameter, readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The uniform distribution (torch.distributions.Uniform):
 *
 *     p(x) = 1/(high − low)   for low ≤ x ≤ high
 *
 * Parameters: low < high. They broadcast to batchShape. Support: [low, high]. Samples are low + (high − low)·u with u in
 * [0, 1). The density at `high`, which rounding may reach, is that of its neighbours; PyTorch's is 0. `mode` is NaN.
 * @example new Uniform(1, 3).cdf(1.5).item()   // 0.25
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Uniform extends Distribution {
  readonly low: Tensor;
  readonly high: Tensor;

  constructor(low: Operand, high: Operand, options: DistributionOptions = {}) {
    const given = readParameters("Uniform", { low, high }, { low: real, high: real }, options);
    const { parameters, spec } = given;
    if (spec.validateArgs) {
      const areNumbers = typeof low === "number" && typeof high === "number";
      checkParameter(
        "Uniform",
        "low",
        areNumbers ? low : parameters.low,
        parameters.low,
        below(parameters.high, "below high"),
      );
    }
    super(spec);
    this.low = parameters.low;
    this.high = parameters.high;
  }

  get support(): Constraint {
    return interval(this.low, this.high);
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return mul(add(this.low, this.high), 0.5);
  }

  override get mode(): Tensor {
    return everywhere(Number.NaN, this);
  }

  override get variance(): Tensor {
    return div(square(this.#width), 12);
  }

  override get stddev(): Tensor {
    return div(this.#width, Math.sqrt(12));
  }

  override entropy(): Tensor {
    return log(this.#width);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return add(this.low, mul(this.#width, generator.uniform(shape, { dtype: this.dtype })));
  }

  protected override logDensity(value: Tensor): Tensor {
    return expand(neg(this.entropy()), broadcast("Uniform.logProb", value.shape, this.batchShape));
  }

  protected override cumulative(x: Tensor): Tensor {
    return clamp(div(sub(x, this.low), this.#width), { min: 0, max: 1 });
  }

  protected override quantile(p: Tensor): Tensor {
    return add(this.low, mul(this.#width, p));
  }

  protected override expanded(batchShape: Shape): Uniform {
    return new Uniform(expand(this.low, batchShape), expand(this.high, batchShape), this.inherited);
  }

  get #width(): Tensor {
    return sub(this.high, this.low);
  }
}

// ln of the ratio of the widths, or ∞ where p reaches beyond q.
defineKL(
  Uniform,
  Uniform,
  (p, q) => {
    const isBeyond = logicalOr(less(p.low, q.low), greater(p.high, q.high));
    return where(isBeyond, Number.POSITIVE_INFINITY, sub(q.entropy(), p.entropy()));
  },
  ({ values }) => [
    [
      [values([0, 0, -1, 0.5]), values([1, 1, 2, 3])],
      [values([-1, 0.5, -1, 0]), values([1.5, 2, 2, 2])],
    ],
  ],
);

registerDistribution(Uniform, {
  cases: ({ floats }) => [
    {
      note: "within [0, 1]",
      arguments: [floats([3], 0.05, 0.3), floats([3], 0.6, 0.95)],
      value: floats([3], 0.3, 0.6),
    },
    {
      note: "parameters that broadcast",
      arguments: [floats([2, 1], -2, -1), floats([3], 1, 2)],
      value: floats([4, 2, 3], -1, 1),
    },
  ],
});
