import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("the GAN on MNIST writes all ten digits, and a classifier can read them", { timeout }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-gan-"));
  try {
    const output = await run("gan-digits.ts", "--out", join(folder, "digits.png"));
    const found = /made digits: sure to ([\d.]+) %; of each digit, in %:(.*)$/m.exec(output);
    console.log(found?.[0]);
    expect(Number(found?.[1])).toBeGreaterThan(75);
    const shares = (found?.[2] ?? "").trim().split(/ +/).map(Number);
    expect(shares).toHaveLength(10);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...shares)).toBeLessThanOrEqual(30);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
