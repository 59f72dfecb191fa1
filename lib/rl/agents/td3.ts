import type { FilePath } from "../../files/path.js";
import { checkNumber } from "../../options.js";
import { DeterministicAgent, type DeterministicOptions } from "./deterministic.js";
import type { LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";

export interface TD3Options extends DeterministicOptions {
  /** The actor and the targets move after this many updates of the critics. Default: 2. */
  readonly policyDelay?: number;
  /** Deviation of the noise of the target's action, for actions in [−1, 1]. Default: 0.2. */
  readonly targetNoise?: number;
  /** Where that noise is cut. Default: 0.5. */
  readonly targetNoiseClip?: number;
}

const MOST_DELAY = 64;

/**
 * Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018): `DDPG` with two critics, of which the lesser
 * is believed, a target action that is smoothed by noise, and an actor that moves after every second update:
 *
 *     L_i = mean (Q_i(s, a) − y)²      y = r + γ·min_j Q′_j(s′, ã)
 *     ã = clamp(π′(s′) + clamp(N(0, σ²), ±c), ±1)
 *     L_π = −mean Q_1(s, π(s))
 *
 * with y = r where the episode has come to an end of its own.
 *
 * Defaults are those of stable-baselines3, and noise of 0.1 while it learns, as in the paper.
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new TD3(new Pendulum(), { network: { hidden: [32, 32] }, batchSize: 32 });
 * await agent.learn({ steps: 500 });
 * agent.predict([1, 0, 0]).length   // 1
 */
export class TD3<Observation = unknown, Action = unknown> extends DeterministicAgent<Observation, Action> {
  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new TD3(new Pendulum()).save("agent.safetensors");
   * const again = await TD3.load("agent.safetensors", new Pendulum());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: TD3Options,
  ): Promise<TD3<Observation, Action>> {
    return loadAgent(path, (all: TD3Options) => new TD3<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: TD3Options = {}) {
    const name = "TD3";
    const noise = (option: "targetNoise" | "targetNoiseClip", standard: number): number =>
      checkNumber(name, option, options?.[option] ?? standard, { min: 0 });
    super(
      {
        name,
        options: ["policyDelay", "targetNoise", "targetNoiseClip"],
        critics: 2,
        policyDelay: checkNumber(name, "policyDelay", options?.policyDelay ?? 2, {
          min: 1,
          max: MOST_DELAY,
          integer: true,
        }),
        targetNoise: noise("targetNoise", 0.2),
        targetNoiseClip: noise("targetNoiseClip", 0.5),
      },
      environment,
      options,
    );
  }
}
