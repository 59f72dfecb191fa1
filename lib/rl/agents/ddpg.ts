import type { FilePath } from "../../files/path.js";
import { DeterministicAgent, type DeterministicOptions } from "./deterministic.js";
import type { LearningEnvironment } from "./environments.js";
import { loadAgent } from "./load.js";

export type DDPGOptions = DeterministicOptions;

/**
 * Deep deterministic policy gradient (Lillicrap et al., 2016): actor–critic to the letter. The return is a black box
 * without a slope. So the critic Q(s, a) learns to give it from stored steps (s, a, r, s′):
 *
 *     L_Q = mean (Q(s, a) − y)²      y = r + γ·Q′(s′, π′(s′))
 *
 * with y = r where the episode has come to an end of its own. The critic is known and has derivatives, and stands for
 * the black box: the actor a = π(s) climbs it. The actor's gradient comes through the critic's input, the action:
 *
 *     L_π = −mean Q(s, π(s))      ∂L_π/∂w = −mean ∂Q/∂a · ∂π/∂w
 *
 * While it learns, normal noise is added to actions. π = tanh of the actor's network, scaled to the bounds of the `Box`.
 * Targets Q′ and π′ follow by τ. Actor and critic learn by Adam.
 *
 * Defaults are those of stable-baselines3; the noise is that of Fujimoto et al. (2018).
 * @throws OptionError, ArgumentError
 * @example
 * const agent = new DDPG(new Pendulum(), { network: { hidden: [32, 32] }, batchSize: 32 });
 * await agent.learn({ steps: 500 });
 * agent.predict([1, 0, 0]).length   // 1
 */
export class DDPG<Observation = unknown, Action = unknown> extends DeterministicAgent<Observation, Action> {
  /**
   * The agent that `save` wrote. Modules of one's own are not in the file and have to be given again.
   * @param options Other options than those in the file.
   * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it does not fit the
   *   environment; FileError, OptionError
   * @example
   * await new DDPG(new Pendulum()).save("agent.safetensors");
   * const again = await DDPG.load("agent.safetensors", new Pendulum());
   */
  static load<Observation, Action>(
    path: FilePath,
    environment: LearningEnvironment<Observation, Action>,
    options?: DDPGOptions,
  ): Promise<DDPG<Observation, Action>> {
    return loadAgent(path, (all: DDPGOptions) => new DDPG<Observation, Action>(environment, all), options);
  }

  constructor(environment: LearningEnvironment<Observation, Action>, options: DDPGOptions = {}) {
    super(
      { name: "DDPG", options: [], critics: 1, policyDelay: 1, targetNoise: 0, targetNoiseClip: 0 },
      environment,
      options,
    );
  }
}
