import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isShort, ROWS } from "./rows.js";
import { errorLine, judgeLosses, keptOutcome, type Outcome, Runner } from "./runner.js";

// The rows that need no packages but those of the checkout. `npm run test:consumers` has all.
const folder = mkdtempSync(join(tmpdir(), "thalweg-consumers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// If the environment chooses the addon of another build, that build's tests need not repeat this.
const elsewhere = process.env["THALWEG_ADDON"] !== undefined;

describe.skipIf(process.platform !== "linux" || elsewhere)("the packed package, where it is used", () => {
  let runner: Runner;
  beforeAll(() => {
    runner = new Runner(folder);
  }, 600_000);

  test.each(ROWS.filter(isShort))("$name", { timeout: 300_000 }, async (row) => {
    const { verdict, output } = await runner.run(row);
    expect({ verdict, output: verdict === "green" ? "" : output }).toEqual({ verdict: "green", output: "" });
  });

  test("a command that fails makes its row red, and an argument never makes it green", async () => {
    const row = { name: "broken", fixtures: ["esm"], node: "own", commands: ["node missing.mjs"] };
    const red = await runner.run(row);
    expect(red).toMatchObject({ verdict: "red", note: expect.stringContaining("missing.mjs") });
    const argued = await runner.run({ ...row, argued: "there is no such file" });
    expect(argued.verdict).toBe("argued");
    expect(argued.note).toContain("there is no such file");
  });

  test("a program that trains less often than it should makes its row red", async () => {
    const row = { name: "lazy", fixtures: ["esm"], node: "own", commands: ["node main.mjs"], trainings: 2 };
    expect(await runner.run(row)).toMatchObject({ verdict: "red", note: "trainings: expected 2, got 1" });
  });
});

test("an earlier outcome holds unless it is red or the packed files have changed", () => {
  const row = { name: "b", fixtures: [], commands: [] };
  const outcome = (name: string, verdict: Outcome["verdict"], packed: string): Outcome => {
    return { name, verdict, packed, note: "", versions: {}, seconds: 1, output: "" };
  };
  const kept = [outcome("a", "green", "1"), outcome("b", "argued", "1")];
  expect(keptOutcome(kept, row, "1")).toBe(kept[1]);
  expect(keptOutcome(kept, row, "2")).toBeNull();
  expect(keptOutcome([outcome("b", "red", "1")], row, "1")).toBeNull();
  expect(keptOutcome([], row, "1")).toBeNull();
});

describe("what the harness makes of output", () => {
  const reference = { first: 0.7, last: 0.5, fitted: 0.1 };

  test("losses must be those of the checkout, and fall", () => {
    expect(judgeLosses([reference], 1, reference)).toBeNull();
    expect(judgeLosses([], 1, reference)).toBe("trainings: expected 1, got 0");
    expect(judgeLosses([{ ...reference, last: 0.5000001 }], 1, reference)).toContain(
      "not those of the checkout",
    );
    const rising = { first: 0.7, last: 0.7, fitted: 0.7 };
    expect(judgeLosses([rising], 1, rising)).toContain("does not fall");
    expect(judgeLosses([{ ...reference, fitted: Number.NaN }], 1, reference)).toContain("does not fall");
  });

  test.each([
    ["fine\n\n  Error: Cannot find module 'x'\n    at y\n", "Error: Cannot find module 'x'"],
    ["main.ts(1,2): error TS1479: no\n", "main.ts(1,2): error TS1479: no"],
    ["\u001b[31mX [ERROR] Could not resolve 'x'\u001b[0m\n", "X [ERROR] Could not resolve 'x'"],
    ["throw new BackendError(`no: x`);\n\nBackendError: no\n  code: 'ERR_BACKEND'\n", "BackendError: no"],
    ["Module not found: Error: Can't resolve 'x'\nError: y\n", "Module not found: Error: Can't resolve 'x'"],
    ["something else\n\n", "something else"],
  ])("finds the line that tells what is wrong: %j", (output, line) => {
    expect(errorLine(output)).toBe(line);
  });
});
