import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, Generator, nn, OptionError, setThreads, tensor } from "../../../lib/index.js";
import * as rl from "../../../lib/rl/index.js";

type Learner = rl.PPO | rl.A2C | rl.REINFORCE;
type Options = rl.PolicyGradientOptions;

/** Each algorithm with settings for short runs. */
const AGENTS = {
  PPO: (environment: rl.LearningEnvironment, options: Options = {}): Learner =>
    new rl.PPO(environment, { rolloutSteps: 32, batchSize: 64, environments: 4, epochs: 4, ...options }),
  A2C: (environment: rl.LearningEnvironment, options: Options = {}): Learner =>
    new rl.A2C(environment, { environments: 4, ...options }),
  REINFORCE: (environment: rl.LearningEnvironment, options: Options = {}): Learner =>
    new rl.REINFORCE(environment, { environments: 4, ...options }),
};
const CLASSES = { PPO: rl.PPO, A2C: rl.A2C, REINFORCE: rl.REINFORCE };
type Name = keyof typeof AGENTS;
const NAMES = Object.keys(AGENTS) as Name[];

const weights = (agent: Learner): number[][] =>
  Object.values(agent.policy.stateDict()).map(({ data }) => Array.from(data, Number));

afterEach(() => setThreads(2));

describe("learning runs", () => {
  // A random agent's mean return is about 22.
  const RUNS = {
    PPO: { options: rl.preset("PPO", "CartPole-v1").options, steps: 20_480, bar: 120 },
    A2C: { options: { environments: 16, lr: 2e-3, schedule: "linear" as const }, steps: 60_000, bar: 120 },
    REINFORCE: { options: { environments: 8, lr: 3e-3 }, steps: 40_000, bar: 100 },
  };
  for (const name of NAMES) {
    test(`${name} keeps the pole up`, async () => {
      // The bits are those of any number of threads, and a busy machine has none to wait for.
      setThreads(1);
      const { options, steps, bar } = RUNS[name];
      const agent = AGENTS[name](new rl.CartPole(), { ...options, seed: 0 });
      await agent.learn({ steps });
      const { meanReturn } = await agent.evaluate({ episodes: 50 });
      expect(meanReturn).toBeGreaterThan(bar);
    });
  }
});

test("log-probabilities of a rollout are computed only where the update needs them", () => {
  const judged = NAMES.filter((name) =>
    AGENTS[name](new rl.CartPole()).explain().includes("Values and log-probabilities of a rollout"),
  );
  expect(judged).toEqual(["PPO"]);
});

/** Episodes of one step: the action has to say what the observation shows. A random agent is right half of the time. */
class Copy implements rl.Environment<ArrayLike<number>, number | ArrayLike<number>> {
  readonly observationSpace = new rl.Box(-1, 1, { shape: [2] });
  readonly #chance = new Generator(0);
  #shown: number[] = [];

  constructor(
    readonly actionSpace: rl.Space<number | ArrayLike<number>>,
    /** How right an action is, from 0 to 1. @param shown two numbers, each 1 or −1 */
    readonly judge: (action: number | ArrayLike<number>, shown: readonly number[]) => number,
  ) {}

  #show(): number[] {
    this.#shown = Array.from(this.#chance.uniform([2]).data, (u) => (Number(u) < 0.5 ? -1 : 1));
    return this.#shown;
  }

  reset({ seed }: rl.ResetOptions = {}) {
    if (seed !== undefined) this.#chance.seed(seed);
    return { observation: this.#show(), info: {} };
  }

  step(action: number | ArrayLike<number>) {
    if (!this.actionSpace.contains(action)) throw new Error(`not an action: ${action}`);
    const reward = this.judge(action, this.#shown);
    return { observation: this.#show(), reward, terminated: true, truncated: false, info: {} };
  }
}

type Judge = ConstructorParameters<typeof Copy>[1];
const each =
  (right: (one: number, shown: number) => number): Judge =>
  (action, shown) =>
    shown.reduce((sum, one, i) => sum + right((action as ArrayLike<number>)[i] as number, one), 0) / 2;
const near = each((one, shown) => 1 - Math.min(1, Math.abs(one - 0.5 * shown)));

const COPIES: Readonly<Record<string, readonly [rl.Space, Judge, Options?]>> = {
  Discrete: [
    new rl.Discrete(2, { start: 3 }),
    (action, [shown]) => ((action === 4) === (shown === 1) ? 1 : 0),
  ],
  MultiDiscrete: [
    new rl.MultiDiscrete([2, 3]),
    each((one, shown) => (one === (shown === 1 ? 1 : 0) ? 1 : 0)),
  ],
  MultiBinary: [new rl.MultiBinary([1, 2]), each((one, shown) => ((one === 1) === (shown === 1) ? 1 : 0))],
  Box: [new rl.Box(-1, 1, { shape: [2, 1] }), near],
  "Box, squashed": [new rl.Box([-1, -2], [1, 2]), near, { squash: true }],
};

describe("actions of each kind of space are learnt", () => {
  for (const name of NAMES) {
    for (const [title, [space, judge, options]] of Object.entries(COPIES)) {
      test(`${name}: ${title}`, async () => {
        const make = () => new Copy(space as rl.Space<number | ArrayLike<number>>, judge);
        const lr = name === "REINFORCE" ? 0.01 : 3e-3;
        const agent = AGENTS[name](make, { environments: 16, lr, logStd: -0.5, ...options });
        await agent.learn({ steps: 5000 });
        const { meanReturn } = await agent.evaluate({ episodes: 100 });
        expect(meanReturn).toBeGreaterThan(0.8);
      });
    }
  }
});

/** Always the same is seen, and each step is worth 1; an episode has four of them. */
class Constant implements rl.Environment<ArrayLike<number>, number> {
  readonly observationSpace = new rl.Box(0, 1);
  readonly actionSpace = new rl.Discrete(2);
  #steps = 0;

  constructor(readonly end: "terminated" | "truncated") {}

  reset() {
    this.#steps = 0;
    return { observation: [1], info: {} };
  }

  step() {
    const ends = { terminated: false, truncated: false, [this.end]: ++this.#steps === 4 };
    return { observation: [1], reward: 1, info: {}, ...ends };
  }
}

describe("at γ = 0.9 a critic says of steps that are worth 1", () => {
  const valueOf = async (name: Name, end: "terminated" | "truncated"): Promise<number> => {
    const agent = AGENTS[name](() => new Constant(end), {
      gamma: 0.9,
      lr: 0.05,
      critic: new nn.Linear(1, 1),
    });
    await agent.learn({ steps: 8000 });
    return agent.policy.value(tensor([[1]])).item();
  };
  for (const name of NAMES) {
    test(`10 where episodes are only cut off: ${name}`, async () => {
      expect(Math.abs((await valueOf(name, "truncated")) - 10)).toBeLessThan(1);
    });

    test(`what comes until they end, at most 3.44, where they do: ${name}`, async () => {
      const value = await valueOf(name, "terminated");
      expect(value).toBeGreaterThan(1.8);
      expect(value).toBeLessThan(3.44);
    });
  }
});

describe("the same bits", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "thalweg-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const KINDS = { CartPole: rl.CartPole, Pendulum: rl.Pendulum };
  const NORMALIZING = { normalizeObservations: true, normalizeRewards: true, seed: 7 };
  for (const name of NAMES) {
    for (const [title, Kind] of Object.entries(KINDS)) {
      const environment = (): rl.LearningEnvironment =>
        new Kind({ maxEpisodeSteps: 40 }) as rl.LearningEnvironment;
      const make = (): Learner => AGENTS[name](environment(), NORMALIZING);

      test(`with 1 and 2 threads: ${name}, ${title}`, async () => {
        const run = async (threads: number): Promise<number[][]> => {
          setThreads(threads);
          const agent = make();
          await agent.learn({ steps: 512 });
          return weights(agent);
        };
        expect(await run(2)).toEqual(await run(1));
      });

      test(`at once, in two calls, and from a file between them: ${name}, ${title}`, async () => {
        const [once, twice] = [make(), make()];
        await once.learn({ steps: 512 });
        await twice.learn({ steps: 256 });
        const path = join(folder, `${name}-${title}`);
        await twice.save(path);
        await twice.learn({ steps: 512 });
        expect(weights(twice)).toEqual(weights(once));
        expect(twice.episodes).toBe(once.episodes);

        const other: Learner = await CLASSES[name].load(path, environment());
        await other.learn({ steps: 512 });
        expect(weights(other)).toEqual(weights(once));
      });
    }
  }
});

test("PPO begins each update at the policy that acted: one step on all samples moves no probability yet", async () => {
  const agent = new rl.PPO(new rl.CartPole(), {
    environments: 4,
    rolloutSteps: 16,
    batchSize: 64,
    epochs: 1,
    lr: 0.01,
  });
  const figures: Readonly<Record<string, number>>[] = [];
  await agent.learn({ steps: 640, onUpdate: (report) => figures.push(report.figures) });
  expect(figures.length).toBe(10);
  for (const { approxKl, clipFraction, policyLoss } of figures) {
    expect(Math.abs(approxKl as number)).toBeLessThan(1e-6);
    expect(clipFraction).toBe(0);
    // −mean of advantages of mean 0
    expect(Math.abs(policyLoss as number)).toBeLessThan(1e-5);
  }
});

test("PPO learns from a rollout by the running statistics by which it acted, and takes it in afterwards", async () => {
  setThreads(1);
  const counts: [part: string, observations: number][] = [];
  class Watched extends rl.PPO<ArrayLike<number>, number> {
    #note(part: string): void {
      counts.push([part, Number(this.policy.norm?.count.data[0])]);
    }

    protected override gather(...run: Parameters<rl.PPO["gather"]>): ReturnType<rl.PPO["gather"]> {
      this.#note("act");
      return super.gather(...run);
    }

    protected override update(...parts: Parameters<rl.PPO["update"]>): ReturnType<rl.PPO["update"]> {
      this.#note("learn");
      return super.update(...parts);
    }
  }
  const agent = new Watched(new rl.CartPole(), {
    environments: 4,
    rolloutSteps: 8,
    batchSize: 32,
    normalizeObservations: true,
  });
  await agent.learn({ steps: 64 });
  expect(counts).toEqual([
    ["act", 0],
    ["learn", 0],
    ["act", 32],
    ["learn", 32],
  ]);
});

test("PPO ends an update after the first epoch that has moved the policy further than targetKl", async () => {
  const run = async (epochs: number, targetKl: number | null): Promise<number[][]> => {
    const options = { environments: 4, rolloutSteps: 16, batchSize: 16, lr: 0.02 };
    const agent = new rl.PPO(new rl.CartPole(), { ...options, epochs, targetKl });
    await agent.learn({ steps: 64 });
    return weights(agent);
  };
  const [early, whole] = [await run(4, 1e-9), await run(4, null)];
  expect(early).toEqual(await run(1, null));
  expect(whole).not.toEqual(early);
  expect(await run(4, 1e9)).toEqual(whole);
});

describe("REINFORCE", () => {
  test("plays one episode in each environment for an update, and tells of no others", async () => {
    const lengths: number[] = [];
    const updates: number[] = [];
    const agent = new rl.REINFORCE(new rl.CartPole(), { environments: 3 });
    await agent.learn({
      steps: 300,
      onEpisode: ({ length }) => lengths.push(length),
      onUpdate: ({ steps }) => updates.push(steps),
    });
    expect(lengths.length).toBe(3 * updates.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(updates[0] as number);
  });

  test("learns without a critic, by the other episodes' mean or by nothing", async () => {
    for (const baseline of ["mean", "none"] as const) {
      const agent = new rl.REINFORCE(new rl.CartPole(), { baseline, lr: 3e-3 });
      expect(agent.policy.critic).toBe(null);
      await agent.learn({ steps: 40_000 });
      expect((await agent.evaluate({ episodes: 20 })).meanReturn).toBeGreaterThan(60);
    }
  });

  test("cuts episodes off after maxEpisodeSteps", async () => {
    const lengths = new Set<number>();
    const agent = new rl.REINFORCE(() => new rl.Pendulum(), { environments: 2, maxEpisodeSteps: 20 });
    await agent.learn({ steps: 120, onEpisode: ({ length }) => lengths.add(length) });
    expect([...lengths]).toEqual([20]);
    expect(agent.episodes).toBe(6);
  });

  test("needs a second environment for the mean of the others", () => {
    expect(() => new rl.REINFORCE(new rl.CartPole(), { environments: 1, baseline: "mean" })).toThrow(
      OptionError,
    );
  });
});

test("squash is refused for other spaces than bounded boxes", () => {
  expect(() => new rl.A2C(new rl.CartPole(), { squash: true })).toThrow(OptionError);
  const space = new rl.Box(0, Number.POSITIVE_INFINITY) as rl.Space<number | ArrayLike<number>>;
  expect(() => new rl.A2C(() => new Copy(space, near), { squash: true })).toThrow(OptionError);
});

test("a preset is the caller's own", () => {
  const changed = rl.preset("PPO", "CartPole-v1");
  Object.assign(changed.options, { lr: 1 });
  Object.assign(changed, { steps: 1 });
  const again = rl.preset("PPO", "CartPole-v1");
  expect([again.options.lr, again.steps]).toEqual([1e-3, 100_000]);
});

test("a preset is told from names that have none", () => {
  expect(() => rl.preset("SARSA" as never, "CartPole-v1" as never)).toThrow(ArgumentError);
  expect(() => rl.preset("PPO", "Chess" as never)).toThrow(
    /expected the environment to be one of "CartPole-v1"/,
  );
});
