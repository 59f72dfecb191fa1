import { grad, nn, ops, rand, randn, type Tensor } from "thalweg";

/** Linear layers from each size to the next, with ReLU between them. */
export function dense(...sizes: number[]): nn.Sequential {
  const layers = sizes.slice(1).flatMap((out, i) => [new nn.ReLU(), new nn.Linear(sizes[i] as number, out)]);
  return new nn.Sequential(...layers.slice(1));
}

/** The player G: a network that turns noise z ~ N(0, I) into samples G(z). */
export class Sampler extends nn.Module {
  readonly network: nn.Module;
  /** Numbers in z. */
  readonly latent: number;

  constructor(latent: number, network: nn.Module) {
    super();
    this.latent = latent;
    this.network = network;
  }

  forward(z: Tensor): Tensor {
    return this.network.forward(z);
  }

  /** New samples: [count, ...]. */
  sample(count: number): Tensor {
    return this.forward(randn([count, this.latent]));
  }
}

type Cost = (critic: nn.Module, generator: Sampler, real: Tensor) => Tensor;

/** What the two players pay: the critic D, which judges samples, and the generator G, which makes them. */
export interface GanCosts {
  readonly critic: Cost;
  readonly generator: Cost;
}

/** ‖∂D(x)/∂x‖² for each sample: x [B, n] → [B]. It has a gradient itself, through second derivatives of D. */
function squaredSlope(critic: nn.Module, x: Tensor): Tensor {
  const slope = grad((points) => ops.sum(critic.forward(points)))(x);
  return ops.sum(ops.square(slope), { dim: 1 });
}

/**
 * Wasserstein GAN with gradient penalty (Gulrajani et al., 2017). D(x) is a height: high on real samples, low on
 * made ones. The penalty keeps D's slope near 1 between the two.
 *
 *     L_D = mean D(G(z)) − mean D(x) + λ·mean (‖∂D(x̂)/∂x̂‖ − 1)²      x̂ = ε·x + (1 − ε)·G(z), ε ~ U[0, 1)
 *     L_G = −mean D(G(z))
 */
export const wganGp = (lambda: number): GanCosts => ({
  critic: (D, G, x) => {
    const made = G.sample(x.shape[0] as number);
    const between = ops.lerp(made, x, rand([x.shape[0] as number, 1]));
    // The small number keeps the root's derivative finite where the slope is 0.
    const slope = ops.sqrt(ops.add(squaredSlope(D, between), 1e-12));
    const penalty = ops.mean(ops.square(ops.sub(slope, 1)));
    const distance = ops.sub(ops.mean(D.forward(x)), ops.mean(D.forward(made)));
    return ops.sub(ops.mul(penalty, lambda), distance);
  },
  generator: (D, G, x) => ops.neg(ops.mean(D.forward(G.sample(x.shape[0] as number)))),
});

/**
 * Non-saturating GAN (Goodfellow et al., 2014) with the penalty R₁ (Mescheder et al., 2018). σ(D(x)) is the
 * probability that x is real. The penalty flattens D on the real samples, so that the game settles there.
 *
 *     L_D = −mean ln σ(D(x)) − mean ln (1 − σ(D(G(z)))) + γ/2·mean ‖∂D(x)/∂x‖²
 *     L_G = −mean ln σ(D(G(z)))
 */
export const nonSaturatingR1 = (gamma: number): GanCosts => ({
  critic: (D, G, x) => {
    const real = ops.mean(ops.softplus(ops.neg(D.forward(x))));
    const made = ops.mean(ops.softplus(D.forward(G.sample(x.shape[0] as number))));
    const penalty = ops.mean(squaredSlope(D, x));
    return ops.add(ops.add(real, made), ops.mul(penalty, gamma / 2));
  },
  generator: (D, G, x) => ops.mean(ops.softplus(ops.neg(D.forward(G.sample(x.shape[0] as number))))),
});
