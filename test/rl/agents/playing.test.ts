import { describe, expect, test } from "vitest";
import { Generator } from "../../../lib/index.js";
import {
  A2C,
  Box,
  CartPole,
  Discrete,
  DQN,
  type Environment,
  evaluateRandom,
  PPO,
  REINFORCE,
  type ResetOptions,
  SyncVectorEnvironment,
  TensorEnvironment,
} from "../../../lib/rl/index.js";

/** Shows how many steps of its episode were made, ends after 5 of them, and writes down what is done to it. */
class Five implements Environment<ArrayLike<number>, number> {
  readonly observationSpace = new Box(0, 5);
  readonly actionSpace = new Discrete(2);
  readonly seeds: (number | undefined)[] = [];
  starts = 0;
  closed = 0;
  #at = 0;

  reset({ seed }: ResetOptions = {}) {
    this.seeds.push(seed);
    this.starts++;
    this.#at = 0;
    return { observation: [0], info: {} };
  }

  step(_action: number) {
    return { observation: [++this.#at], reward: 1, terminated: this.#at === 5, truncated: false, info: {} };
  }

  close() {
    this.closed++;
  }
}

const seedsOf = ({ seeds }: Five): number[] => seeds.filter((seed) => seed !== undefined);

const AGENTS = {
  PPO: (game: Five | SyncVectorEnvironment) => new PPO(game, { rolloutSteps: 8, batchSize: 8 }),
  A2C: (game: Five | SyncVectorEnvironment) => new A2C(game, { rolloutSteps: 8 }),
  REINFORCE: (game: Five | SyncVectorEnvironment) => new REINFORCE(game),
  DQN: (game: Five | SyncVectorEnvironment) =>
    new DQN(game, { learningStarts: 0, batchSize: 8, trainEvery: 8, bufferSize: 64 }),
};

describe("an agent that plays in its only environment in JavaScript", () => {
  for (const [name, make] of Object.entries(AGENTS)) {
    test(`${name} learns on from new episodes`, async () => {
      const game = new Five();
      const agent = make(game);
      const lengths: number[] = [];
      await agent.learn({
        steps: 40,
        onEpisode: ({ length }) => {
          lengths.push(length);
        },
        onUpdate: async () => {
          expect((await agent.evaluate({ episodes: 1 })).lengths).toEqual([5]);
        },
      });
      expect(new Set(lengths)).toEqual(new Set([5]));
      // The states that the next steps begin with are those of a new episode.
      const before = game.starts;
      await agent.learn({ steps: 48 });
      expect(game.starts).toBeGreaterThan(before);
    });
  }

  test("in the replay each step leads to the next observation", async () => {
    const agent = AGENTS.DQN(new Five());
    await agent.learn({ steps: 24, onUpdate: () => agent.evaluate({ episodes: 1 }) });
    const { observation, nextObservation } = agent.replay.sample(64, new Generator(0));
    const [from, to] = [observation, nextObservation].map(({ data }) => Array.from(data, Number));
    expect(to).toEqual(from?.map((at) => at + 1));
  });

  test("gives it other seeds each time", async () => {
    const game = new Five();
    const agent = AGENTS.PPO(game);
    await agent.learn({ steps: 32, onUpdate: () => agent.evaluate({ episodes: 1 }) });
    const seeds = seedsOf(game);
    const [learning, playing] = [0, 1].map((odd) => seeds.filter((_, i) => i % 2 === odd));
    expect(learning?.length).toBe(4);
    expect(new Set(learning).size).toBe(4);
    // The same episodes are judged each time.
    expect(new Set(playing).size).toBe(1);
  });
});

test("a vector of an agent's own, and copies in ops of its own, begin anew after it played in them", async () => {
  const games = [new Five(), new Five()];
  const agent = AGENTS.PPO(new SyncVectorEnvironment(games));
  const learns = { steps: 64, onUpdate: () => agent.evaluate({ episodes: 2 }) };
  await agent.learn(learns);
  expect(games.map((game) => new Set(seedsOf(game)).size)).toEqual([5, 5]);

  const copies = new TensorEnvironment(new CartPole().dynamics, 2);
  const inOps = new PPO(copies, { rolloutSteps: 8, batchSize: 8 });
  await inOps.learn({ steps: 16 });
  await inOps.evaluate({ episodes: 2, environment: copies });
  const lengths: number[] = [];
  const onEpisode = ({ length, return: sum }: { length: number; return: number }) =>
    lengths.push(length - sum);
  await inOps.learn({ steps: 200, onEpisode });
  expect(new Set(lengths)).toEqual(new Set([0]));
});

describe("an agent that is at work", () => {
  for (const environment of [new CartPole(), () => new CartPole(), new Five()]) {
    test(`refuses all but its callbacks: ${environment.constructor.name}`, async () => {
      const agent = new PPO(environment as CartPole, { environments: 1, rolloutSteps: 8, batchSize: 8 });
      const learning = agent.learn({ steps: 16 });
      const busy = { name: "BusyError" };
      await expect(agent.evaluate()).rejects.toMatchObject(busy);
      await learning;
      const playing = agent.evaluate({ episodes: 2 });
      await expect(agent.evaluate()).rejects.toThrow(/PPO.evaluate: the agent is playing already/);
      await expect(agent.learn({ steps: 32 })).rejects.toMatchObject(busy);
      expect(() => agent.loadStateDict(agent.stateDict())).toThrow(/PPO.loadStateDict: the agent is playing/);
      await playing;
      await agent.learn({ steps: 32, onUpdate: () => agent.evaluate({ episodes: 1 }) });
      expect(agent.steps).toBe(32);
    });
  }

  test("ends learn where a callback does not wait for what it plays", async () => {
    const agent = new PPO(new Five(), { rolloutSteps: 8, batchSize: 8 });
    let playing: Promise<unknown> = Promise.resolve();
    const learning = agent.learn({
      steps: 16,
      onUpdate: () => {
        playing = agent.evaluate({ episodes: 20 });
      },
    });
    await expect(learning).rejects.toThrow(/PPO.learn: the agent is playing already/);
    await expect(agent.learn({ steps: 32 })).rejects.toMatchObject({ name: "BusyError" });
    await playing;
    expect((await agent.learn({ steps: 32 })).steps).toBe(32);
  });
});

describe("environments that were made by a function", () => {
  const making = () => {
    const made: Five[] = [];
    const make = () => {
      made.push(new Five());
      return made.at(-1) as Five;
    };
    return { made, make, open: () => made.filter(({ closed }) => closed === 0).length };
  };

  test("are closed by those who had them made", async () => {
    const { made, make, open } = making();
    await evaluateRandom(make, { episodes: 3 });
    expect([made.length > 3, open()]).toEqual([true, 0]);

    const agent = new PPO(make, { environments: 2, rolloutSteps: 8, batchSize: 8 });
    await agent.learn({ steps: 16 });
    await agent.evaluate({ episodes: 3 });
    await expect(agent.evaluate({ signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(agent.evaluate({ environment: () => new CartPole() as never })).rejects.toThrow(
      /expected an/,
    );
    expect(open()).toBe(2);
    const learning = agent.learn({ steps: 32 });
    await expect(agent.close()).rejects.toMatchObject({ name: "BusyError" });
    await learning;
    await agent.close();
    await agent.close();
    expect([open(), Math.max(...made.map(({ closed }) => closed))]).toEqual([0, 1]);
    await expect(agent.learn({ steps: 64 })).rejects.toThrow(/it was closed/);
    expect(agent.predict([1])).toBeLessThan(2);
  });

  test("others stay open", async () => {
    const game = new Five();
    const agent = new PPO(game, { rolloutSteps: 8, batchSize: 8 });
    await agent.evaluate({ episodes: 1 });
    await agent.evaluate({ episodes: 1, environment: new SyncVectorEnvironment([game]) });
    await evaluateRandom(game, { episodes: 1 });
    await agent.close();
    expect(game.closed).toBe(0);
  });
});

test("seeds that follow each other play other episodes in JavaScript", async () => {
  const agent = AGENTS.PPO(new Five());
  const seedsWith = async (seed: number): Promise<number[]> => {
    const games = [new Five(), new Five(), new Five()];
    await agent.evaluate({ seed, episodes: 3, environment: new SyncVectorEnvironment(games) });
    return games.flatMap(seedsOf);
  };
  expect(new Set([...(await seedsWith(0)), ...(await seedsWith(1))]).size).toBe(6);
  expect(await seedsWith(1)).toEqual(await seedsWith(1));
});

test("a game with a field n and a method close is one environment", async () => {
  class Board extends Five {
    readonly n = 7;
  }
  const agent = new PPO(new Board(), { rolloutSteps: 8, batchSize: 8 });
  expect((await agent.learn({ steps: 16 })).episodes).toBe(3);
});
