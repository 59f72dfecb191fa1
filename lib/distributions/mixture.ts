import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { expand } from "../ops/expand.js";
import { gather } from "../ops/gather.js";
import { logsumexp } from "../ops/logsumexp.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { square } from "../ops/square.js";
import { squeeze } from "../ops/squeeze.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { describe, isInstance } from "../options.js";
import type { Generator } from "../random/generator.js";
import { broadcast, format, type Shape, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Categorical } from "./categorical.js";
import { type Constraint, union } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { readOptions } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * A mixture of K distributions of one family (torch.distributions.MixtureSameFamily):
 *
 *     p(x) = Σ_k weights_k·p_k(x)
 *
 * Parameters: weights, a `Categorical` over K classes; components, a distribution whose batch [..., K] ends with K. Its
 * other axes are batchShape, to which the batch of the weights expands. Support: what at least one component supports.
 * `logProb`, `cdf`, `mean` and `variance` are differentiable with respect to weights and components; samples are not.
 * @example
 * const weights = new Categorical({ probs: tensor([0.5, 0.5]) });
 * new Mixture(weights, new Normal(tensor([-1, 1]), 1)).mean.item();   // 0
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Mixture<D extends Distribution = Distribution> extends Distribution {
  readonly weights: Categorical;
  readonly components: D;

  constructor(weights: Categorical, components: D, options: Pick<DistributionOptions, "validateArgs"> = {}) {
    checkParts(weights, components);
    const { validateArgs } = readOptions("Mixture", options);
    super({
      batchShape: components.batchShape.slice(0, -1),
      eventShape: components.eventShape,
      dtype: components.dtype,
      validateArgs,
    });
    this.weights = weights;
    this.components = components;
  }

  get support(): Constraint {
    return union(this.components.support);
  }

  override get mean(): Tensor {
    return this.#average(this.components.mean);
  }

  /** The mean of the variances and the variance of the means. */
  override get variance(): Tensor {
    const distance = sub(this.components.mean, unsqueeze(this.mean, this.#axis));
    return this.#average(add(this.components.variance, square(distance)));
  }

  // Draws of all components, and of each sample the one that its class names.
  protected override draw(shape: Shape, generator: Generator): Tensor {
    const axes = this.batchShape.length + this.eventShape.length;
    const front = shape.slice(0, shape.length - axes);
    const each = this.components.sample(front, { generator });
    const classes = this.weights.expand(this.batchShape).sample(front, { generator });
    const event = this.eventShape.map(() => 1);
    const index = expand(reshape(classes, [...classes.shape, 1, ...event]), [
      ...classes.shape,
      1,
      ...this.eventShape,
    ]);
    return squeeze(gather(each, this.#axis, index), { dim: this.#axis });
  }

  protected override logDensity(value: Tensor): Tensor {
    const each = this.components.densityAnywhere(unsqueeze(value, this.#axis));
    return logsumexp(add(each, this.weights.logits), { dim: -1 });
  }

  protected override cumulative(x: Tensor): Tensor {
    if (this.eventShape.length > 0) return super.cumulative(x);
    return sum(mul(this.components.cdf(unsqueeze(x, -1)), this.weights.probs), { dim: -1 });
  }

  protected override expanded(batchShape: Shape): Mixture<D> {
    const components = this.components.expand([...batchShape, this.weights.numClasses]);
    return new Mixture(this.weights.expand(batchShape), components, this.inherited);
  }

  /** The axis along which the components lie. The axes of an event follow it. */
  get #axis(): number {
    return -1 - this.eventShape.length;
  }

  /** The average over the components. */
  #average(each: Tensor): Tensor {
    const { probs } = this.weights;
    const shares = reshape(probs, [...probs.shape, ...this.eventShape.map(() => 1)]);
    return sum(mul(shares, each), { dim: this.#axis });
  }
}

function checkParts(weights: Categorical, components: Distribution): void {
  if (!isInstance(weights, Categorical)) {
    throw new ArgumentError(`Mixture: expected weights to be a Categorical, got ${describe(weights)}`);
  }
  if (!isInstance(components, Distribution)) {
    throw new ArgumentError(`Mixture: expected components to be a distribution, got ${describe(components)}`);
  }
  if (weights.dtype !== components.dtype) {
    throw new DTypeError(`Mixture: weights are ${weights.dtype} but components are ${components.dtype}`);
  }
  const { batchShape } = components;
  if (batchShape.at(-1) !== weights.numClasses) {
    throw new ShapeError(
      `Mixture: expected the batch of the components to end with ${weights.numClasses} as there are weights, got ${format(batchShape)}`,
    );
  }
  const own = batchShape.slice(0, -1);
  if (!sameShape(broadcast("Mixture", own, weights.batchShape), own)) {
    throw new ShapeError(
      `Mixture: the batch ${format(weights.batchShape)} of the weights does not expand to ${format(own)}`,
    );
  }
}

registerDistribution(Mixture, {
  torch: "MixtureSameFamily",
  cases: ({ floats }) => [
    {
      note: "of Normal",
      arguments: [
        { distribution: "Categorical", arguments: [{ logits: floats([2, 3]) }] },
        { distribution: "Normal", arguments: [floats([2, 3]), floats([2, 3], 0.3, 2)] },
      ],
      value: floats([4, 2]),
    },
    {
      note: "one set of weights for a batch",
      arguments: [
        { distribution: "Categorical", arguments: [{ probs: floats([3], 0.1, 2) }] },
        { distribution: "Laplace", arguments: [floats([2, 3]), floats([2, 3], 0.3, 2)] },
      ],
      value: floats([2]),
    },
    {
      note: "of vectors",
      arguments: [
        { distribution: "Categorical", arguments: [{ logits: floats([2]) }] },
        {
          distribution: "Independent",
          arguments: [{ distribution: "Normal", arguments: [floats([2, 3]), floats([2, 3], 0.3, 2)] }, 1],
        },
      ],
      value: floats([4, 3]),
    },
  ],
});
