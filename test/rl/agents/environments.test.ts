import { describe, expect, test } from "vitest";
import {
  Box,
  CartPole,
  Discrete,
  type Environment,
  Pendulum,
  PPO,
  SyncVectorEnvironment,
  TensorEnvironment,
} from "../../../lib/rl/index.js";

const OPTIONS = { rolloutSteps: 16, batchSize: 16 };

/** Pays for pushes to the right alone. */
class ToTheRight extends CartPole {
  override step(action: number) {
    return { ...super.step(action), reward: action };
  }
}

/** Counts to 3 and pays 1 for each step. */
class Three implements Environment<ArrayLike<number>, number> {
  readonly observationSpace = new Box(0, 3);
  readonly actionSpace = new Discrete(2);
  at = 0;

  reset() {
    this.at = 0;
    return { observation: [0], info: {} };
  }

  step() {
    return { observation: [++this.at], reward: 1, terminated: this.at === 3, truncated: false, info: {} };
  }
}

describe("where an agent's environments run", () => {
  test("in the engine if they have their dynamics in ops", () => {
    expect(new PPO(new CartPole(), OPTIONS).explain()).toContain("1 environments in the engine");
    const copies = new TensorEnvironment(new Pendulum().dynamics, 4);
    expect(new PPO(copies, OPTIONS).explain()).toContain("4 environments in the engine");
  });

  test("in JavaScript if a class derived from theirs says otherwise", async () => {
    const agent = new PPO(new ToTheRight(), OPTIONS);
    expect(agent.explain()).toContain("1 environments in JavaScript");
    const returns: number[] = [];
    const lengths: number[] = [];
    await agent.learn({
      steps: 160,
      onEpisode: (episode) => {
        returns.push(episode.return);
        lengths.push(episode.length);
      },
    });
    expect(returns.length).toBeGreaterThan(2);
    expect(returns.every((sum, i) => sum < (lengths[i] as number))).toBe(true);
  });

  test("one, several by a function, or a vector", async () => {
    for (const [environment, count] of [
      [new Three(), 1],
      [() => new Three(), 2],
      [new SyncVectorEnvironment(() => new Three(), { n: 3 }), 3],
    ] as const) {
      const agent = new PPO(environment, { ...OPTIONS, ...(count === 2 ? { environments: 2 } : {}) });
      await agent.learn({ steps: 16 * count });
      expect(agent.steps).toBe(16 * count);
      expect(agent.episodes).toBe(5 * count);
      const { meanReturn, meanLength } = await agent.evaluate({ episodes: 4, environment: new Three() });
      expect([meanReturn, meanLength]).toEqual([3, 3]);
    }
  });

  test("are refused where they are none, or too few", () => {
    expect(() => new PPO({} as never)).toThrow(/PPO: expected an environment, or a function that makes one/);
    expect(() => new PPO(new Three(), { environments: 2 })).toThrow(
      /expected a function that makes an environment, for 2/,
    );
    const three = new SyncVectorEnvironment(() => new Three(), { n: 3 });
    expect(() => new PPO(three, { environments: 2 })).toThrow(/than the 3 given, got 2/);
  });
});

describe("an environment that breaks its contract", () => {
  class Broken extends Three {
    steps = 0;
    constructor(readonly breaks: (result: ReturnType<Three["step"]>) => unknown) {
      super();
    }
    override step() {
      const result = super.step();
      return (++this.steps === 20 ? this.breaks(result) : result) as typeof result;
    }
  }
  test.each([
    [
      "a NaN",
      (result: object) => ({ ...result, observation: [Number.NaN] }),
      /expected an observation of Box\(0, 3, \[1\]\), got \[NaN\]/,
    ],
    ["another shape", (result: object) => ({ ...result, observation: [0, 0] }), /got \[0, 0\]/],
    [
      "a reward that is no number",
      (result: object) => ({ ...result, reward: "1" }),
      /expected reward to be a finite number/,
    ],
    ["no end", (result: object) => ({ ...result, terminated: 1 }), /expected terminated to be true or false/],
    ["nothing", () => undefined, /expected \{ observation, info \}/],
  ])("%s ends learn with its step, and the agent can go on", async (_, breaks, message) => {
    const agent = new PPO(new Broken(breaks), OPTIONS);
    const error = await agent.learn({ steps: 64 }).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ name: "EnvironmentError" });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/step 20\b/);
    expect(agent.steps).toBe(16);
    await agent.learn({ steps: 64 });
    expect(agent.steps).toBe(64);
    expect(agent.predict([1])).toBeLessThan(2);
  });
});

describe("learn", () => {
  test("ends at its signal, and is taken up again by the same call", async () => {
    const interrupt = new AbortController();
    const agent = new PPO(new CartPole(), OPTIONS);
    const call = agent.learn({
      steps: 160,
      signal: interrupt.signal,
      onUpdate: ({ steps }) => steps === 64 && interrupt.abort(new Error("enough")),
    });
    await expect(call).rejects.toThrow("enough");
    expect(agent.steps).toBe(64);
    const { steps } = await agent.learn({ steps: 160 });
    expect(steps).toBe(160);
  });

  test("ends where a callback says so, and waits for it", async () => {
    const agent = new PPO(new CartPole(), OPTIONS);
    let waited = false;
    await agent.learn({
      steps: 1600,
      onUpdate: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        waited = true;
        return "stop";
      },
    });
    expect([agent.steps, waited]).toEqual([16, true]);
    await agent.learn({ steps: 3200, onEpisode: () => "stop" });
    expect(agent.steps).toBeLessThan(3200);
  });

  test("calls nothing more after the first that says stop", async () => {
    const agent = new PPO(() => new Three(), { ...OPTIONS, environments: 4 });
    const told: unknown[] = [];
    const onUpdate = () => told.push("update");
    const { episodes } = await agent.learn({
      steps: 640,
      onUpdate,
      onEpisode: ({ episode }) => {
        told.push(episode);
        return episode === 3 ? "stop" : undefined;
      },
    });
    expect(told).toEqual([1, 2, 3]);
    expect([agent.steps, episodes]).toEqual([64, 20]);
  });

  test("refuses a second call, and predictions from one that runs are those of another moment", async () => {
    const agent = new PPO(new CartPole(), OPTIONS);
    const first = agent.learn({ steps: 32 });
    await expect(agent.learn({ steps: 32 })).rejects.toMatchObject({ name: "BusyError" });
    await first;
    expect(() => agent.predict([0, 0, 0] as never)).toThrow(/expected an observation of Box/);
  });
});
