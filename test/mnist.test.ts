import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

function run(args: readonly string[], env: Record<string, string> = {}): string {
  return execFileSync(process.execPath, ["--import", "tsx", "examples/mnist.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const accuracyOf = (output: string): number => Number(/test accuracy: ([\d.]+) %/.exec(output)?.[1]);

describe("the MNIST example", () => {
  test("reaches 98 % on real digits and shows what it did", { timeout: 120_000 }, () => {
    const output = run([]);
    expect(output).toMatch(/machine: \w+ kernels, \d+ threads, matmul by \w+/);
    expect(output).toContain("60,000 training and 10,000 test images");
    expect(output).toMatch(/rows: what it is/);
    expect(output).toMatch(/\d read as \d/);
    expect(accuracyOf(output)).toBeGreaterThanOrEqual(98);
  });

  test("tells its options", () => {
    expect(run(["--help"])).toContain("--fashion");
  });
});
