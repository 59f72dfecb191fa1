import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Box,
  CartPole,
  Discrete,
  type Environment,
  FrameStackObservation,
  PPO,
} from "../../../lib/rl/index.js";
import { parseEvents } from "../../../lib/tensorboard/index.js";

const OPTIONS = { rolloutSteps: 32, batchSize: 32, seed: 1 };

describe("learn", () => {
  test("writes returns, losses and the speed for TensorBoard", async () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-"));
    try {
      const returns: number[] = [];
      await new PPO(new CartPole(), OPTIONS).learn({
        steps: 160,
        tensorBoard: folder,
        onEpisode: (episode) => returns.push(episode.return),
      });
      const values = readdirSync(folder)
        .flatMap((file) => parseEvents(readFileSync(join(folder, file))))
        .flatMap(({ summary }) => summary?.value ?? []);
      const count = (tag: string): number => values.filter((value) => value.tag === tag).length;
      expect(count("episode/return")).toBe(returns.length);
      expect(count("learn/policyLoss")).toBe(5);
      expect(count("steps per second")).toBe(4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("lets the event loop go on while environments in ops run", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const agent = new PPO(new CartPole(), { ...OPTIONS, environments: 64, rolloutSteps: 256, batchSize: 64 });
    let updates = 0;
    await agent.learn({ steps: 2 * 64 * 256, onUpdate: () => void updates++ });
    clearInterval(timer);
    expect(updates).toBe(2);
    // Several in each rollout and each update.
    expect(turns).toBeGreaterThan(4 * updates);
  });

  test("ends where an environment refuses a step after its end", async () => {
    class Short implements Environment<ArrayLike<number>, number> {
      readonly observationSpace = new Box(0, 9);
      readonly actionSpace = new Discrete(2);
      at = 0;
      reset() {
        this.at = 0;
        return { observation: [0], info: {} };
      }
      step() {
        if (++this.at > 3) throw new Error("the game is over");
        // Says its end one step late.
        return { observation: [this.at], reward: 1, terminated: this.at > 3, truncated: false, info: {} };
      }
    }
    const agent = new PPO(new Short(), OPTIONS);
    await expect(agent.learn({ steps: 64 })).rejects.toMatchObject({
      name: "EnvironmentError",
      message: expect.stringMatching(/step 4\b.*the game is over/),
      cause: expect.objectContaining({ message: "the game is over" }),
    });
    expect(agent.predict([1])).toBeLessThan(2);
  });

  test("sees stacked frames, in ops and in JavaScript", async () => {
    const stacked = () => new FrameStackObservation(new CartPole(), 2);
    for (const environment of [stacked(), stacked]) {
      const agent = new PPO(environment, OPTIONS);
      await agent.learn({ steps: 64 });
      const { observation } = stacked().reset({ seed: 1 });
      expect(observation).toHaveLength(8);
      expect([0, 1]).toContain(agent.predict(observation as never));
    }
    expect(new PPO(stacked(), OPTIONS).explain()).toContain("in the engine");
  });
});
