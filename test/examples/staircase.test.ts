import { describe, expect, test } from "vitest";
import { runCommand } from "../child.js";

const example = (...args: string[]) =>
  runCommand(process.execPath, ["--import", "tsx", "examples/staircase.ts", ...args]);

describe("the staircase example", () => {
  test("learns by the number of errors alone, with both methods", async () => {
    const { code, stdout, stderr } = await example("--samples", "100", "--generations", "60");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const rates = [...stdout.matchAll(/([\d.]+) % errors (before|after)/g)].map(([, rate]) => Number(rate));
    expect(rates).toHaveLength(4);
    const [before, ...after] = rates as [number, ...number[]];
    expect(before).toBeGreaterThan(20);
    for (const rate of after) expect(rate).toBeLessThan(15);
    const changes = Number(/(\d+) of 100 steps/.exec(stdout)?.[1]);
    expect(changes).toBeLessThan(10);
  });

  test("tells its options, and refuses one that does not exist", async () => {
    const { code, stdout } = await example("--help");
    expect(code).toBe(0);
    for (const option of ["--samples", "--hidden", "--generations", "--seed", "--help"]) {
      expect(stdout).toContain(option);
    }
    expect((await example("--seeds", "1")).stderr).toContain("no option --seeds; did you mean --seed?");
    expect(await example("--samples", "none")).toMatchObject({ code: 2 });
  });
});
