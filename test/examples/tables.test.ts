import { describe, expect, test } from "vitest";
import { runCommand } from "../child.js";
import figures from "../oracle/tables.json" with { type: "json" };

const example = (file: string, ...args: string[]) =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${file}`, ...args], { timeout: 120_000 });

interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Whether a score is that of scikit-learn, within a few times the spread of its five seeds. */
function expectLike(score: number, { mean, min, max }: Spread): void {
  expect(Math.abs(score - mean)).toBeLessThan(3 * (max - min) + 0.01 * mean);
}

const numberAfter = (text: string, label: string): number =>
  Number(new RegExp(`${label} ([\\d.]+)`).exec(text)?.[1]);

describe("the examples of tables", { timeout: 150_000 }, () => {
  test("customers are classified as well as by scikit-learn's network", async () => {
    const { code, stdout, stderr } = await example("table.ts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const mlp = /^Mlp: .*$/m.exec(stdout)?.[0] ?? "";
    expectLike(numberAfter(mlp, "accuracy"), figures.table.accuracy);
    expectLike(numberAfter(mlp, "ROC AUC"), figures.table["ROC AUC"]);
    const tabular = /^Tabular: .*$/m.exec(stdout)?.[0] ?? "";
    expect(numberAfter(tabular, "ROC AUC")).toBeGreaterThan(figures.table["ROC AUC"].min - 0.03);
    expect(stdout).toContain(`accuracy ${figures.table.accuracy.mean.toFixed(3)} (`);
    expect(stdout).toMatch(/calls often leaves: yes [01]\.\d\d\n$/);
  });

  test("rents are foretold as well as by scikit-learn's network", async () => {
    const { code, stdout, stderr } = await example("regression.ts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectLike(numberAfter(stdout, "Mlp: R²"), figures.regression["R²"]);
    expectLike(numberAfter(stdout, "mean absolute error"), figures.regression["mean absolute error"]);
    const rent = numberAfter(stdout, "harbour cost");
    expect(rent).toBeGreaterThan(600);
    expect(rent).toBeLessThan(1100);
  });

  test.each(["table", "regression"])("%s says what it takes, and prints its rows", async (name) => {
    const { code, stdout } = await example(`${name}.ts`, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`usage: npx tsx examples/${name}.ts`);
    expect((await example(`${name}.ts`, "--epoch", "3")).stderr).toContain("--epoch");
    const lines = (await example(`${name}.ts`, "--rows")).stdout.trimEnd().split("\n");
    const parts = lines.map((line) => (JSON.parse(line) as { part: string }).part);
    expect(parts.filter((part) => part === "test").length).toBe(parts.length / 4);
  });
});
