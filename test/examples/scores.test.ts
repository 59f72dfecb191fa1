import { describe, expect, test } from "vitest";
import type { Ended } from "../child.js";
import { EXAMPLES, expectInSpread, hasSqlite, runExample, scoresIn } from "./scores.js";

const runs = new Map<string, Promise<Ended>>();

/** The example without options, run once for all tests. */
function runOnce(name: string): Promise<Ended> {
  const run = runs.get(name) ?? runExample(name);
  runs.set(name, run);
  return run;
}

describe.each([...EXAMPLES, "sqlite"])("the example %s", { timeout: 310_000 }, (name) => {
  test("says what it takes, and refuses what it does not know", async () => {
    const { code, stdout } = await runExample(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`usage: npx tsx examples/${name}.ts`);
    const refused = await runExample(name, "--epoch", "3");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${name}: there is no option --epoch; did you mean --epochs?\n\nusage`);
  });
});

describe.each(EXAMPLES)("the example %s", { timeout: 310_000 }, (name) => {
  test("scores as PyTorch does with the same network", async () => {
    const { code, stdout, stderr } = await runOnce(name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // One seed may lie beside the least and the largest of five others.
    await expectInSpread(name, stdout, 1);
  });

  test("prints its rows, those to learn first", async () => {
    const lines = (await runExample(name, "--rows")).stdout.trimEnd().split("\n");
    const parts = [...new Set(lines.map((line) => (JSON.parse(line) as { part: string }).part))];
    expect([parts[0], parts.at(-1)]).toEqual(["train", "test"]);
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

  test("is more of the rare class where that counts for more", async () => {
    const { stdout } = await runOnce("imbalanced");
    const recall = (method: string): number => scoresIn(stdout).get(method)?.get("recall") ?? Number.NaN;
    expect(recall("classWeight: balanced")).toBeGreaterThan(recall("as it is") + 0.1);
    expect(recall("balanced mini-batches")).toBeGreaterThan(recall("as it is") + 0.1);
    expect(stdout.match(/true \\ predicted +no +yes\n/g)).toHaveLength(4);
  });

  test("is films for a person, the best first", async () => {
    const { stdout } = await runOnce("recommender");
    const [, list = ""] = /Recommended:\n([\s\S]*)$/.exec(stdout) ?? [];
    const stars = [...list.matchAll(/^ {2}\S.* ([\d.]+) stars$/gm)].map(([, number]) => Number(number));
    expect(stars).toHaveLength(5);
    expect(stars).toEqual([...stars].sort((a, b) => b - a));
    expect(stars[0]).toBeGreaterThan(4);
    const noise = Number(/nothing foretells: ([\d.]+)/.exec(stdout)?.[1]);
    expect(scoresIn(stdout).get("Factors")?.get("root mean squared error")).toBeGreaterThan(noise);
  });

  test("is nobody's film, for a name that is not there", async () => {
    const { code, stderr } = await runExample("recommender", "--user", "Zoë");
    expect(code).toBe(2);
    expect(stderr).toMatch(/--user[\s\S]*got Zoë/);
  });

  test("is a digit and a sum of money, for an order", async () => {
    const { stdout } = await runOnce("several-inputs");
    expect(stdout.match(/read as \d: [\d.]+ €/g)).toHaveLength(3);
  });
});

describe("the example sqlite", () => {
  test.skipIf(!hasSqlite)("learns the rows of a database as they come", async () => {
    const { code, stdout } = await runExample("sqlite", "--trips", "20000");
    expect(code).toBe(0);
    expect(stdout).toMatch(/20,000 trips to learn/);
    expect(stdout).toMatch(/learnt in [\d.]+ s: [\d,]+ rows a second/);
    expect(scoresIn(stdout).get("Mlp")?.get("R²")).toBeGreaterThan(0.8);
  });

  test.skipIf(hasSqlite)("names the command that installs what it needs", async () => {
    const { code, stderr } = await runExample("sqlite");
    expect(code).toBe(1);
    expect(stderr).toContain("npm run sqlite");
  });
});
