import { type Compiled, compile } from "../../compiler/compile.js";
import { OptionError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { inMode } from "../../nn/in-mode.js";
import { Adam } from "../../optim/adam.js";
import { checkNumber } from "../../options.js";
import { fromTypedArray, full } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Run } from "./agent.js";
import type { LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";
import { type Batch, first, OnPolicyAgent, ROLLOUT_OPTIONS, type RolloutOptions } from "./on-policy.js";
import { ppoLoss } from "./ppo-loss.js";
import { readSchedule, scheduled } from "./schedule.js";

export interface PPOOptions extends RolloutOptions {
  /** How often an update goes through its rollout. Default: 10. */
  readonly epochs?: number;
  /** Samples in a mini-batch, a divisor of environments·rolloutSteps. Default: 64. */
  readonly batchSize?: number;
  /** ε: how far the probability of an action may move in an update. Default: 0.2. */
  readonly clipRange?: number;
  /** ε stays, or falls to 0 over the steps of `learn`. Default: "constant". */
  readonly clipSchedule?: "constant" | "linear";
  /** How far the critic's value may move in an update; null for as far as it likes. Default: null. */
  readonly clipRangeValue?: number | null;
  /** An update ends early after an epoch whose mean KL divergence is more than 1.5 times this; null for never. Default: null. */
  readonly targetKl?: number | null;
}

const OPTIONS: readonly string[] = [
  ...ROLLOUT_OPTIONS,
  "epochs",
  "batchSize",
  "clipRange",
  "clipSchedule",
  "clipRangeValue",
  "targetKl",
];

const STANDARD = {
  rolloutSteps: 2048,
  gaeLambda: 0.95,
  lr: 3e-4,
  normalizeAdvantages: true,
  judgesActions: true,
};

/** What a step of the update returns, in this order. */
const FIGURES = ["policyLoss", "valueLoss", "entropy", "approxKl", "clipFraction"] as const;
const KL = FIGURES.indexOf("approxKl");

type Sources = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/**
 * Proximal policy optimization (Schulman et al., 2017). With the ratio ρ = π(a|s)/π_old(a|s) and the advantage A of
 * generalized advantage estimation, each mini-batch makes a step of Adam on
 *
 *     L = −mean min(ρA, clamp(ρ, 1 − ε, 1 + ε)·A) + c_v·mean (V(s) − R)² − c_e·mean H(π(·|s))
 *
 * with the defaults of stable-baselines3 where nothing else is said. The approximate KL divergence is
 * mean (ρ − 1 − ln ρ).
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new PPO(new CartPole(), { environments: 8, rolloutSteps: 32, batchSize: 256 });
 * await agent.learn({ steps: 2048 });
 * const { meanReturn } = await agent.evaluate({ episodes: 10 });
 */
export class PPO<Observation = unknown, Action = unknown> extends OnPolicyAgent<Observation, Action> {
  protected readonly optimizer: Adam;
  readonly #step: Compiled<Sources, Tensor[]>;
  readonly #clipRange = full([], 0);
  readonly #epochs: number;
  readonly #batchSize: number;
  readonly #clip: { readonly range: number; readonly isLinear: boolean; readonly value: number | null };
  readonly #targetKl: number | null;

  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new PPO(new CartPole()).save("agent.safetensors");
   * const again = await PPO.load("agent.safetensors", new CartPole());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: PPOOptions,
  ): Promise<PPO<Observation, Action>> {
    return loadAgent(path, (all: PPOOptions) => new PPO<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: PPOOptions = {}) {
    super({ name: "PPO", environments: 1, options: OPTIONS }, environment, options, STANDARD);
    const where = "PPO";
    const { rolloutSteps, lr } = this.settings;
    const count = rolloutSteps * this.environments.n;
    this.#epochs = checkNumber(where, "epochs", options.epochs ?? 10, { min: 1, integer: true });
    this.#batchSize = checkNumber(where, "batchSize", options.batchSize ?? 64, { min: 1, integer: true });
    if (count % this.#batchSize !== 0) {
      throw new OptionError(
        `PPO: expected batchSize to divide environments·rolloutSteps = ${count}, got ${this.#batchSize}`,
      );
    }
    const atLeast = (name: "clipRangeValue" | "targetKl"): number | null => {
      const value = options[name] ?? null;
      return value === null ? null : checkNumber(where, name, value, { min: 0 });
    };
    this.#clip = {
      range: checkNumber(where, "clipRange", options.clipRange ?? 0.2, { min: 0 }),
      isLinear: readSchedule(where, "clipSchedule", options.clipSchedule),
      value: atLeast("clipRangeValue"),
    };
    this.#targetKl = atLeast("targetKl");
    this.optimizer = new Adam(this.policy.parameters(), { lr, eps: 1e-5 });
    this.#step = compile((observation, action, logProb, value, advantage, returns) =>
      inMode(this.policy, true, () =>
        this.#learn({ observation, action, logProb, value, advantage, returns }),
      ),
    );
  }

  /** One step of Adam on a mini-batch. */
  #learn({ observation, ...batch }: Batch): Tensor[] {
    const result = ppoLoss(this.policy.judge(observation), batch, {
      ...this.settings,
      clipRange: this.#clipRange,
      clipRangeValue: this.#clip.value,
    });
    this.descend(result.loss);
    return FIGURES.map((name) => result[name]);
  }

  protected async update(batch: Batch, run: Run): Promise<Readonly<Record<string, number>>> {
    this.optimizer.lr = this.rate(run);
    const { range, isLinear } = this.#clip;
    this.#clipRange.storage.forWriting()[0] = scheduled(range, isLinear, run.progress);
    const sources = sourcesOf(batch);
    const size = batch.advantage.size;
    // Without a look at the divergence after each epoch all epochs are one call.
    const epochsInCall = this.#targetKl === null ? this.#epochs : 1;
    let sums = new Array<number>(FIGURES.length).fill(0);
    let steps = 0;
    for (let epoch = 0; epoch < this.#epochs; epoch += epochsInCall) {
      const order = new Int32Array(epochsInCall * size);
      for (let i = 0; i < epochsInCall; i++) {
        order.set(this.ordering.permutation(size).storage.forReading(), i * size);
      }
      const log = await this.#step.loopAsync(sources, fromTypedArray(order), this.#batchSize);
      const figures = log.storage.forReading();
      const inCall = figures.length / FIGURES.length;
      const own = sums.map((_, j) => sumOf(figures, j));
      sums = sums.map((sum, j) => sum + (own[j] as number));
      steps += inCall;
      if (this.#targetKl !== null && (own[KL] as number) / inCall > 1.5 * this.#targetKl) break;
    }
    const means = Object.fromEntries(FIGURES.map((name, j) => [name, (sums[j] as number) / steps]));
    return { ...means, lr: this.optimizer.lr };
  }

  protected explainUpdate(batch: Batch): string {
    const part = sourcesOf(batch).map((x) => first(x, this.#batchSize)) as Sources;
    const text = this.#step.explain(...part);
    return `A step of the update, on ${this.#batchSize} samples\n${text}`;
  }
}

const sourcesOf = ({ observation, action, logProb, value, advantage, returns }: Batch): Sources => [
  observation,
  action,
  logProb,
  value,
  advantage,
  returns,
];

/** The sum of a column. */
function sumOf(figures: ArrayLike<number>, column: number): number {
  let sum = 0;
  for (let i = column; i < figures.length; i += FIGURES.length) sum += figures[i] as number;
  return sum;
}
