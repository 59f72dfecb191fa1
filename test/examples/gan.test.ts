import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { type Ended, runCommand } from "../child.js";

const example = (file: string, ...args: string[]): Promise<Ended> =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${file}`, ...args], { timeout: 100_000 });

describe("the GAN in the plane", () => {
  test.each([
    { data: "ring", cost: "r1", method: "descent", of: 8 },
    { data: "grid", cost: "r1", method: "extragradient", of: 25 },
    { data: "grid", cost: "wgan-gp", method: "descent", of: 25 },
  ])("tells its progress and draws the $data, by $cost and $method", async ({ data, cost, method, of }) => {
    const options = ["--data", data, "--cost", cost, "--method", method, "--steps", "15", "--threads", "1"];
    const { code, stdout, stderr } = await example("gan-ring.ts", ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const reports = [
      ...stdout.matchAll(/^step (\d+): L_D (\S+), L_G (\S+), modes \d+\/(\d+), within 3σ [\d.]+ %$/gm),
    ];
    expect(reports.map(([, step]) => step)).toEqual(["10", "15"]);
    for (const [, , criticCost, generatorCost, modes] of reports) {
      expect(Number(criticCost)).not.toBeNaN();
      expect(Number(generatorCost)).not.toBeNaN();
      expect(Number(modes)).toBe(of);
    }
    expect(stdout).toMatch(new RegExp(`\\nmodes \\d+/${of}, within 3σ of a mode: [\\d.]+ %\\n$`));
  });

  test("refuses several moves of the critic by a method that has none", async () => {
    const { code, stderr } = await example("gan-ring.ts", "--cost", "wgan-gp", "--method", "optimistic");
    expect(code).not.toBe(0);
    expect(stderr).toContain('player "critic" has 2 moves; only descent in alternating order');
  });

  test("refuses a name that it does not know", async () => {
    const { code, stderr } = await example("gan-ring.ts", "--data", "square");
    expect(code).toBe(2);
    expect(stderr).toContain("gan-ring: --data is ring or grid, got square\n\nusage");
  });
});

describe("the GAN that writes digits", () => {
  test("draws digits, writes them as a picture and says how they are read", {
    timeout: 120_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-gan-"));
    try {
      const file = join(folder, "digits.png");
      const options = ["--steps", "4", "--batch-size", "16", "--threads", "1", "--out", file];
      const { code, stdout, stderr } = await example("gan-digits.ts", ...options);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^step 4: L_D \d+\.\d+, L_G \d+\.\d+ /m);
      // Three rows of digits, of 14 lines each.
      expect(stdout.match(/^[ .:\-=+*#%@]{118}$/gm)).toHaveLength(44);
      const read = stdout.matchAll(
        /^(\w+) digits: sure to ([\d.]+) %; of each digit, in %:((?: +\d+){10})$/gm,
      );
      const [real, made] = Array.from(read, ([, what, sure, shares = ""]) => ({
        what,
        sure: Number(sure),
        total: shares
          .trim()
          .split(/ +/)
          .reduce((sum, share) => sum + Number(share), 0),
      }));
      expect(real).toMatchObject({ what: "real", total: expect.closeTo(100, -1) });
      expect(real?.sure).toBeGreaterThan(85);
      expect(made).toMatchObject({ what: "made", total: expect.closeTo(100, -1) });
      const { width, height, channels, data } = decode(readFileSync(file));
      expect({ width, height, channels }).toEqual({ width: 894, height: 894, channels: 1 });
      expect(new Set(data).size).toBeGreaterThan(20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each(["gan-ring.ts", "gan-digits.ts"])("%s tells its options", async (file) => {
  const { code, stdout } = await example(file, "--help");
  expect(code).toBe(0);
  for (const option of ["--steps", "--seed", "--threads", "--help"]) expect(stdout).toContain(option);
});
