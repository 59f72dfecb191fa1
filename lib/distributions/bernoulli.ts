import { add } from "../ops/add.js";
import { equal } from "../ops/equal.js";
import { expand } from "../ops/expand.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { less } from "../ops/less.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { arange } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Chance, type ChanceOptions, readChance } from "./chance.js";
import { boolean, type Constraint } from "./constraints.js";
import { Distribution } from "./distribution.js";
import { complement } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { registerDistribution } from "./registry.js";
import { readStraightThrough, type StraightThroughOptions, straightThrough } from "./straight-through.js";

/**
 * The Bernoulli distribution, 1 with the probability p and 0 with 1 − p (torch.distributions.Bernoulli):
 *
 *     P(1) = p = σ(logits)
 *
 * Parameters: probs in [0, 1], or logits, any. Their shape is batchShape. Support: 0 and 1, as floats; `logProb` also
 * takes int32 and bool. From logits nothing overflows; from probs 0 and 1 the results are exact, where PyTorch moves
 * them to ε and 1 − ε.
 * @example new Bernoulli({ probs: 0.25 }).logProb(1).item()   // -1.3863
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Bernoulli extends Distribution {
  readonly #chance: Chance;

  constructor(options: ChanceOptions) {
    const { chance, spec } = readChance("Bernoulli", options);
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
    return boolean;
  }

  override get hasEnumerateSupport(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return this.probs;
  }

  override get variance(): Tensor {
    return this.#chance.variance;
  }

  /** NaN for p = ½, as in PyTorch. */
  override get mode(): Tensor {
    const { probs } = this;
    return where(equal(probs, 0.5), Number.NaN, to(greaterEqual(probs, 0.5), this.dtype));
  }

  override entropy(): Tensor {
    return this.#chance.entropy;
  }

  /**
   * Draws with the value of `sample` and, with `straightThrough`, the gradient of the mean, which is biased.
   * @throws GraphError without `straightThrough`; ShapeError, OptionError, ArgumentError
   */
  override rsample(shape: Shape = [], options: StraightThroughOptions = {}): Tensor {
    const { generator } = this.readSampling("rsample", shape, options, ["straightThrough"]);
    if (!readStraightThrough("Bernoulli.rsample", options)) return super.rsample(shape, { generator });
    return straightThrough(this.sample(shape, { generator }), this.probs);
  }

  override enumerateSupport(): Tensor {
    const values = reshape(arange(2, { dtype: this.dtype }), [2, ...this.batchShape.map(() => 1)]);
    return expand(values, [2, ...this.batchShape]);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const u = generator.uniform(shape, { dtype: "float64" });
    return to(less(u, to(this.probs, "float64")), this.dtype);
  }

  protected override logDensity(value: Tensor): Tensor {
    const { given, parameter } = this.#chance;
    // ±logits: ln p for 1, and ln(1 − p) for 0.
    if (given === "logits") return logSigmoid(mul(parameter, sub(mul(value, 2), 1)));
    return add(this.#chance.timesLogProbs(value), this.#chance.timesLogFailure(complement(value)));
  }

  protected override cumulative(x: Tensor): Tensor {
    return where(less(x, 0), 0, where(greaterEqual(x, 1), 1, this.#chance.failure));
  }

  protected override expanded(batchShape: Shape): Bernoulli {
    return new Bernoulli({ ...this.#chance.expand(batchShape).options, ...this.inherited });
  }

  static {
    defineKL(Bernoulli, Bernoulli, (p, q) => p.#chance.divergence(q.#chance));
  }
}

registerDistribution(Bernoulli, {
  cases: ({ floats, truths, values }) => [
    { note: "probs", arguments: [{ probs: floats([3], 0.1, 0.9) }], value: values([0, 1, 1]) },
    { note: "logits", arguments: [{ logits: floats([2, 3]) }], value: values([[[0, 1, 1]], [[1, 0, 1]]]) },
    { note: "bool values", arguments: [{ logits: floats([4]) }], value: truths([3, 4]) },
    { note: "a number", arguments: [{ probs: 0.25, dtype: "float64" }], value: values([0, 1]) },
    {
      note: "large logits",
      arguments: [{ logits: values([700, -700]) }],
      value: values([1, 0]),
    },
  ],
});
