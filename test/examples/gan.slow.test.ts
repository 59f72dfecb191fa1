import process from "node:process";
import { describe, expect, test } from "vitest";
import { runCommand } from "../child.js";

const timeout = 3_600_000;

/** Runs an example on one thread, since several run side by side. Results do not depend on the number of threads. */
async function run(file: string, ...args: string[]): Promise<string> {
  const command = ["--import", "tsx", `examples/${file}`, "--threads", "1", ...args];
  const { code, stdout, stderr } = await runCommand(process.execPath, command, { timeout });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const seeds = [0, 1, 2, 3, 4];
const games = ["r1", "wgan-gp"].flatMap((cost) =>
  ["ring", "grid"].flatMap((data) => seeds.map((seed) => ({ cost, data, seed }))),
);

describe.concurrent("a GAN in the plane", { timeout }, () => {
  test.each(games)("finds all modes by $cost on the $data, seed $seed", async ({ cost, data, seed }) => {
    const output = await run("gan-ring.ts", "--cost", cost, "--data", data, "--seed", String(seed));
    const [, found, of, close] = /\nmodes (\d+)\/(\d+), within 3σ of a mode: ([\d.]+) %/.exec(output) ?? [];
    console.log(`${cost} ${data} seed ${seed}: modes ${found}/${of}, within 3σ ${close} %`);
    expect(found).toBe(of);
    expect(Number(close)).toBeGreaterThanOrEqual(90);
  });
});
