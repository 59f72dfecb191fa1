import { describe, expect, test } from "vitest";
import { EXAMPLES, expectInSpread, hasSqlite, runExample } from "./scores.js";

describe.each(EXAMPLES)("the example %s", { timeout: 310_000 }, (name) => {
  test("scores over five seeds within the spread of PyTorch's five", async () => {
    const { code, stdout } = await runExample(name, "--seeds", "5");
    expect(code).toBe(0);
    await expectInSpread(name, stdout, 0);
  });
});

describe.skipIf(!hasSqlite)("the example sqlite", { timeout: 310_000 }, () => {
  test("learns a million rows, and scores as PyTorch does", async () => {
    const { code, stdout } = await runExample("sqlite");
    expect(code).toBe(0);
    expect(stdout).toContain("1,000,000 trips to learn");
    await expectInSpread("sqlite", stdout, 1);
  });
});
