import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { keptScores, scoresIn, spreadOf } from "./examples/scores.js";

const root = join(import.meta.dirname, "..");

function run(args: readonly string[], env: Record<string, string> = {}): string {
  return execFileSync(process.execPath, ["--import", "tsx", "examples/mnist.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe("the MNIST example", () => {
  test("reads real digits as well as PyTorch with the same network, and shows what it did", {
    timeout: 120_000,
  }, async () => {
    const output = run([]);
    expect(output).toMatch(/machine: \w+ kernels, \d+ threads, matmul by \w+/);
    expect(output).toContain("60,000 training and 10,000 test images");
    expect(output).toMatch(/rows: what it is/);
    expect(output).toMatch(/\d read as \d/);
    const { PyTorch: figures } = (await keptScores("mnist"))["784-256-128-10"] as Record<
      string,
      Record<string, number[]>
    >;
    const { min, max } = spreadOf(figures?.["test accuracy in %"] ?? []);
    const accuracy = scoresIn(output).get("784-256-128-10")?.get("test accuracy in %");
    // Other instruction sets round otherwise, which moves a few of the 10,000 images.
    expect(accuracy).toBeGreaterThan(min - 0.1);
    expect(accuracy).toBeLessThan(max + 0.1);
  });

  test("tells its options", () => {
    expect(run(["--help"])).toContain("--fashion");
  });
});
