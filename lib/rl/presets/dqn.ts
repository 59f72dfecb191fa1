import type { DQNOptions } from "../agents/dqn.js";
import type { Presets } from "./preset.js";

export const DQN_PRESETS: Presets<DQNOptions, "CartPole-v1"> = {
  // rl-baselines3-zoo's, with a learning rate that falls, and a cycle's 256 steps made in eight copies.
  "CartPole-v1": {
    options: {
      environments: 8,
      lr: 2.3e-3,
      schedule: "linear",
      batchSize: 64,
      bufferSize: 100_000,
      learningStarts: 1000,
      trainEvery: 32,
      gradientSteps: 128,
      targetUpdateEvery: 10,
      explorationSteps: 8000,
      explorationFinal: 0.04,
      network: { hidden: [256, 256] },
    },
    steps: 50_000,
  },
};
