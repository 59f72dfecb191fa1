import type { PPOOptions } from "../agents/ppo.js";
import type { Presets } from "./preset.js";

type Solved = "CartPole-v1" | "Acrobot-v1" | "MountainCar-v0" | "Pendulum-v1" | "Bicycle";

export const PPO_PRESETS: Presets<PPOOptions, Solved> = {
  // rl-baselines3-zoo's.
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
  // rl-baselines3-zoo's, with fewer steps and a learning rate that begins higher and falls.
  "Acrobot-v1": {
    options: {
      environments: 16,
      rolloutSteps: 256,
      epochs: 4,
      gaeLambda: 0.94,
      lr: 5e-4,
      schedule: "linear",
      normalizeObservations: true,
      normalizeRewards: true,
    },
    steps: 400_000,
  },
  // rl-baselines3-zoo's, with longer rollouts and a learning rate that begins higher and falls.
  "MountainCar-v0": {
    options: {
      environments: 16,
      rolloutSteps: 256,
      epochs: 4,
      gaeLambda: 0.98,
      lr: 1e-3,
      schedule: "linear",
      normalizeObservations: true,
      normalizeRewards: true,
    },
    steps: 1_000_000,
  },
  "Pendulum-v1": {
    options: {
      environments: 16,
      rolloutSteps: 128,
      batchSize: 128,
      epochs: 20,
      gamma: 0.95,
      lr: 1e-3,
      schedule: "linear",
      normalizeRewards: true,
    },
    steps: 100_000,
  },
  // Found by trial. Eight of ten seeds ride to the end of every episode.
  Bicycle: {
    options: {
      environments: 16,
      rolloutSteps: 64,
      batchSize: 128,
      gaeLambda: 0.9,
      lr: 1e-3,
      schedule: "linear",
      normalizeObservations: true,
      normalizeRewards: true,
    },
    steps: 300_000,
  },
};
