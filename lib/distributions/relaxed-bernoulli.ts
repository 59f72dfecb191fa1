import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { greater } from "../ops/greater.js";
import { log } from "../ops/log.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import type { Operand } from "../ops/operand.js";
import { sigmoid } from "../ops/sigmoid.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import type { Generator } from "../random/generator.js";
import { LEAST } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Chance, type ChanceOptions, readChance } from "./chance.js";
import { type Constraint, unitInterval } from "./constraints.js";
import { Distribution, type SampleAndLogProb, type SampleOptions } from "./distribution.js";
import { GREATEST_BELOW_1 } from "./elementary.js";
import { standardLogistic } from "./noise.js";
import { readBeside } from "./parameters.js";
import { registerDistribution } from "./registry.js";
import { readStraightThrough, type StraightThroughOptions, straightThrough } from "./straight-through.js";

/**
 * A relaxation of `Bernoulli` to numbers in [0, 1], the binary concrete distribution (Maddison, Mnih and Teh, 2017;
 * torch.distributions.RelaxedBernoulli):
 *
 *     x = σ((logits + l)/τ),   l ~ Logistic(0, 1)
 *
 * Parameters: temperature τ > 0, which broadcasts with batchShape; probs in [0, 1] or logits, whose shape is
 * batchShape. Support: [0, 1]. `rsample({ straightThrough: true })` rounds the samples to 0 and 1 and keeps their
 * gradient. `rsampleWithLogProb` is exact also where x rounds to 0 or 1.
 * @example new RelaxedBernoulli(1, { probs: 0.5 }).logProb(0.5).item()   // 0
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class RelaxedBernoulli extends Distribution {
  /** τ. Shape: batchShape. */
  readonly temperature: Tensor;
  readonly #chance: Chance;

  constructor(temperature: Operand, options: ChanceOptions) {
    const { chance, spec } = readChance("RelaxedBernoulli", options);
    super(spec);
    this.#chance = chance;
    this.temperature = readBeside("RelaxedBernoulli", "temperature", temperature, spec);
  }

  /** p of the Bernoulli distribution that is relaxed. */
  get probs(): Tensor {
    return this.#chance.probs;
  }

  /** ln(p/(1 − p)) */
  get logits(): Tensor {
    return this.#chance.logits;
  }

  get support(): Constraint {
    return unitInterval;
  }

  override get hasRsample(): boolean {
    return true;
  }

  /**
   * Draws that are differentiable with respect to logits and temperature; with `straightThrough` 0 and 1 with the
   * gradient of these draws, which is biased.
   * @throws ShapeError, OptionError, ArgumentError
   */
  override rsample(shape: Shape = [], options: StraightThroughOptions = {}): Tensor {
    const { all, generator } = this.readSampling("rsample", shape, options, ["straightThrough"]);
    const soft = this.draw(all, generator);
    if (!readStraightThrough("RelaxedBernoulli.rsample", options)) return soft;
    return straightThrough(to(greater(soft, 0.5), this.dtype), soft);
  }

  override rsampleWithLogProb(shape: Shape = [], options: SampleOptions = {}): SampleAndLogProb {
    const { all, generator } = this.readSampling("rsampleWithLogProb", shape, options);
    const logit = this.#drawLogit(all, generator);
    return { value: sigmoid(logit), logProb: this.#densityOf(logit) };
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    return sigmoid(this.#drawLogit(shape, generator));
  }

  protected override logDensity(value: Tensor): Tensor {
    const x = clamp(value, { min: LEAST[this.dtype], max: GREATEST_BELOW_1[this.dtype] });
    return this.#densityOf(sub(log(x), log1p(neg(x))));
  }

  protected override cumulative(x: Tensor): Tensor {
    const within = clamp(x, { min: 0, max: 1 });
    const logit = sub(log(within), log1p(neg(within)));
    return sigmoid(sub(mul(logit, this.temperature), this.logits));
  }

  protected override quantile(p: Tensor): Tensor {
    const logistic = sub(log(p), log1p(neg(p)));
    return sigmoid(div(add(this.logits, logistic), this.temperature));
  }

  protected override expanded(batchShape: Shape): RelaxedBernoulli {
    return new RelaxedBernoulli(this.temperature, {
      ...this.#chance.expand(batchShape).options,
      ...this.inherited,
    });
  }

  #drawLogit(shape: Shape, generator: Generator): Tensor {
    return div(add(this.logits, standardLogistic(shape, this.dtype, generator)), this.temperature);
  }

  /** The log-density at σ(logit): ln τ + ln σ(d) + ln σ(−d) − ln σ(logit) − ln σ(−logit), d = logits − τ·logit. */
  #densityOf(logit: Tensor): Tensor {
    const d = sub(this.logits, mul(this.temperature, logit));
    const slope = (x: Tensor): Tensor => add(logSigmoid(x), logSigmoid(neg(x)));
    return add(log(this.temperature), sub(slope(d), slope(logit)));
  }
}

registerDistribution(RelaxedBernoulli, {
  cases: ({ floats, values }) => [
    { note: "logits", arguments: [0.75, { logits: floats([3]) }], value: floats([3], 0.1, 0.9) },
    {
      note: "probs and a temperature with gradient",
      arguments: [values(0.5), { probs: floats([2, 3], 0.1, 0.9) }],
      value: floats([4, 2, 3], 0.1, 0.9),
    },
  ],
});
