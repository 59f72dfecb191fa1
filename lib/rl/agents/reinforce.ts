import { type Compiled, compile } from "../../compiler/compile.js";
import { OptionError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { inMode } from "../../nn/in-mode.js";
import { add } from "../../ops/add.js";
import { mul } from "../../ops/mul.js";
import { neg } from "../../ops/neg.js";
import { square } from "../../ops/square.js";
import { sub } from "../../ops/sub.js";
import { sum } from "../../ops/sum.js";
import { Adam } from "../../optim/adam.js";
import { checkChoice, checkNumber } from "../../options.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Run } from "./agent.js";
import type { Environments, LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";
import {
  type Batch,
  first,
  type Gathered,
  listsOf,
  OnPolicyAgent,
  type PolicyGradientOptions,
} from "./on-policy.js";
import { doubled } from "./rollout.js";
import { firstEpisodes, standardizePart, subtractMeanOfOthers, untilAllHaveEnded } from "./whole-episodes.js";

/** Options of `REINFORCE`. Defaults: 8 environments, lr 1e-3, normalizeAdvantages true. */
export interface REINFORCEOptions extends PolicyGradientOptions {
  /**
   * What is taken from the return before the policy is judged by it: the value of a critic that learns beside it; the
   * mean of what followed in the other episodes of the update; or nothing. Default: "critic".
   */
  readonly baseline?: "critic" | "mean" | "none";
  /** An episode is cut off after this many steps. Default: the limit of an environment in ops; else 1000. */
  readonly maxEpisodeSteps?: number;
}

const NAME = "REINFORCE";
const OPTIONS: readonly string[] = ["baseline", "maxEpisodeSteps"];
const BASELINES = ["critic", "mean", "none"] as const;
/** Steps of an episode where no limit is known. */
const MAX_EPISODE_STEPS = 1000;

const readBaseline = ({ baseline = "critic" }: REINFORCEOptions): (typeof BASELINES)[number] =>
  checkChoice(NAME, "baseline", baseline, BASELINES);

type Sources = [observation: Tensor, action: Tensor, advantage: Tensor, returns: Tensor, weight: Tensor];

/**
 * REINFORCE (Williams, 1992) on whole episodes. Each update plays one episode from its beginning in each environment,
 * and makes one step of Adam on all N steps of these episodes, with the return G_t = Σ_k γᵏ·r_{t+k} to the episode's
 * end and a baseline b:
 *
 *     L = −1/N·Σ (G_t − b_t)·ln π(a_t|s_t) + c_v·1/N·Σ (V(s_t) − G_t)² − c_e·1/N·Σ H(π(·|s_t))
 *
 * G_t is made of rewards alone, with one exception: an episode that was `truncated` has γᵏ·V of the state in which it
 * was cut off in place of what would have followed, if there is a critic. Without one it ends there.
 *
 * Environments whose episode is over while others go on make steps that count, but nothing is learnt of them: a second
 * episode that is learnt of only where it is short would favour short episodes.
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new REINFORCE(new CartPole(), { environments: 4 });
 * await agent.learn({ steps: 1000 });
 * agent.episodes >= 4   // true
 */
export class REINFORCE<Observation = unknown, Action = unknown> extends OnPolicyAgent<Observation, Action> {
  protected readonly optimizer: Adam;
  readonly #baseline: (typeof BASELINES)[number];
  /** Whether a sample is part of an episode that is learnt of. */
  readonly #isPart: Uint8Array;
  /** 1/N for those, else 0. */
  readonly #weight: Tensor;
  readonly #step: Compiled<Sources, { policyLoss: Tensor; valueLoss: Tensor; entropy: Tensor }>;

  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new REINFORCE(new CartPole()).save("agent.safetensors");
   * const again = await REINFORCE.load("agent.safetensors", new CartPole());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: REINFORCEOptions,
  ): Promise<REINFORCE<Observation, Action>> {
    return loadAgent(
      path,
      (all: REINFORCEOptions) => new REINFORCE<Observation, Action>(environment, all),
      options,
    );
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: REINFORCEOptions = {}) {
    super({ name: NAME, environments: 8, options: OPTIONS }, environment, options, {
      rolloutSteps: (environments) =>
        options.maxEpisodeSteps === undefined
          ? limitOf(environments)
          : checkNumber(NAME, "maxEpisodeSteps", options.maxEpisodeSteps, { min: 1, integer: true }),
      gaeLambda: 1,
      lr: 1e-3,
      normalizeAdvantages: true,
      hasCritic: () => readBaseline(options) === "critic",
    });
    const { n } = this.environments;
    this.#baseline = readBaseline(options);
    if (this.#baseline === "mean" && n === 1) {
      throw new OptionError(
        `${NAME}: expected at least 2 environments for baseline "mean", which is that of the others, got 1`,
      );
    }
    this.#isPart = new Uint8Array(this.rollout.steps * n);
    this.#weight = zeros([this.rollout.steps * n]);
    this.optimizer = new Adam(this.policy.parameters(), { lr: this.settings.lr });
    this.#step = compile((...sources) => inMode(this.policy, true, () => this.#learn(...sources)));
  }

  protected override async begin(): Promise<void> {
    // `gather` begins new episodes for each update.
  }

  /** One episode of each environment, from its beginning. */
  protected override async gather({ signal }: Run): Promise<Gathered> {
    await super.begin();
    this.seen.reset();
    const { rollout } = this;
    const { n } = rollout;
    const haveEnded = untilAllHaveEnded(n);
    const steps = await this.collector.collect(signal, (made) => haveEnded(listsOf(rollout), made));
    let rows = 0;
    while (rows < steps) rows = doubled(rows);
    const lists = listsOf(rollout);
    return {
      steps,
      samples: Math.min(rows, rollout.steps) * n,
      reward: lists.reward,
      isPart: this.#isPart,
      ...firstEpisodes(lists, n, steps, this.#isPart),
    };
  }

  #learn(observation: Tensor, action: Tensor, advantage: Tensor, returns: Tensor, weight: Tensor) {
    const { entropyCoefficient, valueCoefficient } = this.settings;
    const { policy, value } = this.policy.judge(observation);
    const policyLoss = neg(sum(mul(mul(advantage, weight), policy.logProb(action))));
    const valueLoss = sum(mul(square(sub(value, returns)), weight));
    const entropy = sum(mul(policy.entropy(), weight));
    const ofCritic = this.policy.critic === null ? 0 : mul(valueLoss, valueCoefficient);
    this.descend(sub(add(policyLoss, ofCritic), mul(entropy, entropyCoefficient)));
    return { policyLoss, valueLoss, entropy };
  }

  protected async update(
    batch: Batch,
    run: Run,
    { samples }: Gathered,
  ): Promise<Readonly<Record<string, number>>> {
    const isPart = this.#isPart.subarray(0, samples);
    const advantage = batch.advantage.storage.forWriting() as Float32Array;
    if (this.#baseline === "mean") subtractMeanOfOthers(advantage, this.rollout.n, isPart);
    if (this.settings.normalizeAdvantages) standardizePart(advantage, isPart);
    const share = 1 / isPart.reduce((count, part) => count + part, 0);
    const weight = this.#weight.storage.forWriting() as Float32Array;
    isPart.forEach((part, k) => {
      weight[k] = part * share;
    });
    this.optimizer.lr = this.rate(run);
    const { policyLoss, valueLoss, entropy } = await this.#step.runAsync(...this.#sources(batch, samples));
    const figures = { policyLoss: policyLoss.item(), entropy: entropy.item(), lr: this.optimizer.lr };
    return this.#baseline === "critic" ? { ...figures, valueLoss: valueLoss.item() } : figures;
  }

  #sources({ observation, action, advantage, returns }: Batch, samples: number): Sources {
    return [
      first(observation, samples),
      first(action, samples),
      first(advantage, samples),
      first(returns, samples),
      first(this.#weight, samples),
    ];
  }

  protected explainUpdate(batch: Batch): string {
    const text = this.#step.explain(...this.#sources(batch, batch.advantage.size));
    return `An update, on episodes of ${this.rollout.steps} steps\n${text}`;
  }
}

/** The limit of environments in ops; of others none is known. */
function limitOf(environments: Environments): number {
  const limit =
    environments.kind === "tensor" ? environments.environment.dynamics.maxEpisodeSteps : MAX_EPISODE_STEPS;
  return Number.isFinite(limit) ? limit : MAX_EPISODE_STEPS;
}
