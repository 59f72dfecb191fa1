// One short run of each algorithm that learns from a replay, with bars that a broken one fails. Random agents have
// about 22 in CartPole and −1,200 in Pendulum.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendInfo, setThreads } from "../../../lib/index.js";
import { CartPole, DDPG, DQN, Pendulum, SAC, TD3 } from "../../../lib/rl/index.js";

const CART_POLE = {
  lr: 2e-3,
  schedule: "linear",
  batchSize: 64,
  gamma: 0.97,
  learningStarts: 500,
  trainEvery: 4,
  gradientSteps: 4,
  targetUpdateEvery: 200,
  explorationSteps: 3000,
  bufferSize: 10_000,
} as const;
const PENDULUM = {
  batchSize: 64,
  network: { hidden: [64, 64] },
  lr: 2e-3,
  gamma: 0.95,
  tau: 0.02,
  learningStarts: 500,
  bufferSize: 10_000,
};

const RUNS = {
  "DQN in CartPole": { make: () => new DQN(new CartPole(), CART_POLE), steps: 6000, bar: 100 },
  "DQN in CartPole in JavaScript": {
    make: () => new DQN(() => new CartPole(), CART_POLE),
    steps: 6000,
    bar: 100,
  },
  "DDPG in Pendulum": {
    make: () => new DDPG(new Pendulum(), { ...PENDULUM, noise: 0.2 }),
    steps: 3000,
    bar: -500,
  },
  "TD3 in Pendulum": {
    make: () => new TD3(new Pendulum(), { ...PENDULUM, noise: 0.2, policyDelay: 1 }),
    steps: 3000,
    bar: -500,
  },
  "SAC in Pendulum": { make: () => new SAC(new Pendulum(), PENDULUM), steps: 3000, bar: -500 },
};

describe("an agent learns", () => {
  // So small networks learn fastest so, also where other processes run.
  const { threads } = backendInfo();
  beforeAll(() => setThreads(1));
  afterAll(() => setThreads(threads));

  for (const [name, { make, steps, bar }] of Object.entries(RUNS)) {
    test(name, async () => {
      const agent = make();
      await agent.learn({ steps });
      const { meanReturn } = await agent.evaluate({ episodes: 50 });
      expect(meanReturn).toBeGreaterThan(bar);
    });
  }
});
