import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nn, saveState } from "../../../lib/index.js";
import { Acrobot, CartPole, type LearningEnvironment, Pendulum, PPO } from "../../../lib/rl/index.js";

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

  test("is told from other files", async () => {
    const path = join(folder, "other");
    await saveState(path, { weights: 1 });
    await expect(PPO.load(path, new CartPole())).rejects.toThrow(/expected an agent, got another state/);
    writeFileSync(path, "no agent");
    await expect(PPO.load(path, new CartPole())).rejects.toThrow(/loadState/);
    await expect(PPO.load(join(folder, "none"), new CartPole())).rejects.toThrow(/none/);
  });
});
