import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manualSeed, nn, rand, saveState } from "../../../lib/index.js";
import {
  Acrobot,
  Box,
  CartPole,
  type LearningEnvironment,
  Pendulum,
  PPO,
  type ResetOptions,
} from "../../../lib/rl/index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const OPTIONS = {
  environments: 4,
  rolloutSteps: 16,
  batchSize: 32,
  normalizeObservations: true,
  normalizeRewards: true,
  seed: 3,
};

const weights = ({ policy }: Pick<PPO, "policy">) =>
  Object.values(policy.stateDict()).map((tensor) => Array.from(tensor.data, Number));

describe("an agent in a file", () => {
  const environments: Record<string, LearningEnvironment> = {
    CartPole: new CartPole(),
    Pendulum: new Pendulum(),
  };
  for (const [name, environment] of Object.entries(environments)) {
    test(`learns on with the same bits: ${name}`, async () => {
      const path = join(folder, "agent.safetensors");
      const whole = new PPO(environment, OPTIONS);
      await whole.learn({ steps: 256 });
      await whole.save(path);
      await whole.learn({ steps: 512 });

      const again = await PPO.load(path, environment);
      expect(again.steps).toBe(256);
      await again.learn({ steps: 512 });
      expect(weights(again)).toEqual(weights(whole));
      expect(again.episodes).toBe(whole.episodes);
    });
  }

  test("is what it was when learn is called in two parts", async () => {
    const [once, twice] = [new PPO(new CartPole(), OPTIONS), new PPO(new CartPole(), OPTIONS)];
    await once.learn({ steps: 512 });
    await twice.learn({ steps: 200 });
    await twice.learn({ steps: 512 });
    expect(weights(twice)).toEqual(weights(once));
  });

  test("can be saved in a callback while it learns", async () => {
    const path = join(folder, "agent.safetensors");
    const agent = new PPO(new CartPole(), OPTIONS);
    await agent.learn({
      steps: 256,
      onUpdate: ({ steps }) => (steps === 128 ? agent.save(path) : undefined),
    });
    const again = await PPO.load(path, new CartPole());
    expect(again.steps).toBe(128);
    await again.learn({ steps: 256 });
    expect(weights(again)).toEqual(weights(agent));
  });

  test("needs its own modules again", async () => {
    const path = join(folder, "agent.safetensors");
    const modules = () => ({
      actor: new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 2)),
      critic: new nn.Linear(4, 1),
    });
    const agent = new PPO(new CartPole(), { ...OPTIONS, ...modules() });
    await agent.save(path);
    await expect(PPO.load(path, new CartPole())).rejects.toThrow(
      /PPO.loadStateDict: the state does not fit: model/,
    );
    const again = await PPO.load(path, new CartPole(), modules());
    expect(weights(again)).toEqual(weights(agent));
  });

  test("is refused where it does not fit, and changes nothing", async () => {
    const agent = new PPO(new CartPole(), OPTIONS);
    const other = new PPO(new Acrobot(), OPTIONS);
    const before = weights(other);
    expect(() => other.loadStateDict(agent.stateDict())).toThrow(/does not fit/);
    expect(() => other.loadStateDict({} as never)).toThrow(/expected the state of an agent/);
    const state = structuredClone({ ...agent.stateDict(), model: undefined, optimizer: undefined });
    expect(() => agent.loadStateDict(state as never)).toThrow(/the checkpoint has no model/);
    expect(weights(other)).toEqual(before);
  });

  test("goes on with new numbers in JavaScript", async () => {
    const path = join(folder, "agent.safetensors");
    const seeds: (number | undefined)[] = [];
    class Game extends CartPole {
      override reset(options: ResetOptions = {}) {
        if (options.seed !== undefined) seeds.push(options.seed);
        return super.reset(options);
      }
    }
    const options = { rolloutSteps: 8, batchSize: 8 };
    const agent = new PPO(new Game(), options);
    await agent.save(path);
    await agent.learn({ steps: 16 });
    await (await PPO.load(path, new Game())).learn({ steps: 8 });
    // One that has learnt nothing is the same agent.
    expect(seeds).toEqual([seeds[0], seeds[0]]);
    await agent.save(path);
    await (await PPO.load(path, new Game())).learn({ steps: 24 });
    await (await PPO.load(path, new Game())).learn({ steps: 24 });
    expect(seeds[2]).not.toBe(seeds[0]);
    expect(seeds[3]).toBe(seeds[2]);
  });

  test("leaves the library's default generator alone", async () => {
    const path = join(folder, "agent.safetensors");
    await new PPO(new CartPole(), OPTIONS).save(path);
    manualSeed(7);
    const expected = [...rand([3]).data];
    manualSeed(7);
    const again = await PPO.load(path, new CartPole());
    again.loadStateDict(again.stateDict());
    expect([...rand([3]).data]).toEqual(expected);
  });

  test("is refused where observations or actions have other bounds", async () => {
    const path = join(folder, "agent.safetensors");
    class Bounded extends Pendulum {
      override readonly actionSpace: Box;
      constructor(bound: number) {
        super();
        this.actionSpace = new Box(-bound, bound);
      }
      // What a derived class overrides runs in JavaScript.
      override step(action: ArrayLike<number>) {
        return super.step(action);
      }
    }
    const agent = new PPO(new Bounded(2), { rolloutSteps: 8, batchSize: 8 });
    await agent.save(path);
    await expect(PPO.load(path, new Bounded(0.5))).rejects.toThrow(
      /PPO.loadStateDict: expected the state of an agent .* → Box\(-0.5, 0.5, \[1\]\), got .* → Box\(-2, 2, \[1\]\)/,
    );
    expect(weights(await PPO.load(path, new Bounded(2)))).toEqual(weights(agent));
  });

  test("is told from other files", async () => {
    const path = join(folder, "other");
    await saveState(path, { weights: 1 });
    await expect(PPO.load(path, new CartPole())).rejects.toThrow(/expected an agent, got another state/);
    writeFileSync(path, "no agent");
    await expect(PPO.load(path, new CartPole())).rejects.toThrow(/loadState/);
    await expect(PPO.load(join(folder, "none"), new CartPole())).rejects.toThrow(/none/);
  });
});
