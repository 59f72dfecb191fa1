import { backward } from "../../autodiff/backward.js";
import { noGrad } from "../../context/grad-mode.js";
import { huber } from "../../cost/huber.js";
import { write } from "../../eager/apply.js";
import { ArgumentError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { amax } from "../../ops/amax.js";
import { argmax } from "../../ops/argmax.js";
import { div } from "../../ops/div.js";
import { gather } from "../../ops/gather.js";
import { greaterEqual } from "../../ops/greater-equal.js";
import { less } from "../../ops/less.js";
import { mean } from "../../ops/mean.js";
import { minimum } from "../../ops/minimum.js";
import { mul } from "../../ops/mul.js";
import { reshape } from "../../ops/reshape.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import { where } from "../../ops/where.js";
import { Adam } from "../../optim/adam.js";
import { clipGradNorm } from "../../optim/clip.js";
import { checkFlag, checkNumber, describe, isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ReplayBatch } from "../replay-buffer.js";
import { Discrete } from "../space.js";
import type { LearningEnvironment } from "./environments.js";
import { uniformNumbers } from "./exploration.js";
import { loadAgent } from "./load.js";
import { follow, type LearnStep, OffPolicyAgent, type OffPolicyOptions } from "./off-policy.js";
import { checkNetwork, fullyConnected, type Layers, readLayers, withWeightsOf } from "./policy.js";

export interface DQNOptions extends OffPolicyOptions {
  /** Choose the next action by the learnt network, and value it by the target network. Default: true. */
  readonly double?: boolean;
  /** Steps of all environments after which the target network follows the learnt one by τ. Default: 10,000. */
  readonly targetUpdateEvery?: number;
  /** Steps of all environments in which ε falls from `explorationInitial` to `explorationFinal`. Default: 10,000. */
  readonly explorationSteps?: number;
  /** The first ε, the chance of an action by chance. Default: 1. */
  readonly explorationInitial?: number;
  /** The last ε, in `predict` and `evaluate` too where they are not deterministic. Default: 0.05. */
  readonly explorationFinal?: number;
  /** Longer gradients are shortened to this norm. Default: 10. */
  readonly maxGradNorm?: number;
  /** A network of one's own from observations [n, …] to the values of all actions, [n, actions]. */
  readonly critic?: Module;
}

const OPTIONS: readonly string[] = [
  "double",
  "targetUpdateEvery",
  "explorationSteps",
  "explorationInitial",
  "explorationFinal",
  "maxGradNorm",
  "critic",
];

const STANDARD = { batchSize: 32, trainEvery: 4, tau: 1, lr: 1e-4 };
const LAYERS: Layers = { hidden: [64, 64], activation: "relu" };

/** The values of all actions, as they are learnt, and as they are aimed at. */
class QNetworks extends Module {
  readonly target: Module;

  constructor(readonly critic: Module) {
    super();
    this.target = critic.clone();
  }

  /** [n, …] → [n, actions] */
  forward(observation: Tensor): Tensor {
    return this.critic.forward(observation);
  }
}

/**
 * Deep Q-learning (Mnih et al., 2015) with double Q-learning (van Hasselt et al., 2016). The critic Q(s, a) gives the
 * return that is expected after the action a, for all numbered actions at once; the policy takes the best of them, or
 * with the chance ε any. From stored steps (s, a, r, s′) it learns by Adam on
 *
 *     L = mean Huber(Q(s, a) − y)      y = r + γ·Q′(s′, argmax_a′ Q(s′, a′))
 *
 * without double Q-learning y = r + γ·max_a′ Q′(s′, a′), and y = r where the episode has come to an end of its own (not
 * where a limit of time cut it off). Q′ is the target network, which follows Q at times.
 *
 * Defaults are those of stable-baselines3 but for `explorationSteps`, which does not depend on how long it learns.
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new DQN(new CartPole(), { learningStarts: 500, batchSize: 64, lr: 1e-3 });
 * await agent.learn({ steps: 1000 });
 * agent.replay.length   // 1000
 */
export class DQN<Observation = unknown, Action = unknown> extends OffPolicyAgent<Observation, Action> {
  readonly networks: QNetworks;
  protected readonly optimizers: { readonly optimizer: Adam };
  protected readonly updates: readonly LearnStep[];
  readonly #actions: Discrete;
  readonly #isDouble: boolean;
  readonly #maxGradNorm: number;
  readonly #targetEvery: number;
  /** Steps of all environments when the target network moved. */
  readonly #targetAt = zeros([], { dtype: "float64" });
  readonly #epsilon: { readonly steps: number; readonly initial: number; readonly final: number };

  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new DQN(new CartPole()).save("agent.safetensors");
   * const again = await DQN.load("agent.safetensors", new CartPole());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: DQNOptions,
  ): Promise<DQN<Observation, Action>> {
    return loadAgent(path, (all: DQNOptions) => new DQN<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: DQNOptions = {}) {
    const name = "DQN";
    super({ name, environments: 1, options: OPTIONS }, environment, options, STANDARD);
    const { actionSpace } = this.environments;
    if (!isInstance(actionSpace, Discrete)) {
      throw new ArgumentError(`${name}: expected an action space of Discrete, got ${describe(actionSpace)}`);
    }
    this.#actions = actionSpace;
    const layers = readLayers(name, options.network, LAYERS);
    this.#isDouble = checkFlag(name, "double", options.double ?? true);
    this.#maxGradNorm = checkNumber(name, "maxGradNorm", options.maxGradNorm ?? 10, { min: 0 });
    const steps = (option: "targetUpdateEvery" | "explorationSteps"): number =>
      checkNumber(name, option, options[option] ?? 10_000, { min: 1, integer: true });
    this.#targetEvery = steps("targetUpdateEvery");
    const chance = (option: "explorationInitial" | "explorationFinal", standard: number): number =>
      checkNumber(name, option, options[option] ?? standard, { min: 0, max: 1 });
    this.#epsilon = {
      steps: steps("explorationSteps"),
      initial: chance("explorationInitial", 1),
      final: chance("explorationFinal", 0.05),
    };
    this.networks = withWeightsOf(
      this.seed,
      () =>
        new QNetworks(
          options.critic === undefined
            ? fullyConnected(this.observed, layers, actionSpace.n)
            : checkNetwork(name, "critic", options.critic, {
                inputs: [this.observed],
                outputs: actionSpace.n,
              }),
        ),
    );
    const optimizer = new Adam(this.networks.critic.parameters(), { lr: this.settings.lr });
    this.optimizers = { optimizer };
    this.updates = [{ figures: ["loss", "value", "epsilon"], learn: (batch) => this.#learn(batch) }];
  }

  protected override get states(): Readonly<Record<string, Tensor>> {
    return { targetAt: this.#targetAt };
  }

  protected random(n: number): Tensor {
    return uniformNumbers(n, this.#actions, this.acting);
  }

  protected choose(observation: Tensor, generator: Generator | null): Tensor {
    const best = argmax(this.networks.forward(observation), { dim: -1 });
    return generator === null ? best : this.#orAny(best, this.#epsilon.final, generator);
  }

  protected explore(observation: Tensor): Tensor {
    const best = argmax(this.networks.forward(observation), { dim: -1 });
    return this.#orAny(best, this.#epsilonNow(), this.acting);
  }

  /** With the chance ε any action. */
  #orAny(best: Tensor, epsilon: Tensor | number, generator: Generator): Tensor {
    const [n] = best.shape as [number];
    const isAny = less(generator.uniform([n]), epsilon);
    return where(isAny, uniformNumbers(n, this.#actions, generator), best);
  }

  #epsilonNow(): Tensor {
    const { steps, initial, final } = this.#epsilon;
    const share = minimum(div(this.place.made, steps), 1);
    return to(add(mul(share, final - initial), initial), "float32");
  }

  /** The target network follows the learnt one if it is time. */
  #followTarget(): void {
    const { critic, target } = this.networks;
    const { made } = this.place;
    noGrad(() => {
      const isDue = greaterEqual(sub(made, this.#targetAt), this.#targetEvery);
      follow(target, critic, to(mul(to(isDue, "float64"), this.settings.tau), "float32"));
      write("target", this.#targetAt, where(isDue, made, this.#targetAt));
    });
  }

  #learn(batch: ReplayBatch): Tensor[] {
    const { observation, action, nextObservation } = batch;
    const { critic, target } = this.networks;
    const { batchSize } = this.settings;
    this.#followTarget();
    const of = (values: Tensor, actions: Tensor): Tensor =>
      reshape(gather(values, 1, reshape(actions, [batchSize, 1])), [batchSize]);
    const aim = this.aiming(() => {
      const next = target.forward(nextObservation);
      const value = this.#isDouble
        ? of(next, argmax(critic.forward(nextObservation), { dim: 1 }))
        : amax(next, { dim: 1 });
      return this.target(batch, value);
    });
    const value = of(critic.forward(observation), action);
    const loss = huber(value, aim);
    const { optimizer } = this.optimizers;
    optimizer.zeroGrad();
    backward(loss);
    clipGradNorm(critic.parameters(), this.#maxGradNorm);
    optimizer.step();
    return [loss, mean(value), this.#epsilonNow()];
  }
}
