// What the presets of DQN, DDPG, TD3 and SAC reach: all of five seeds, the mean return over 100 episodes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendInfo, setThreads } from "../../../lib/index.js";
import {
  CartPole,
  DDPG,
  DQN,
  MountainCarContinuous,
  Pendulum,
  preset,
  SAC,
  TD3,
} from "../../../lib/rl/index.js";

const PROOFS = [
  {
    name: "DQN in CartPole-v1",
    bar: 475,
    steps: preset("DQN", "CartPole-v1").steps,
    make: (seed: number) => new DQN(new CartPole(), { ...preset("DQN", "CartPole-v1").options, seed }),
  },
  {
    name: "DDPG in Pendulum-v1",
    bar: -200,
    steps: preset("DDPG", "Pendulum-v1").steps,
    make: (seed: number) => new DDPG(new Pendulum(), { ...preset("DDPG", "Pendulum-v1").options, seed }),
  },
  {
    name: "TD3 in Pendulum-v1",
    bar: -200,
    steps: preset("TD3", "Pendulum-v1").steps,
    make: (seed: number) => new TD3(new Pendulum(), { ...preset("TD3", "Pendulum-v1").options, seed }),
  },
  {
    name: "SAC in Pendulum-v1",
    bar: -200,
    steps: preset("SAC", "Pendulum-v1").steps,
    make: (seed: number) => new SAC(new Pendulum(), { ...preset("SAC", "Pendulum-v1").options, seed }),
  },
  {
    name: "SAC in MountainCarContinuous-v0",
    bar: 90,
    steps: preset("SAC", "MountainCarContinuous-v0").steps,
    make: (seed: number) =>
      new SAC(new MountainCarContinuous(), { ...preset("SAC", "MountainCarContinuous-v0").options, seed }),
  },
];

describe("presets solve their environments", () => {
  // So small networks learn fastest so, also where other processes run.
  const { threads } = backendInfo();
  beforeAll(() => setThreads(1));
  afterAll(() => setThreads(threads));

  for (const { name, bar, steps, make } of PROOFS) {
    for (const seed of [0, 1, 2, 3, 4]) {
      test(`${name}, seed ${seed}`, { timeout: 900_000 }, async () => {
        const agent = make(seed);
        await agent.learn({ steps });
        const { meanReturn, stdReturn } = await agent.evaluate({ episodes: 100 });
        console.log(`${name}, seed ${seed}: ${meanReturn.toFixed(1)} ± ${stdReturn.toFixed(1)}`);
        expect(meanReturn).toBeGreaterThanOrEqual(bar);
      });
    }
  }
});
