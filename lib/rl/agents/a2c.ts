import { type Compiled, compile } from "../../compiler/compile.js";
import type { FilePath } from "../../files/path.js";
import { inMode } from "../../nn/in-mode.js";
import { add } from "../../ops/add.js";
import { mean } from "../../ops/mean.js";
import { mul } from "../../ops/mul.js";
import { neg } from "../../ops/neg.js";
import { square } from "../../ops/square.js";
import { sub } from "../../ops/sub.js";
import { RMSprop } from "../../optim/rmsprop.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Run } from "./agent.js";
import type { LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";
import {
  type Batch,
  OnPolicyAgent,
  ROLLOUT_OPTIONS,
  type RolloutOptions,
  standardized,
} from "./on-policy.js";

/** Options of `A2C`. Defaults: rolloutSteps 5, gaeLambda 1, lr 7e-4, normalizeAdvantages false. */
export interface A2COptions extends RolloutOptions {}

const STANDARD = { rolloutSteps: 5, gaeLambda: 1, lr: 7e-4, normalizeAdvantages: false };

type Sources = [observation: Tensor, action: Tensor, advantage: Tensor, returns: Tensor];

/**
 * Advantage actor–critic (Mnih et al., 2016), all environments in step. After each rollout of a few steps RMSprop makes
 * one step on all of its samples, with the advantage A and the return R = A + V(s) of generalized advantage estimation:
 *
 *     L = −mean A·ln π(a|s) + c_v·mean (V(s) − R)² − c_e·mean H(π(·|s))
 *
 * with the defaults of stable-baselines3, RMSprop's α = 0.99 and ε = 1e-5 included. λ = 1 is the return of all the
 * rollout's rewards and the critic's value where it ends.
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new A2C(new CartPole(), { environments: 8 });
 * await agent.learn({ steps: 400 });
 * agent.predict([0, 0, 0, 0]) >= 0   // true
 */
export class A2C<Observation = unknown, Action = unknown> extends OnPolicyAgent<Observation, Action> {
  protected readonly optimizer: RMSprop;
  readonly #step: Compiled<Sources, { policyLoss: Tensor; valueLoss: Tensor; entropy: Tensor }>;

  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new A2C(new CartPole()).save("agent.safetensors");
   * const again = await A2C.load("agent.safetensors", new CartPole());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: A2COptions,
  ): Promise<A2C<Observation, Action>> {
    return loadAgent(path, (all: A2COptions) => new A2C<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: A2COptions = {}) {
    super({ name: "A2C", environments: 1, options: ROLLOUT_OPTIONS }, environment, options, STANDARD);
    this.optimizer = new RMSprop(this.policy.parameters(), { lr: this.settings.lr, eps: 1e-5 });
    this.#step = compile((...sources) => inMode(this.policy, true, () => this.#learn(...sources)));
  }

  #learn(observation: Tensor, action: Tensor, given: Tensor, returns: Tensor) {
    const { entropyCoefficient, valueCoefficient, normalizeAdvantages } = this.settings;
    const { policy, value } = this.policy.judge(observation);
    const advantage = normalizeAdvantages ? standardized(given) : given;
    const policyLoss = neg(mean(mul(advantage, policy.logProb(action))));
    const valueLoss = mean(square(sub(value, returns)));
    const entropy = mean(policy.entropy());
    this.descend(sub(add(policyLoss, mul(valueLoss, valueCoefficient)), mul(entropy, entropyCoefficient)));
    return { policyLoss, valueLoss, entropy };
  }

  protected async update(batch: Batch, run: Run): Promise<Readonly<Record<string, number>>> {
    const { observation, action, advantage, returns } = batch;
    this.optimizer.lr = this.rate(run);
    const { policyLoss, valueLoss, entropy } = await this.#step.runAsync(
      observation,
      action,
      advantage,
      returns,
    );
    return {
      policyLoss: policyLoss.item(),
      valueLoss: valueLoss.item(),
      entropy: entropy.item(),
      lr: this.optimizer.lr,
    };
  }

  protected explainUpdate({ observation, action, advantage, returns }: Batch): string {
    return `A step of the update\n${this.#step.explain(observation, action, advantage, returns)}`;
  }
}
