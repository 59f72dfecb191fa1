import { describe, expect, test } from "vitest";
import { runCommand } from "./child.js";

const example = (file: string, ...args: string[]) =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${file}`, ...args]);

describe("the lecture's network", () => {
  test("learns one sample at a time and in mini-batches", async () => {
    const { code, stdout, stderr } = await example("lecture.ts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const parts = stdout.split(/^(?=\S)/m);
    expect(parts.map((part) => part.split("\n")[0])).toEqual([
      "one sample at a time, η = 0.01",
      "mini-batches of 32, η = 0.1",
    ]);
    for (const part of parts) {
      const losses = [...part.matchAll(/epoch \d: average loss ([\d.]+), largest [\d.]+/g)].map(([, loss]) =>
        Number(loss),
      );
      expect(losses).toHaveLength(5);
      // Ten classes: guessing costs ln 10 = 2.3.
      expect(losses.at(-1)).toBeLessThan(0.5);
      expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
    }
  });
});

describe("the MNIST example", () => {
  test("tells its options", async () => {
    const { code, stdout } = await example("mnist.ts", "--help");
    expect(code).toBe(0);
    for (const option of ["--fashion", "--epochs", "--batch-size", "--seed", "--threads", "--help"]) {
      expect(stdout).toContain(option);
    }
  });

  test("refuses an option that does not exist", async () => {
    const { code, stderr } = await example("mnist.ts", "--epoch", "3");
    expect(code).not.toBe(0);
    expect(stderr).toContain("--epoch");
  });
});
