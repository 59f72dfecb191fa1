import { ArgumentError } from "../errors.js";
import { add } from "../ops/add.js";
import { betainc } from "../ops/betainc.js";
import { detach } from "../ops/detach.js";
import { equal } from "../ops/equal.js";
import { exp } from "../ops/exp.js";
import { expand } from "../ops/expand.js";
import { floor } from "../ops/floor.js";
import { greater } from "../ops/greater.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { log } from "../ops/log.js";
import { logicalAnd } from "../ops/logical-and.js";
import { minimum } from "../ops/minimum.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { reshape } from "../ops/reshape.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import type { Generator } from "../random/generator.js";
import { arange, full } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Chance, type ChanceOptions } from "./chance.js";
import { type Constraint, nonnegativeInteger, real, unitInterval, upTo } from "./constraints.js";
import { Distribution } from "./distribution.js";
import { weighted } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { logBeta } from "./log-beta.js";
import { readOneOf, readParameters } from "./parameters.js";
import { registerDistribution } from "./registry.js";
import { isReadable } from "./validation.js";

/**
 * The binomial distribution, of the number of successes in n = totalCount trials (torch.distributions.Binomial):
 *
 *     P(k) = n!/(k!·(n − k)!)·pᵏ·(1 − p)^(n − k)   for k = 0 … n
 *
 * Parameters: totalCount, whole numbers ≥ 0; probs in [0, 1] or logits, any. They broadcast to batchShape. Support:
 * whole numbers in [0, n], as floats. `entropy` is a sum over all k: within `compile` and under `vmap` it needs
 * totalCount to be a number. Exact for p = 0 and 1.
 * @example new Binomial(10, { probs: 0.3 }).mean.item()   // 3
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class Binomial extends Distribution {
  readonly totalCount: Tensor;
  readonly #chance: Chance;
  /** The count, if it is a number. */
  readonly #number: number | null;

  constructor(totalCount: Operand, options: ChanceOptions) {
    const given = readOneOf("Binomial", options, ["probs", "logits"]);
    const { parameters, spec } = readParameters<string>(
      "Binomial",
      { totalCount, [given]: options[given] as Operand },
      { totalCount: nonnegativeInteger, [given]: given === "probs" ? unitInterval : real },
      options,
      ["probs", "logits"],
    );
    super(spec);
    this.totalCount = parameters["totalCount"] as Tensor;
    this.#chance = new Chance(given, parameters[given] as Tensor);
    this.#number = typeof totalCount === "number" ? totalCount : null;
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
    return upTo(this.totalCount, "totalCount");
  }

  override get hasEnumerateSupport(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return mul(this.totalCount, this.probs);
  }

  override get variance(): Tensor {
    return mul(this.totalCount, this.#chance.variance);
  }

  override get mode(): Tensor {
    return minimum(floor(mul(add(this.totalCount, 1), this.probs)), this.totalCount);
  }

  /**
   * A sum over 0 … the largest totalCount.
   * @throws ArgumentError if totalCount is a tensor whose values cannot be read.
   */
  override entropy(): Tensor {
    const logs = this.densityAnywhere(this.#counts(this.#largest("entropy")));
    return neg(sum(weighted(exp(logs), logs), { dim: 0 }));
  }

  /** @throws ArgumentError if totalCount differs within the batch, or cannot be read. */
  override enumerateSupport(): Tensor {
    const most = this.#largest("enumerateSupport");
    if (this.#number === null && this.totalCount.storage.forReading().some((count) => count !== most)) {
      throw new ArgumentError("Binomial.enumerateSupport: totalCount differs within the batch");
    }
    return expand(this.#counts(most), [most + 1, ...this.batchShape]);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return generator.binomial(this.totalCount, this.probs, { shape });
  }

  protected override logDensity(value: Tensor): Tensor {
    const failures = sub(this.totalCount, value);
    // n!/(k!·(n − k)!) = 1/((n + 1)·B(k + 1, n − k + 1)), which is 1 without rounding at both ends.
    const some = neg(add(log(add(this.totalCount, 1)), logBeta(add(value, 1), add(failures, 1))));
    const ways = where(equal(mul(value, failures), 0), 0, some);
    return add(ways, add(this.#chance.timesLogProbs(value), this.#chance.timesLogFailure(failures)));
  }

  // P(X ≤ k) = I_(1 − p)(n − k, k + 1) for 0 ≤ k < n.
  protected override cumulative(x: Tensor): Tensor {
    const count = floor(x);
    const rest = sub(detach(this.totalCount), count);
    const isBetween = logicalAnd(greaterEqual(count, 0), greater(rest, 0));
    const among = betainc(
      where(isBetween, rest, 1),
      add(where(isBetween, count, 0), 1),
      this.#chance.failure,
    );
    return where(isBetween, among, to(greaterEqual(count, 0), this.dtype));
  }

  protected override expanded(batchShape: Shape): Binomial {
    const count = this.#number ?? expand(this.totalCount, batchShape);
    return new Binomial(count, { ...this.#chance.expand(batchShape).options, ...this.inherited });
  }

  /** 0 … most, along a new first axis. */
  #counts(most: number): Tensor {
    return reshape(arange(most + 1, { dtype: this.dtype }), [most + 1, ...this.batchShape.map(() => 1)]);
  }

  #largest(method: string): number {
    if (this.#number !== null) return this.#number;
    if (isReadable(this.totalCount)) return Math.max(0, ...this.totalCount.storage.forReading());
    throw new ArgumentError(
      `Binomial.${method}: expected totalCount to be a number within compile and vmap, got a tensor`,
    );
  }

  static {
    // n·(p·ln(p/q) + (1 − p)·ln((1 − p)/(1 − q))) for one n. With fewer trials q cannot have all values of p: ∞. With
    // more trials of q there is no closed form: NaN.
    defineKL(Binomial, Binomial, (p, q) => {
      const each = p.#chance.divergence(q.#chance);
      const scalar = (value: number): Tensor => full([], value, { dtype: p.dtype });
      const rest = where(
        greater(p.totalCount, q.totalCount),
        scalar(Number.POSITIVE_INFINITY),
        scalar(Number.NaN),
      );
      return where(equal(p.totalCount, q.totalCount), mul(p.totalCount, each), rest);
    });
  }
}

registerDistribution(Binomial, {
  cases: ({ floats, values }) => [
    { note: "probs", arguments: [10, { probs: floats([3], 0.1, 0.9) }], value: values([0, 4, 10]) },
    {
      note: "logits",
      arguments: [12, { logits: floats([2, 3]) }],
      value: values([
        [0, 3, 7],
        [12, 1, 5],
      ]),
    },
    { note: "many trials", arguments: [1000, { probs: values([0.01, 0.999]) }], value: values([7, 998]) },
  ],
});
