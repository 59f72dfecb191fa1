import { checkChoice } from "../../options.js";
import { A2C_PRESETS } from "./a2c.js";
import { DDPG_PRESETS } from "./ddpg.js";
import { DQN_PRESETS } from "./dqn.js";
import { PPO_PRESETS } from "./ppo.js";
import { REINFORCE_PRESETS } from "./reinforce.js";
import { SAC_PRESETS } from "./sac.js";
import { TD3_PRESETS } from "./td3.js";

// Algorithm → environment → settings. Each algorithm's presets are a file of this folder.
const PRESETS = {
  REINFORCE: REINFORCE_PRESETS,
  A2C: A2C_PRESETS,
  PPO: PPO_PRESETS,
  DQN: DQN_PRESETS,
  DDPG: DDPG_PRESETS,
  TD3: TD3_PRESETS,
  SAC: SAC_PRESETS,
};

type All = typeof PRESETS;

/** The algorithms that have presets. */
export type PresetAlgorithm = keyof All;
/** The environments for which an algorithm has a preset. */
export type PresetEnvironment<Algorithm extends PresetAlgorithm> = keyof All[Algorithm] & string;
/** The settings of an algorithm for an environment. */
export type PresetOf<
  Algorithm extends PresetAlgorithm,
  Environment extends PresetEnvironment<Algorithm> = PresetEnvironment<Algorithm>,
> = All[Algorithm][Environment];

/**
 * Settings under which an algorithm was seen to solve an environment, with seeds 0 to 4: options for the agent, and
 * how many steps to learn.
 * @throws ArgumentError for an algorithm without presets, or an environment for which it has none
 * @example
 * const { options, steps } = preset("PPO", "CartPole-v1");
 * const agent = new PPO(new CartPole(), { ...options, seed: 1 });
 * steps   // 100000
 */
export function preset<Algorithm extends PresetAlgorithm, Environment extends PresetEnvironment<Algorithm>>(
  algorithm: Algorithm,
  environment: Environment,
): PresetOf<Algorithm, Environment> {
  const ofAlgorithm = checkChoice(
    "preset",
    "the algorithm",
    algorithm,
    Object.keys(PRESETS) as PresetAlgorithm[],
  ) as Algorithm;
  const presets = PRESETS[ofAlgorithm];
  const name = checkChoice("preset", "the environment", environment, Object.keys(presets)) as Environment;
  // A copy, which the caller may change.
  return structuredClone(presets[name]);
}
