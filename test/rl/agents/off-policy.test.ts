import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  backendInfo,
  compile,
  Generator,
  nn,
  setThreads,
  type Tensor,
  tensor,
  zeros,
} from "../../../lib/index.js";
import { ActionNoise } from "../../../lib/rl/agents/exploration.js";
import {
  Acrobot,
  type Agent,
  Box,
  CartPole,
  DDPG,
  Discrete,
  DQN,
  type Environment,
  evaluateRandom,
  Pendulum,
  PPO,
  SAC,
  TD3,
  type TensorDynamics,
  TensorEnvironment,
  type UpdateReport,
} from "../../../lib/rl/index.js";
import { Pair } from "./pair.js";

const SMALL = { learningStarts: 64, batchSize: 16, bufferSize: 500, network: { hidden: [16] }, seed: 3 };

type Learner = Pick<Agent, "learn" | "steps" | "episodes"> & { readonly networks: nn.Module };

/** Agents whose steps and updates are one program, or calls of their own; with environments in JavaScript, or in ops. */
const AGENTS: Readonly<Record<string, () => Learner>> = {
  "DQN in one program": () => new DQN(new CartPole(), { ...SMALL, environments: 2 }),
  "DQN in separate calls": () =>
    new DQN(new CartPole(), { ...SMALL, trainEvery: 32, gradientSteps: 8, normalizeObservations: true }),
  "DQN with JavaScript": () => new DQN(() => new CartPole(), { ...SMALL, environments: 2 }),
  DDPG: () => new DDPG(new Pendulum(), { ...SMALL, environments: 3, noiseCorrelation: 0.9 }),
  TD3: () => new TD3(new Pendulum(), { ...SMALL, policyDelay: 3, gradientSteps: 2 }),
  "TD3 in separate calls": () => new TD3(new Pendulum(), { ...SMALL, trainEvery: 16, gradientSteps: 16 }),
  "TD3 with long cycles": () => new TD3(new Pendulum(), { ...SMALL, trainEvery: 100, gradientSteps: 25 }),
  "TD3 with JavaScript": () => new TD3(() => new Pendulum(), SMALL),
  SAC: () => new SAC(new Pendulum(), { ...SMALL, normalizeObservations: true }),
  "SAC with JavaScript": () => new SAC(() => new Pendulum(), { ...SMALL, temperature: 0.1 }),
};
const weights = ({ networks }: { readonly networks: nn.Module }) =>
  Object.values(networks.stateDict()).map((own) => Array.from(own.data, Number));

describe("agents that learn from a replay", () => {
  for (const [name, make] of Object.entries(AGENTS)) {
    test(`learn the same in two parts: ${name}`, async () => {
      const [once, twice] = [make(), make()];
      const before = weights(once);
      await once.learn({ steps: 288 });
      await twice.learn({ steps: 130 });
      await twice.learn({ steps: 288 });
      expect(weights(once)).not.toEqual(before);
      expect(weights(twice)).toEqual(weights(once));
      expect(twice.steps).toBe(once.steps);
      expect(twice.episodes).toBe(once.episodes);
    });
  }

  test("give the same bits with 1 and 2 threads", async () => {
    const { threads: before } = backendInfo();
    const learnt = async (threads: number) => {
      setThreads(threads);
      const agents = [
        new DQN(new CartPole(), { ...SMALL, batchSize: 256, network: { hidden: [128, 128] } }),
        new SAC(new Pendulum(), { ...SMALL, batchSize: 256, network: { hidden: [128, 128] } }),
      ];
      for (const agent of agents) await agent.learn({ steps: 100 });
      return agents.map(weights);
    };
    try {
      expect(await learnt(1)).toEqual(await learnt(2));
    } finally {
      setThreads(before);
    }
  });

  test("learn nothing before the first steps by chance", async () => {
    const agent = new DQN(new CartPole(), { ...SMALL, learningStarts: 200, explorationInitial: 0 });
    const before = weights(agent);
    let updates = 0;
    await agent.learn({ steps: 200, onUpdate: () => void updates++ });
    expect([weights(agent), updates, agent.steps]).toEqual([before, 0, 200]);
    const actions = Array.from(agent.replay.sample(400, new Generator(0)).action.data, Number);
    const share = actions.reduce((sum, action) => sum + action, 0) / 400;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.15);
    await agent.learn({ steps: 204, onUpdate: () => void updates++ });
    expect(updates).toBe(1);
    expect(weights(agent)).not.toEqual(before);
  });

  test("report episodes at their own steps, and figures of updates", async () => {
    const agent = new TD3(new Pendulum(), { ...SMALL, environments: 2 });
    const ended: [number, number][] = [];
    const names = new Set<string>();
    const { episodes, steps, meanReturn } = await agent.learn({
      steps: 1000,
      onEpisode: (report) => void ended.push([report.steps, report.length]),
      onUpdate: ({ figures }) => {
        for (const [name, value] of Object.entries(figures)) if (Number.isFinite(value)) names.add(name);
      },
    });
    expect([episodes, steps]).toEqual([4, 1000]);
    expect(ended).toEqual([
      [400, 200],
      [400, 200],
      [800, 200],
      [800, 200],
    ]);
    expect(meanReturn).toBeLessThan(0);
    expect([...names].sort()).toEqual(["actorLoss", "criticLoss"]);
  });

  test("end where a callback or a signal says so, and go on", async () => {
    const agent = new SAC(new Pendulum(), SMALL);
    const { steps } = await agent.learn({ steps: 2000, onEpisode: () => "stop" });
    expect(steps).toBeGreaterThanOrEqual(200);
    expect(steps).toBeLessThan(1200);
    const controller = new AbortController();
    const reason = new Error("enough");
    const call = agent.learn({
      steps: 1e6,
      signal: controller.signal,
      onUpdate: () => controller.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    const before = agent.steps;
    expect((await agent.learn({ steps: before + 10 })).steps).toBe(before + 10);
  });

  test("say what is computed where", () => {
    const text = new SAC(new Pendulum(), SMALL).explain();
    expect(text).toMatch(/SAC: a step of 1 environments in the engine/);
    expect(text).toMatch(/Updates, 16 stored steps each/);
    expect(text).toMatch(/adam/i);
  });

  test("let ε and the learning rate fall", async () => {
    const options = { ...SMALL, explorationSteps: 400, explorationFinal: 0.2, schedule: "linear" } as const;
    const agent = new DQN(new CartPole(), options);
    const epsilons: number[] = [];
    const onUpdate = ({ figures }: UpdateReport) => void epsilons.push(figures["epsilon"] as number);
    await agent.learn({ steps: 100, onUpdate });
    await agent.learn({ steps: 400, onUpdate });
    await agent.learn({ steps: 500, onUpdate });
    expect(epsilons[0]).toBeCloseTo(1 - (0.8 * 84) / 400, 1);
    expect(epsilons.at(-1)).toBeCloseTo(0.2, 5);
    const { optimizer } = agent.stateDict().parts as { optimizer: { paramGroups: { lr: number }[] } };
    expect(optimizer.paramGroups[0]?.lr).toBeLessThan(1e-4 * 0.21);
  });
});

describe("agents in files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "thalweg-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const kept = {
    DQN: {
      kind: DQN,
      environment: () => new CartPole(),
      options: { ...SMALL, trainEvery: 32, gradientSteps: 8 },
    },
    DDPG: { kind: DDPG, environment: () => new Pendulum(), options: { ...SMALL, noiseCorrelation: 0.5 } },
    TD3: { kind: TD3, environment: () => new Pendulum(), options: { ...SMALL, normalizeObservations: true } },
    SAC: { kind: SAC, environment: () => new Pendulum(), options: SMALL },
  };
  for (const [name, { kind, environment, options }] of Object.entries(kept)) {
    test(`learn on with the same bits: ${name}`, async () => {
      const path = join(folder, name);
      const whole = new kind(environment() as never, options);
      await whole.learn({ steps: 160 });
      await whole.save(path);
      await whole.learn({ steps: 288 });
      const again: typeof whole = await kind.load(path, environment() as never);
      expect(again.steps).toBe(160);
      await again.learn({ steps: 288 });
      expect(weights(again)).toEqual(weights(whole));
    });
  }
});

/** One step an episode, of reward 1, whose end is one of its own or of the clock. */
const single = (terminates: boolean): TensorDynamics => ({
  name: "Single",
  observationSpace: new Box(0, 1),
  actionSpace: new Discrete(2),
  maxEpisodeSteps: 1,
  begin: (n) => [zeros([n])],
  advance: ([x]) => ({
    state: [x as Tensor],
    reward: (x as Tensor).add(1),
    terminated: (x as Tensor).equal(terminates ? 0 : 1),
  }),
  observe: ([x]) => (x as Tensor).reshape([-1, 1]),
});
const singleInJavaScript = (terminated: boolean) => (): Environment<ArrayLike<number>, number> => ({
  observationSpace: new Box(0, 1),
  actionSpace: new Discrete(2),
  reset: () => ({ observation: [0], info: {} }),
  step: () => ({ observation: [0], reward: 1, terminated, truncated: !terminated, info: {} }),
});

/** Rewards whose square is beyond float32. */
const huge: TensorDynamics = {
  ...single(false),
  actionSpace: new Box(-1, 1),
  advance: ([x]) => ({
    state: [x as Tensor],
    reward: (x as Tensor).add(1e30),
    terminated: (x as Tensor).equal(1),
  }),
};

describe("what follows an episode counts where it was cut off, and not where it ended", () => {
  const options = { gamma: 0.5, lr: 0.02, tau: 0.5, targetUpdateEvery: 1, batchSize: 16, learningStarts: 32 };
  for (const terminates of [true, false]) {
    for (const kind of ["ops", "JavaScript"]) {
      test(`in ${kind}, ${terminates ? "terminated" : "truncated"}`, async () => {
        const environment =
          kind === "ops" ? new TensorEnvironment(single(terminates), 1) : singleInJavaScript(terminates);
        const agent = new DQN(environment, { ...options, network: { hidden: [8] } });
        await agent.learn({ steps: 1200 });
        const values = agent.networks.forward(tensor([[0]])).data;
        // 1, or 1 + γ + γ² + … = 2
        for (const value of values) expect(Math.abs(value - (terminates ? 1 : 2))).toBeLessThan(0.05);
      });
    }
  }
});

describe("actions", () => {
  test("lie within the bounds of the Box, each with its own", async () => {
    const seen: number[][] = [];
    const environment: Environment<ArrayLike<number>, ArrayLike<number>> = {
      observationSpace: new Box(-1, 1),
      actionSpace: new Box([0, -3], [10, -1]),
      reset: () => ({ observation: [0], info: {} }),
      step: (action) => {
        seen.push(Array.from(action));
        return { observation: [0], reward: 0, terminated: false, truncated: false, info: {} };
      },
    };
    for (const agent of [
      new SAC(environment, SMALL),
      new TD3(environment, { ...SMALL, noise: 2 }),
      new DDPG(environment, SMALL),
    ]) {
      await agent.learn({ steps: 150 });
      for (const deterministic of [true, false]) {
        expect(agent.actionSpace.contains(agent.predict([0.5], { deterministic }))).toBe(true);
      }
    }
    const [low, high] = [Math.min, Math.max].map((of) =>
      [0, 1].map((i) => of(...seen.map((one) => one[i] as number))),
    );
    expect(low?.[0]).toBeGreaterThanOrEqual(0);
    expect(low?.[0]).toBeLessThan(1);
    expect(high?.[0]).toBeGreaterThan(9);
    expect(high?.[0]).toBeLessThanOrEqual(10);
    expect(low?.[1]).toBeGreaterThanOrEqual(-3);
    expect(high?.[1]).toBeLessThanOrEqual(-1);
  });

  test("by chance also lie in a Box whose bounds are the same", async () => {
    const seen: number[][] = [];
    const environment: Environment<ArrayLike<number>, ArrayLike<number>> = {
      observationSpace: new Box(-1, 1),
      actionSpace: new Box([0.3, -1], [0.3, 1]),
      reset: () => ({ observation: [0], info: {} }),
      step: (action) => {
        seen.push(Array.from(action));
        return { observation: [0], reward: 0, terminated: seen.length % 5 === 0, truncated: false, info: {} };
      },
    };
    await evaluateRandom(environment, { episodes: 2 });
    expect(new Set(seen.map(([fixed]) => fixed))).toEqual(new Set([Math.fround(0.3)]));
    expect(new Set(seen.map(([, free]) => free)).size).toBe(seen.length);
    expect(() => new SAC(environment)).toThrow(/low < high/);
  });

  test("are predicted by chance where they are asked to be", () => {
    const agent = new SAC(new Pendulum(), SMALL);
    const predict = (deterministic: boolean) =>
      Number(agent.predict(Float32Array.of(1, 0, 0), { deterministic })[0]);
    expect(predict(true)).toBe(predict(true));
    expect(predict(false)).not.toBe(predict(false));
  });

  test("get noise of deviation 1 whose correlation is that asked for, anew in each episode", () => {
    for (const correlation of [0, 0.9]) {
      const [n, steps] = [2000, 30];
      const isCorrelated = tensor(true);
      const noise = new ActionNoise(n, 1, correlation, () => isCorrelated);
      const generator = new Generator(1);
      const next = compile((isNew: Tensor) => noise.next(isNew, generator).reshape([n]));
      const isNew = tensor(Array.from({ length: n }, (_, i) => i < n / 2));
      next(tensor(new Array<boolean>(n).fill(true)));
      const goesOn = zeros([n], { dtype: "bool" });
      for (let t = 0; t < steps; t++) next(goesOn);
      const [a, b] = [Array.from(next(goesOn).data), Array.from(next(isNew).data)];
      const product = (x: readonly number[], y: readonly number[]) =>
        x.reduce((sum, value, i) => sum + value * (y[i] as number), 0) / x.length;
      expect(Math.abs(product(a, a) - 1)).toBeLessThan(0.15);
      expect(Math.abs(product(b, b) - 1)).toBeLessThan(0.15);
      const half = n / 2;
      expect(Math.abs(product(a.slice(0, half), b.slice(0, half)))).toBeLessThan(0.15);
      expect(Math.abs(product(a.slice(half), b.slice(half)) - correlation)).toBeLessThan(0.15);
      isCorrelated.data[0] = 0;
      expect(Math.abs(product(b, Array.from(next(goesOn).data)))).toBeLessThan(0.15);
    }
  });
});

describe("what does not fit is refused", () => {
  const bad: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "a Box for DQN": [() => new DQN(new Pendulum()), /DQN: expected an action space of Discrete/],
    "numbered actions for SAC": [() => new SAC(new Acrobot()), /SAC: expected an action space that is a Box/],
    "bounds without end": [
      () =>
        new TD3({
          observationSpace: new Box(-1, 1, { shape: [3] }),
          actionSpace: new Box(-Infinity, 1),
          reset: () => ({ observation: [0, 0, 0], info: {} }),
          step: () => ({ observation: [0, 0, 0], reward: 0, terminated: false, truncated: false, info: {} }),
        }),
      /finite bounds/,
    ],
    "a misspelt option": [
      () => new DQN(new CartPole(), { buffersize: 1 } as never),
      /did you mean "bufferSize"/,
    ],
    "an option of another agent": [
      () => new DDPG(new Pendulum(), { policyDelay: 1 } as never),
      /unknown option/,
    ],
    "null for options": [() => new TD3(new Pendulum(), null as never), /expected an object of options/],
    "a replay that one step overflows": [
      () => new DQN(new CartPole(), { environments: 4, bufferSize: 3 }),
      /expected bufferSize to be a whole number ≥ 4/,
    ],
    "τ of 0": [() => new SAC(new Pendulum(), { tau: 0 }), /expected tau to be a number > 0/],
    "a temperature that is fixed and learnt": [
      () => new SAC(new Pendulum(), { temperature: 0.1, initialTemperature: 1 }),
      /SAC: expected no initialTemperature with temperature/,
    ],
    "an entropy to aim at with a fixed temperature": [
      () => new SAC(new Pendulum(), { temperature: 0.1, targetEntropy: -1 }),
      /SAC: expected no targetEntropy with temperature/,
    ],
    "steps of noise that is not correlated": [
      () => new DDPG(new Pendulum(), { correlatedSteps: 100 }),
      /DDPG: expected no correlatedSteps with a noiseCorrelation of 0/,
    ],
    "correlation of no noise": [
      () => new TD3(new Pendulum(), { noise: 0, noiseCorrelation: 0.9 }),
      /TD3: expected no noiseCorrelation with a noise of 0/,
    ],
    "one critic for two": [
      () => {
        const one = new Pair(new nn.Linear(4, 1));
        return new SAC(new Pendulum(), { critic: () => one });
      },
      /a new Module in each call/,
    ],
    "a critic that is no module": [
      () => new TD3(new Pendulum(), { critic: () => 1 as never }),
      /expected what critic makes/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(bad)) {
    test(name, () => {
      expect(make).toThrow(message);
    });
  }

  test("an environment that breaks its contract ends the call, and the agent can go on", async () => {
    let count = 0;
    const make = (): Environment<ArrayLike<number>, number> => ({
      observationSpace: new Box(-1, 1),
      actionSpace: new Discrete(2),
      reset: () => ({ observation: [0], info: {} }),
      step: () => ({
        observation: [++count === 100 ? Number.NaN : 0.5],
        reward: 1,
        terminated: count % 7 === 0,
        truncated: false,
        info: {},
      }),
    });
    const agent = new DQN(make, SMALL);
    await expect(agent.learn({ steps: 300 })).rejects.toThrow(/step 100/);
    expect((await agent.learn({ steps: 300 })).steps).toBe(300);
  });

  const giving = (observation: number, reward: number): Environment<ArrayLike<number>, number> => ({
    observationSpace: new Box(-Infinity, Infinity),
    actionSpace: new Discrete(2),
    reset: () => ({ observation: [0], info: {} }),
    step: () => ({ observation: [observation], reward, terminated: false, truncated: false, info: {} }),
  });

  test("numbers that are not finite as float32 are an environment's error", async () => {
    const learn = (observation: number, reward: number) =>
      new DQN(giving(observation, reward), SMALL).learn({ steps: 10 });
    await expect(learn(0, 1e39)).rejects.toThrow(/step 1 .*reward to be finite as a float32, got 1e\+39/);
    for (const observation of [Number.POSITIVE_INFINITY, -1e39]) {
      await expect(learn(observation, 0)).rejects.toThrow(/step 1 .*finite float32 numbers/);
      expect(() => new DQN(giving(0, 0), SMALL).predict([observation])).toThrow(ArgumentError);
    }
  });

  test("a loss that is not finite ends the call", async () => {
    const agents = [
      new DQN(giving(0, 3e38), SMALL),
      new TD3(new TensorEnvironment(huge, 1), SMALL),
      new PPO(giving(0, 1e30), { rolloutSteps: 32, batchSize: 16 }),
    ];
    for (const agent of agents) {
      const call = agent.learn({ steps: 200 });
      await expect(call).rejects.toThrow(AnomalyError);
      await expect(call).rejects.toThrow(new RegExp(`${agent.name}.learn: \\w+ is (NaN|Infinity)`));
    }
  });

  test("steps before an environment's error count, and their episodes are reported", async () => {
    let count = 0;
    const make = (): Environment<ArrayLike<number>, number> => ({
      observationSpace: new Box(-1, 1),
      actionSpace: new Discrete(2),
      reset: () => ({ observation: [0], info: {} }),
      step: () => {
        if (++count % 50 === 0) throw new Error("the cable was pulled");
        return { observation: [0.5], reward: 1, terminated: count % 7 === 0, truncated: false, info: {} };
      },
    });
    const agent = new DQN(make, { ...SMALL, learningStarts: 90 });
    const ended: number[] = [];
    const learn = () =>
      agent.learn({ steps: 96, onEpisode: ({ steps, episode }) => void ended.push(steps, episode) });
    await expect(learn()).rejects.toThrow(/the cable was pulled/);
    expect([agent.steps, agent.replay.length, agent.episodes]).toEqual([49, 49, 7]);
    expect(ended).toEqual([1, 2, 3, 4, 5, 6, 7].flatMap((episode) => [7 * episode, episode]));
    expect((await learn()).steps).toBeGreaterThanOrEqual(96);
  });

  test("a signal ends steps in JavaScript between two of them", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let count = 0;
    const make = (): Environment<ArrayLike<number>, number> => ({
      observationSpace: new Box(-1, 1),
      actionSpace: new Discrete(2),
      reset: () => ({ observation: [0], info: {} }),
      step: () => {
        if (++count === 30) controller.abort(reason);
        return { observation: [0.5], reward: 1, terminated: false, truncated: false, info: {} };
      },
    });
    const agent = new DQN(make, { ...SMALL, learningStarts: 200 });
    await expect(agent.learn({ steps: 300, signal: controller.signal })).rejects.toBe(reason);
    expect([count, agent.steps, agent.replay.length]).toEqual([30, 30, 30]);
    expect((await agent.learn({ steps: 220 })).steps).toBe(220);
  });
});

describe("networks of one's own", () => {
  class Product extends nn.Module {
    readonly fromState = new nn.Linear(3, 4);
    readonly fromAction = new nn.Linear(1, 4);
    forward(observation: Tensor, action: Tensor): Tensor {
      const products = this.fromState.forward(observation).mul(this.fromAction.forward(action));
      return products.sum({ dim: 1 }).reshape([observation.shape[0] as number, 1]);
    }
  }

  test("learn in the places of actor and critics", async () => {
    const actor = new nn.Linear(3, 2);
    const made: Product[] = [];
    const critic = (): Product => {
      made.push(new Product());
      return made.at(-1) as Product;
    };
    const agent = new SAC(new Pendulum(), { ...SMALL, actor, critic });
    const before = [actor, ...made].map((module) => Array.from(module.parameters()[0]?.data ?? [], Number));
    await agent.learn({ steps: 100 });
    const after = [actor, ...made].map((module) => Array.from(module.parameters()[0]?.data ?? [], Number));
    expect(made.length).toBe(2);
    after.forEach((weight, i) => {
      expect(weight).not.toEqual(before[i]);
    });
  });

  test("learn in the place of DQN's critic", async () => {
    const critic = new nn.Linear(4, 2);
    const before = Array.from(critic.weight.data, Number);
    await new DQN(new CartPole(), { ...SMALL, critic }).learn({ steps: 100 });
    expect(Array.from(critic.weight.data, Number)).not.toEqual(before);
  });
});
