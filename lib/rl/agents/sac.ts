import { noGrad } from "../../context/grad-mode.js";
import type { FilePath } from "../../files/path.js";
import { Module } from "../../nn/module.js";
import { Parameter } from "../../nn/parameter.js";
import { add } from "../../ops/add.js";
import { clamp } from "../../ops/clamp.js";
import { detach } from "../../ops/detach.js";
import { exp } from "../../ops/exp.js";
import { mean } from "../../ops/mean.js";
import { mul } from "../../ops/mul.js";
import { neg } from "../../ops/neg.js";
import { slice } from "../../ops/slice.js";
import { softplus } from "../../ops/softplus.js";
import { square } from "../../ops/square.js";
import { sub } from "../../ops/sub.js";
import { sum } from "../../ops/sum.js";
import { tanh } from "../../ops/tanh.js";
import { Adam } from "../../optim/adam.js";
import { checkNumber } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { full } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ReplayBatch } from "../replay-buffer.js";
import { ContinuousAgent, type ContinuousOptions, type Critics } from "./continuous.js";
import { refuseWith } from "./contradiction.js";
import type { LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";
import { descend, follow, type LearnStep } from "./off-policy.js";

export interface SACOptions extends ContinuousOptions {
  /** α, what entropy counts, if it is not learnt. Default: it is learnt. */
  readonly temperature?: number;
  /** The first α where it is learnt. Default: 1. */
  readonly initialTemperature?: number;
  /** H̄, the entropy that the learnt α aims at. Default: −(numbers of an action). */
  readonly targetEntropy?: number;
}

const OPTIONS: readonly string[] = ["temperature", "initialTemperature", "targetEntropy"];
const STANDARD = { batchSize: 256, trainEvery: 1, tau: 0.005, lr: 3e-4 };
const KIND = {
  name: "SAC",
  environments: 1,
  options: OPTIONS,
  layers: { hidden: [256, 256], activation: "relu" },
  critics: 2,
  outputs: 2,
} as const;
/** Bounds of the logarithm of the deviation. */
const LOG_STD = { min: -20, max: 2 };
const HALF_LOG_2_PI = Math.log(2 * Math.PI) / 2;

class SACNetworks extends Module {
  readonly targetCritics: Critics;

  constructor(
    readonly actor: Module,
    readonly critics: Critics,
    readonly logTemperature: Parameter | null,
  ) {
    super();
    this.targetCritics = critics.clone();
  }

  /** [n, …] → means and logarithms of deviations, [n, 2·size] */
  forward(observation: Tensor): Tensor {
    return this.actor.forward(observation);
  }
}

/** A point of (−1, 1) that depends on the actor's weights, [n, size], and the logarithm of its density, [n]. */
interface Drawn {
  readonly unit: Tensor;
  readonly logProb: Tensor;
}

/**
 * Soft actor–critic (Haarnoja et al., 2018). The actor gives mean μ and deviation σ for each number of an action, which
 * is drawn as a = tanh(μ + σ·ε), ε ~ N(0, 1), and scaled to the bounds of the `Box`. Two critics learn what follows an
 * action, rewards and entropy together, from stored steps (s, a, r, s′):
 *
 *     L_i = mean (Q_i(s, a) − y)²      y = r + γ·(min_j Q′_j(s′, a′) − α·log π(a′|s′)),  a′ ~ π(·|s′)
 *
 * with y = r where the episode has come to an end of its own. The actor's gradient comes through the critics' input:
 *
 *     L_π = mean (α·log π(a|s) − min_i Q_i(s, a))      a = tanh(μ(s) + σ(s)·ε)
 *     log π(a|s) = Σ (log N(ε) − log σ − log(1 − a²))
 *
 * The temperature α is learnt so that the entropy comes to H̄: L_α = −mean log α·(log π(a|s) + H̄). Target critics Q′
 * follow by τ. All three learn by Adam.
 *
 * Defaults are those of stable-baselines3.
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new SAC(new Pendulum(), { network: { hidden: [32, 32] }, batchSize: 32 });
 * await agent.learn({ steps: 500 });
 * agent.predict([1, 0, 0]).length   // 1
 */
export class SAC<Observation = unknown, Action = unknown> extends ContinuousAgent<Observation, Action> {
  readonly networks: SACNetworks;
  readonly #adam: { readonly actor: Adam; readonly critics: Adam; readonly temperature: Adam | null };
  protected readonly updates: readonly LearnStep[];
  readonly #temperature: number;
  readonly #targetEntropy: number;

  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new SAC(new Pendulum()).save("agent.safetensors");
   * const again = await SAC.load("agent.safetensors", new Pendulum());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: SACOptions,
  ): Promise<SAC<Observation, Action>> {
    return loadAgent(path, (all: SACOptions) => new SAC<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: SACOptions = {}) {
    super(KIND, environment, options, STANDARD);
    const { name } = this;
    const isLearnt = options.temperature === undefined;
    if (!isLearnt) {
      refuseWith(name, options, "temperature", ["initialTemperature", "targetEntropy"]);
    }
    this.#temperature = checkNumber(name, "temperature", options.temperature ?? 0, { min: 0 });
    const initial = checkNumber(name, "initialTemperature", options.initialTemperature ?? 1, { above: 0 });
    this.#targetEntropy = checkNumber(name, "targetEntropy", options.targetEntropy ?? -this.size);
    this.networks = this.makeNetworks((actor, critics) => {
      const logTemperature = isLearnt ? new Parameter(full([], Math.log(initial))) : null;
      return new SACNetworks(actor, critics, logTemperature);
    });
    const { actor, critics, logTemperature } = this.networks;
    const { lr } = this.settings;
    this.#adam = {
      actor: new Adam(actor.parameters(), { lr }),
      critics: new Adam(critics.parameters(), { lr }),
      temperature: logTemperature === null ? null : new Adam([logTemperature], { lr }),
    };
    const figures = ["actorLoss", "criticLoss", "temperature", "entropy"];
    this.updates = [{ figures, learn: (batch) => this.#learn(batch) }];
  }

  protected get optimizers(): Readonly<Record<string, Adam>> {
    const { actor, critics, temperature } = this.#adam;
    return {
      actorOptimizer: actor,
      criticOptimizer: critics,
      ...(temperature === null ? {} : { temperatureOptimizer: temperature }),
    };
  }

  /** Mean and logarithm of the deviation of μ + σ·ε. [n, size] */
  #normal(observation: Tensor): { center: Tensor; logStd: Tensor } {
    const output = this.networks.forward(observation);
    const part = (from: number): Tensor =>
      slice(output, 1, { start: from * this.size, end: (from + 1) * this.size });
    return { center: part(0), logStd: clamp(part(1), LOG_STD) };
  }

  #draw(observation: Tensor, noise: Tensor): Drawn {
    const { center, logStd } = this.#normal(observation);
    const point = add(center, mul(exp(logStd), noise));
    // log(1 − tanh² u) = 2·(log 2 − u − softplus(−2u)), which does not round to log 0.
    const slope = mul(sub(sub(Math.LN2, point), softplus(mul(point, -2))), 2);
    const density = sub(sub(mul(square(noise), -0.5), HALF_LOG_2_PI), logStd);
    return { unit: tanh(point), logProb: sum(sub(density, slope), { dim: 1 }) };
  }

  protected choose(observation: Tensor, generator: Generator | null): Tensor {
    if (generator === null) return this.toActions(tanh(this.#normal(observation).center));
    const noise = generator.normal([observation.shape[0] as number, this.size]);
    return this.toActions(this.#draw(observation, noise).unit);
  }

  protected explore(observation: Tensor, isNew: Tensor): Tensor {
    return this.toActions(this.#draw(observation, this.noise.next(isNew, this.acting)).unit);
  }

  #learn(batch: ReplayBatch): Tensor[] {
    const { critics, targetCritics } = this.networks;
    const { batchSize, tau } = this.settings;
    const { actor: ofActor, critics: ofCritics } = this.#adam;
    const noise = (): Tensor => this.ordering.normal([batchSize, this.size]);
    const { observation } = batch;
    const drawn = this.#draw(observation, noise());
    const temperature = this.#learnTemperature(drawn.logProb);
    const aim = this.aiming(() => {
      const next = this.#draw(batch.nextObservation, noise());
      const value = sub(
        targetCritics.forward(batch.nextObservation, next.unit),
        mul(next.logProb, temperature),
      );
      return this.target(batch, value);
    });
    const criticLoss = this.learnCritics(critics, ofCritics, batch, aim);
    const value = critics.forward(observation, drawn.unit);
    const actorLoss = mean(sub(mul(drawn.logProb, temperature), value));
    descend(ofActor, actorLoss);
    follow(targetCritics, critics, tau);
    return [actorLoss, criticLoss, temperature, neg(mean(drawn.logProb))];
  }

  /** @returns α before this update. */
  #learnTemperature(logProb: Tensor): Tensor {
    const { logTemperature } = this.networks;
    const { temperature: optimizer } = this.#adam;
    if (logTemperature === null || optimizer === null) return full([], this.#temperature);
    const temperature = noGrad(() => exp(logTemperature));
    const distance = detach(add(mean(logProb), this.#targetEntropy));
    descend(optimizer, neg(mul(logTemperature, distance)));
    return temperature;
  }
}
