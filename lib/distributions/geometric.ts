import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { expm1 } from "../ops/expm1.js";
import { floor } from "../ops/floor.js";
import { log } from "../ops/log.js";
import { neg } from "../ops/neg.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import type { Generator } from "../random/generator.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Chance, type ChanceOptions, readChance } from "./chance.js";
import { type Constraint, nonnegativeInteger, probability } from "./constraints.js";
import { Distribution } from "./distribution.js";
import { everywhere } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { openUniform } from "./noise.js";
import { registerDistribution } from "./registry.js";

/**
 * The geometric distribution, of the number of failures before the first success (torch.distributions.Geometric):
 *
 *     P(k) = (1 − p)ᵏ·p   for k = 0, 1, …
 *
 * Parameters: probs in (0, 1], or logits ln(p/(1 − p)), any. Their shape is batchShape. Support: whole numbers ≥ 0.
 * @example new Geometric({ probs: 0.5 }).logProb(0).item()   // -0.6931
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Geometric extends Distribution {
  readonly #chance: Chance;

  constructor(options: ChanceOptions) {
    const { chance, spec } = readChance("Geometric", options, probability);
    super(spec);
    this.#chance = chance;
  }

  /** p */
  get probs(): Tensor {
    return this.#chance.probs;
  }

  /** ln(p/(1 − p)) */
  get logits(): Tensor {
    return this.#chance.logits;
  }

  get support(): Constraint {
    return nonnegativeInteger;
  }

  /** (1 − p)/p */
  override get mean(): Tensor {
    return div(this.#chance.failure, this.probs);
  }

  /** (1 − p)/p² */
  override get variance(): Tensor {
    return div(this.#chance.failure, square(this.probs));
  }

  override get mode(): Tensor {
    return everywhere(0, this);
  }

  override entropy(): Tensor {
    return div(this.#chance.entropy, this.probs);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const logFailure = to(this.#chance.logFailure, "float64");
    return to(floor(div(log(openUniform(shape, generator)), logFailure)), this.dtype);
  }

  protected override logDensity(value: Tensor): Tensor {
    return add(this.#chance.timesLogFailure(value), this.#chance.logProbs);
  }

  protected override cumulative(x: Tensor): Tensor {
    const count = add(floor(clamp(x, { min: -1 })), 1);
    return neg(expm1(this.#chance.timesLogFailure(count)));
  }

  protected override expanded(batchShape: Shape): Geometric {
    return new Geometric({ ...this.#chance.expand(batchShape).options, ...this.inherited });
  }

  static {
    defineKL(Geometric, Geometric, (p, q) => {
      const expected = div(q.#chance.logFailure, p.probs);
      return sub(neg(p.entropy()), add(expected, q.logits));
    });
  }
}

registerDistribution(Geometric, {
  cases: ({ floats, values }) => [
    { note: "probs", arguments: [{ probs: floats([3], 0.1, 0.9) }], value: values([0, 3, 7]) },
    { note: "logits", arguments: [{ logits: floats([2, 3]) }], value: values([[[0, 1, 5]], [[2, 0, 40]]]) },
    { note: "rare success", arguments: [{ probs: values([1e-3, 0.999]) }], value: values([300, 2]) },
  ],
});
