import { describe, expect, test } from "vitest";
import * as rl from "../../../lib/rl/index.js";

const SEEDS = [0, 1, 2, 3, 4];
const MINUTES = 60_000;

type Learner = rl.PPO | rl.A2C | rl.REINFORCE;

/** Each preset, the mean return that counts as solved, and how its agent is made. */
const PROOFS: readonly {
  readonly title: string;
  readonly steps: number;
  readonly bar: number;
  readonly make: (seed: number) => Learner;
}[] = [
  {
    title: "REINFORCE, CartPole-v1",
    ...rl.preset("REINFORCE", "CartPole-v1"),
    bar: 475,
    make: (seed) =>
      new rl.REINFORCE(new rl.CartPole(), { ...rl.preset("REINFORCE", "CartPole-v1").options, seed }),
  },
  {
    title: "A2C, CartPole-v1",
    ...rl.preset("A2C", "CartPole-v1"),
    bar: 475,
    make: (seed) => new rl.A2C(new rl.CartPole(), { ...rl.preset("A2C", "CartPole-v1").options, seed }),
  },
  {
    title: "PPO, CartPole-v1",
    ...rl.preset("PPO", "CartPole-v1"),
    bar: 475,
    make: (seed) => new rl.PPO(new rl.CartPole(), { ...rl.preset("PPO", "CartPole-v1").options, seed }),
  },
  {
    title: "PPO, Acrobot-v1",
    ...rl.preset("PPO", "Acrobot-v1"),
    bar: -90,
    make: (seed) => new rl.PPO(new rl.Acrobot(), { ...rl.preset("PPO", "Acrobot-v1").options, seed }),
  },
  {
    title: "PPO, MountainCar-v0",
    ...rl.preset("PPO", "MountainCar-v0"),
    bar: -110,
    make: (seed) => new rl.PPO(new rl.MountainCar(), { ...rl.preset("PPO", "MountainCar-v0").options, seed }),
  },
  {
    title: "PPO, Pendulum-v1",
    ...rl.preset("PPO", "Pendulum-v1"),
    bar: -200,
    make: (seed) => new rl.PPO(new rl.Pendulum(), { ...rl.preset("PPO", "Pendulum-v1").options, seed }),
  },
  {
    title: "PPO, Bicycle, which stays up for the whole episode",
    ...rl.preset("PPO", "Bicycle"),
    bar: 1000,
    make: (seed) => new rl.PPO(new rl.Bicycle(), { ...rl.preset("PPO", "Bicycle").options, seed }),
  },
];

describe("mean return over 100 episodes", () => {
  for (const { title, steps, bar, make } of PROOFS) {
    for (const seed of SEEDS) {
      test(
        `at least ${bar}: ${title}, seed ${seed}`,
        async () => {
          const agent = make(seed);
          await agent.learn({ steps });
          const { meanReturn, stdReturn } = await agent.evaluate({ episodes: 100, seed: 1000 });
          process.stdout.write(
            `${title}, seed ${seed}: ${meanReturn.toFixed(1)} ± ${stdReturn.toFixed(1)}\n`,
          );
          expect(meanReturn).toBeGreaterThanOrEqual(bar);
        },
        10 * MINUTES,
      );
    }
  }
});
