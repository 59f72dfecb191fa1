import type { SACOptions } from "../agents/sac.js";
import type { Presets } from "./preset.js";

export const SAC_PRESETS: Presets<SACOptions, "Pendulum-v1" | "MountainCarContinuous-v0"> = {
  "Pendulum-v1": {
    options: { lr: 1e-3, batchSize: 128, bufferSize: 20_000, network: { hidden: [64, 64] } },
    steps: 20_000,
  },
  // Noise that lasts for some 20 steps swings the car to the goal by chance. After the goal is found, noise that does not
  // last lets the agent see where its own policy is stuck.
  "MountainCarContinuous-v0": {
    options: {
      lr: 1e-3,
      batchSize: 128,
      bufferSize: 50_000,
      learningStarts: 0,
      trainEvery: 32,
      gradientSteps: 32,
      tau: 0.01,
      initialTemperature: 0.1,
      noiseCorrelation: 0.95,
      correlatedSteps: 6000,
      normalizeObservations: true,
      network: { hidden: [64, 64] },
    },
    steps: 15_000,
  },
};
