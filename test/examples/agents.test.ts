import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { CartPole, PPO } from "../../lib/rl/index.js";
import { type Ended, runCommand } from "../child.js";

const example = (file: string, ...args: string[]): Promise<Ended> =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${file}`, ...args], { timeout: 200_000 });

describe("the examples of agents", { timeout: 300_000 }, () => {
  test.each(["cartpole", "pendulum", "bicycle", "own-game"])("%s says what it takes", async (name) => {
    const { code, stdout } = await example(`${name}.ts`, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`usage: npx tsx examples/${name}.ts`);
  });

  test("the cart is learnt better than by chance, and kept", async () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-agents-"));
    try {
      const file = join(folder, "agent.safetensors");
      const { code, stdout, stderr } = await example("cartpole.ts", "--steps", "12000", "--save", file);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^pushed by chance: return 2\d\.\d ± \d+\.\d\n/);
      expect(stderr).toMatch(/PPO {2}12032\/12000 steps {2}return \d+\.\d {2}[\d,]+ steps\/s\n$/);
      const [, learnt] = /: return (\d+\.\d) ± \d+\.\d of 500\n/.exec(stdout) ?? [];
      expect(Number(learnt)).toBeGreaterThan(60);
      const again = await PPO.load(file, new CartPole());
      const { meanReturn } = await again.evaluate();
      expect(meanReturn.toFixed(1)).toBe(learnt);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the cart's programs are explained", async () => {
    const { stdout } = await example("cartpole.ts", "--algorithm", "A2C", "--explain");
    expect(stdout).toMatch(/^A2C: a step of 8 environments in the engine\n/);
    expect(stdout).toContain("program: ");
  });

  test.each([
    ["pendulum", ["--algorithm", "Q"], "--algorithm is SAC, TD3 or PPO, got Q"],
    ["cartpole", ["--steps", "abc"], "--steps is a whole number, got abc"],
    ["bicycle", ["--seed=-1"], "--seed is at least 0, got -1"],
    ["own-game", ["--workers", "9"], "--workers is at most 8, got 9"],
    ["cartpole", ["--bogus"], "there is no option --bogus"],
  ])("%s says what is wrong with %j before anything runs", async (name, args, message) => {
    const { code, stdout, stderr } = await example(`${name}.ts`, ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.startsWith(`${name}: ${message}`)).toBe(true);
    expect(stderr).toContain(`\n\nusage: npx tsx examples/${name}.ts`);
  });

  test("the pendulum is drawn at six of its steps", async () => {
    const { code, stdout } = await example("pendulum.ts", "--algorithm", "PPO", "--steps", "2048");
    expect(code).toBe(0);
    expect(stdout.match(/\nstep \d+\n/g)).toHaveLength(6);
    expect(stdout).toContain("█");
  });

  test("the bicycle stays up for longer than by chance", async () => {
    const { code, stdout } = await example("bicycle.ts", "--steps", "40000");
    expect(code).toBe(0);
    const [, chance] = /^Steered by chance it falls after (\d\.\d\d) s\.\n/.exec(stdout) ?? [];
    const [, learnt] = /; the mean is (\d+\.\d\d) s\.\n$/.exec(stdout) ?? [];
    expect(Number(learnt)).toBeGreaterThan(1.2 * Number(chance));
  });

  test.each(["0", "2"])("a game of one's own is learnt, in %s threads of its own", async (workers) => {
    const { code, stdout } = await example("own-game.ts", "--steps", "4096", "--workers", workers);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^moved by chance it catches 1\.\d of 10 balls\nafter 4096 steps it catches \d+\.\d of 10/,
    );
    expect(stdout).toContain("▬");
  });
});
