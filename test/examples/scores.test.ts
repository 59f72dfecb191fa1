import { describe, expect, test } from "vitest";
import type { Ended } from "../child.js";
import { EXAMPLES, keptScores, runExample, scoresIn, spreadOf } from "./scores.js";

const runs = new Map<string, Promise<Ended>>();

/** The example without options, run once for all tests. */
function runOnce(name: string): Promise<Ended> {
  const run = runs.get(name) ?? runExample(name);
  runs.set(name, run);
  return run;
}

describe.each(EXAMPLES)("the example %s", { timeout: 310_000 }, (name) => {
  test("says what it takes, and refuses what it does not know", async () => {
    const { code, stdout } = await runExample(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`usage: npx tsx examples/${name}.ts`);
    const refused = await runExample(name, "--epoch", "3");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/--epoch.*\n\nusage/);
  });

  test("scores as PyTorch does with the same network", async () => {
    const { code, stdout, stderr } = await runOnce(name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const scores = scoresIn(stdout);
    for (const [network, libraries] of Object.entries(await keptScores(name))) {
      for (const [library, figures] of Object.entries(libraries)) {
        const printed = scores.get(`${network} in ${library}, 5 seeds`);
        for (const [figure, values] of Object.entries(figures)) {
          const { mean, min, max } = spreadOf(values);
          expect((printed?.get(figure) ?? Number.NaN) / mean, `${library}: ${figure}`).toBeCloseTo(1, 3);
          if (library !== "PyTorch") continue;
          // Other instruction sets round otherwise, which moves the end of a training a little.
          const room = (max - min) / 2;
          const own = scores.get(network)?.get(figure);
          expect(own, figure).toBeGreaterThanOrEqual(min - room);
          expect(own, figure).toBeLessThanOrEqual(max + room);
        }
      }
    }
  });
});

describe.each(["table", "regression", "imbalanced"])("the example %s", (name) => {
  test("prints its rows", async () => {
    const lines = (await runExample(name, "--rows")).stdout.trimEnd().split("\n");
    const parts = lines.map((line) => (JSON.parse(line) as { part: string }).part);
    expect(parts.filter((part) => part === "test").length).toBe(parts.length / 4);
  });
});

describe("what the examples foretell", { timeout: 310_000 }, () => {
  test("is a class with its chance, for a customer", async () => {
    const { stdout } = await runOnce("table");
    expect(scoresIn(stdout).get("Tabular")?.get("ROC AUC")).toBeGreaterThan(0.88);
    expect(stdout).toMatch(/calls often leaves: yes [01]\.\d\d\n$/);
  });

  test("is a rent in euros, for a flat", async () => {
    const { stdout } = await runOnce("regression");
    const rent = Number(/harbour cost (\d+)\n$/.exec(stdout)?.[1]);
    expect(rent).toBeGreaterThan(600);
    expect(rent).toBeLessThan(1100);
  });
});
