import type { DQNOptions } from "../agents/dqn.js";
import type { Presets } from "./preset.js";

export const DQN_PRESETS: Presets<DQNOptions, "CartPole-v1"> = {
  "CartPole-v1": {
    options: {
      lr: 1e-3,
      schedule: "linear",
      gamma: 0.98,
      batchSize: 64,
      bufferSize: 100_000,
      learningStarts: 1000,
      trainEvery: 16,
      gradientSteps: 8,
      targetUpdateEvery: 256,
      explorationSteps: 8000,
      explorationFinal: 0.04,
      network: { hidden: [128, 128] },
    },
    steps: 50_000,
  },
};
