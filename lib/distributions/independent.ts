import { ArgumentError } from "../errors.js";
import { checkNumber, describe, isInstance } from "../options.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, independent } from "./constraints.js";
import {
  Distribution,
  type DistributionOptions,
  type SampleAndLogProb,
  type SampleOptions,
} from "./distribution.js";
import { sumLast } from "./elementary.js";
import { defineKL, klDivergence } from "./kl-divergence.js";
import { readOptions } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * A batch of independent distributions as one distribution of vectors or arrays (torch.distributions.Independent): the
 * last `axes` axes of the batch become the first axes of the event.
 *
 *     ln p(x) = Σ ln p_i(x_i)   over these axes
 *
 * Support: arrays of what the base supports. Samples, mean, variance, mode are the base's; entropy and divergence are
 * sums. The base must be differentiable for `rsample`.
 * @param axes How many axes of the base's batch become axes of the event: 0 or more, at most all of them.
 * @example new Independent(new Normal(zeros([2, 3]), 1), 1).logProb(zeros([2, 3])).shape   // [2]
 * @throws ArgumentError, OptionError
 */
export class Independent<D extends Distribution = Distribution> extends Distribution {
  readonly base: D;
  readonly axes: number;

  constructor(base: D, axes: number, options: Pick<DistributionOptions, "validateArgs"> = {}) {
    if (!isInstance(base, Distribution)) {
      throw new ArgumentError(`Independent: expected base to be a distribution, got ${describe(base)}`);
    }
    checkNumber("Independent", "axes", axes, { min: 0, max: base.batchShape.length, integer: true });
    const { validateArgs } = readOptions("Independent", options);
    const kept = base.batchShape.length - axes;
    super({
      batchShape: base.batchShape.slice(0, kept),
      eventShape: [...base.batchShape.slice(kept), ...base.eventShape],
      dtype: base.dtype,
      validateArgs,
    });
    this.base = base;
    this.axes = axes;
  }

  get support(): Constraint {
    return independent(this.base.support, this.axes);
  }

  override get hasRsample(): boolean {
    return this.base.hasRsample;
  }

  override get mean(): Tensor {
    return this.base.mean;
  }

  override get variance(): Tensor {
    return this.base.variance;
  }

  override get stddev(): Tensor {
    return this.base.stddev;
  }

  override get mode(): Tensor {
    return this.base.mode;
  }

  override entropy(): Tensor {
    return sumLast(this.base.entropy(), this.axes);
  }

  override rsampleWithLogProb(shape: Shape = [], options: SampleOptions = {}): SampleAndLogProb {
    const { value, logProb } = this.base.rsampleWithLogProb(shape, options);
    return { value, logProb: sumLast(logProb, this.axes) };
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const front = shape.slice(0, shape.length - this.batchShape.length - this.eventShape.length);
    return this.base.hasRsample
      ? this.base.rsample(front, { generator })
      : this.base.sample(front, { generator });
  }

  protected override logDensity(value: Tensor): Tensor {
    return sumLast(this.base.densityAnywhere(value), this.axes);
  }

  protected override expanded(batchShape: Shape): Independent<D> {
    const axes = this.eventShape.slice(0, this.axes);
    return new Independent(this.base.expand([...batchShape, ...axes]), this.axes, this.inherited);
  }
}

defineKL(Independent, Independent, (p, q) => {
  if (p.axes !== q.axes) {
    throw new ArgumentError(
      `klDivergence: expected two Independent with the same axes, got ${p.axes} and ${q.axes}`,
    );
  }
  return sumLast(klDivergence(p.base, q.base), p.axes);
});

registerDistribution(Independent, {
  cases: ({ floats, values }) => [
    {
      note: "of Normal",
      arguments: [{ distribution: "Normal", arguments: [floats([2, 3]), floats([2, 3], 0.3, 2)] }, 1],
      value: floats([4, 2, 3]),
    },
    {
      note: "all axes, of Bernoulli",
      arguments: [{ distribution: "Bernoulli", arguments: [{ logits: floats([2, 2]) }] }, 2],
      value: values([
        [0, 1],
        [1, 1],
      ]),
    },
    {
      note: "no axes",
      arguments: [{ distribution: "Exponential", arguments: [floats([3], 0.3, 2)] }, 0],
      value: floats([3], 0.1, 2),
    },
  ],
});
