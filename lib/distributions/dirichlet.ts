import { add } from "../ops/add.js";
import { all } from "../ops/all.js";
import { argmax } from "../ops/argmax.js";
import { clamp } from "../ops/clamp.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { less } from "../ops/less.js";
import { lgamma } from "../ops/lgamma.js";
import { mul } from "../ops/mul.js";
import { oneHot } from "../ops/one-hot.js";
import { softmax } from "../ops/softmax.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Constraint, independent, positive, simplex } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { xlogy } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { readVectors } from "./parameters.js";
import { registerDistribution } from "./registry.js";

/**
 * The Dirichlet distribution of vectors of probabilities (torch.distributions.Dirichlet), with α = concentration:
 *
 *     p(x) = Γ(Σ α_k)/Π Γ(α_k) · Π x_k^(α_k − 1)
 *
 * Parameter: concentration > 0, [..., K]. The axes in front are batchShape; eventShape: [K]. Support: vectors of numbers
 * ≥ 0 with sum 1. Samples are the softmax of logarithms of gamma numbers, which are exact also for small α.
 * @example new Dirichlet(tensor([1, 3])).mean   // [0.25, 0.75]
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Dirichlet extends Distribution {
  readonly concentration: Tensor;

  constructor(concentration: Tensor, options: DistributionOptions = {}) {
    const constraint = independent(positive, 1);
    const { vectors, spec } = readVectors("Dirichlet", "concentration", concentration, constraint, options);
    super({ ...spec, eventShape: vectors.shape.slice(-1) });
    this.concentration = vectors;
  }

  get support(): Constraint {
    return simplex;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return div(this.concentration, unsqueeze(this.#total, -1));
  }

  /**
   * (α − 1)/Σ (α − 1), with 0 for α < 1; NaN if all are 1. If all α < 1, the corner of the largest α, where the density
   * rises most steeply; PyTorch names the first corner.
   */
  override get mode(): Tensor {
    return dirichletMode(this.concentration);
  }

  override get variance(): Tensor {
    const total = unsqueeze(this.#total, -1);
    const product = mul(this.concentration, sub(total, this.concentration));
    return div(product, mul(square(total), add(total, 1)));
  }

  override entropy(): Tensor {
    const [a, total] = [this.concentration, this.#total];
    const own = sum(mul(sub(a, 1), digamma(a)), { dim: -1 });
    const rest = mul(sub(total, this.eventShape[0] as number), digamma(total));
    return add(sub(logNormalizer(a), own), rest);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return softmax(generator.logStandardGamma(this.concentration, { shape }), { dim: -1 });
  }

  protected override logDensity(value: Tensor): Tensor {
    const powers = sum(xlogy(sub(this.concentration, 1), value), { dim: -1 });
    return sub(powers, logNormalizer(this.concentration));
  }

  protected override expanded(batchShape: Shape): Dirichlet {
    return new Dirichlet(expand(this.concentration, [...batchShape, ...this.eventShape]), this.inherited);
  }

  get #total(): Tensor {
    return sum(this.concentration, { dim: -1 });
  }
}

/** ln Π Γ(α_k)/Γ(Σ α_k) */
const logNormalizer = (a: Tensor): Tensor => sub(sum(lgamma(a), { dim: -1 }), lgamma(sum(a, { dim: -1 })));

/** The mode of a Dirichlet distribution. */
export function dirichletMode(a: Tensor): Tensor {
  const excess = clamp(sub(a, 1), { min: 0 });
  const inner = div(excess, sum(excess, { dim: -1, keepdim: true }));
  const corner = oneHot(argmax(a, { dim: -1 }), a.shape.at(-1) as number, a.dtype);
  return where(all(less(a, 1), { dim: -1, keepdim: true }), corner, inner);
}

// ln of the ratio of the normalizers + Σ (a − b)·(ψ(a) − ψ(Σ a)) with a of p and b of q.
defineKL(Dirichlet, Dirichlet, (p, q) => {
  const [a, b] = [p.concentration, q.concentration];
  const slopes = sub(digamma(a), digamma(sum(a, { dim: -1, keepdim: true })));
  return add(sub(logNormalizer(b), logNormalizer(a)), sum(mul(sub(a, b), slopes), { dim: -1 }));
});

registerDistribution(Dirichlet, {
  cases: ({ floats, values }) => [
    {
      note: "a batch",
      arguments: [floats([2, 3], 0.3, 4)],
      value: values([
        [0.25, 0.5, 0.25],
        [0.125, 0.125, 0.75],
      ]),
    },
    {
      note: "no batch",
      arguments: [floats([2], 1.2, 4)],
      value: values([
        [0.25, 0.75],
        [0.875, 0.125],
      ]),
    },
    { note: "an element of 1 at 0", arguments: [values([1, 2, 3])], value: values([0, 0.25, 0.75]) },
  ],
});
