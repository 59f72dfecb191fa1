import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArgumentError, nn, ShapeError, setThreads } from "../../../lib/index.js";
import {
  A2C,
  type Agent,
  CartPole,
  DDPG,
  DQN,
  Pendulum,
  PPO,
  REINFORCE,
  SAC,
  TD3,
} from "../../../lib/rl/index.js";
import { Pair } from "./pair.js";

beforeEach(() => setThreads(1));
afterEach(() => setThreads(2));

describe("a network of one's own that gives another number of outputs is refused", () => {
  const CASES: Readonly<Record<string, readonly [() => unknown, string]>> = {
    "PPO, actor": [
      () => new PPO(new CartPole(), { actor: new nn.Linear(4, 3) }),
      "PPO: expected actor to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "PPO, critic of another shape": [
      () => new PPO(new CartPole(), { critic: new nn.Sequential(new nn.Linear(4, 1), new nn.Flatten(0)) }),
      "PPO: expected critic to give [2, 1] for 2 observations, got [2]",
    ],
    "REINFORCE, critic": [
      () => new REINFORCE(new CartPole(), { critic: new nn.Linear(4, 2) }),
      "REINFORCE: expected critic to give [2, 1] for 2 observations, got [2, 2]",
    ],
    "DQN, critic": [
      () => new DQN(new CartPole(), { critic: new nn.Linear(4, 3) }),
      "DQN: expected critic to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "SAC, actor": [
      () => new SAC(new Pendulum(), { actor: new nn.Linear(3, 3) }),
      "SAC: expected actor to give [2, 2] for 2 observations, got [2, 3]",
    ],
    "TD3, critic": [
      () => new TD3(new Pendulum(), { critic: () => new Pair(new nn.Linear(4, 2)) }),
      "TD3: expected what critic makes to give [2, 1] for 2 observations, got [2, 2]",
    ],
  };
  for (const [title, [make, message]] of Object.entries(CASES)) {
    test(title, () => {
      expect(make).toThrow(ShapeError);
      expect(make).toThrow(message);
    });
  }

  test("one of other inputs, and what is no network", () => {
    expect(() => new PPO(new CartPole(), { actor: new nn.Linear(3, 2) })).toThrow(ShapeError);
    expect(() => new PPO(new CartPole(), { actor: 3 as never })).toThrow(ArgumentError);
  });
});

/** Layers that do in training what they do not do else. */
const changing = (inputs: number, outputs: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(inputs, 16),
    new nn.BatchNorm1d(16),
    new nn.Dropout(0.5),
    new nn.Linear(16, outputs),
  );

const actor = () => changing(3, 1);
const critic = () => new Pair(changing(4, 1));
const replaying = { batchSize: 16, learningStarts: 16, environments: 4 };
const onPolicy = () => ({ actor: changing(3, 1), critic: changing(3, 1), environments: 4 });

const AGENTS: Readonly<
  Record<string, () => Agent<ArrayLike<number>> & { networks?: nn.Module; policy?: nn.Module }>
> = {
  PPO: () => new PPO(new Pendulum(), { ...onPolicy(), rolloutSteps: 16, batchSize: 16 }),
  A2C: () => new A2C(new Pendulum(), onPolicy()),
  REINFORCE: () => new REINFORCE(new Pendulum(), { ...onPolicy(), maxEpisodeSteps: 16 }),
  DDPG: () => new DDPG(new Pendulum(), { ...replaying, actor: actor(), critic }),
  TD3: () => new TD3(new Pendulum(), { ...replaying, actor: actor(), critic }),
  SAC: () => new SAC(new Pendulum(), { ...replaying, actor: changing(3, 2), critic }),
};

const modulesOf = (agent: { networks?: nn.Module; policy?: nn.Module }): nn.Module =>
  (agent.networks ?? agent.policy) as nn.Module;

describe("networks with dropout and running statistics", () => {
  for (const [name, make] of Object.entries(AGENTS)) {
    test(`${name} acts without dropout, learns with it, and leaves modes as they were`, async () => {
      const agent = make();
      const parts = Array.from(modulesOf(agent).namedModules(), ([, part]) => part);
      const frozen = parts.find((part) => part instanceof nn.Dropout) as nn.Module;
      frozen.eval();
      const modes = parts.map((part) => part.training);
      const act = () => JSON.stringify(Array.from(agent.predict([1, 0, 0.5]) as ArrayLike<number>));
      expect(new Set(Array.from({ length: 8 }, act)).size).toBe(1);
      const before = Array.from(modulesOf(agent).namedBuffers(), ([, { data }]) => Array.from(data, Number));
      await agent.learn({ steps: 128 });
      const after = Array.from(modulesOf(agent).namedBuffers(), ([, { data }]) => Array.from(data, Number));
      after.forEach((buffer, i) => {
        expect(buffer).not.toEqual(before[i]);
        expect(buffer.every(Number.isFinite)).toBe(true);
      });
      expect(new Set(Array.from({ length: 8 }, act)).size).toBe(1);
      await agent.evaluate({ episodes: 2 });
      expect(parts.map((part) => part.training)).toEqual(modes);
    });
  }

  test("running statistics of a target network are those of the learnt one", async () => {
    const agent = new TD3(new Pendulum(), { ...replaying, actor: actor(), critic });
    await agent.learn({ steps: 128 });
    const { actor: learnt, targetActor } = agent.networks;
    const statistics = (module: nn.Module) =>
      Array.from(module.namedBuffers(), ([path, { data }]) => [path, Array.from(data, Number)]);
    expect(statistics(targetActor)).toEqual(statistics(learnt));
  });

  test("DQN's follow when it is due", async () => {
    const make = (targetUpdateEvery: number) =>
      new DQN(new CartPole(), { ...replaying, targetUpdateEvery, critic: changing(4, 2) });
    const means = async (agent: DQN) => {
      await agent.learn({ steps: 200 });
      const [own, target] = [agent.networks.critic, agent.networks.target].map((module) =>
        Array.from((Array.from(module.namedBuffers())[0] as [string, nn.Buffer])[1].data, Number),
      ) as [number[], number[]];
      return { own, target };
    };
    const never = await means(make(10_000));
    expect(never.target).toEqual(new Array(16).fill(0));
    expect(never.own).not.toEqual(never.target);
    expect((await means(make(16))).target).not.toEqual(new Array(16).fill(0));
  });
});
