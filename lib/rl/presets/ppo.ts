import type { PPOOptions } from "../agents/ppo.js";
import type { Presets } from "./preset.js";

export const PPO_PRESETS: Presets<PPOOptions, "CartPole-v1"> = {
  "CartPole-v1": {
    options: {
      environments: 8,
      rolloutSteps: 32,
      batchSize: 256,
      epochs: 20,
      gamma: 0.98,
      gaeLambda: 0.8,
      lr: 1e-3,
      schedule: "linear",
      clipSchedule: "linear",
    },
    steps: 100_000,
  },
};
