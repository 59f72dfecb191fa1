import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { root, runCommand } from "../child.js";
import { canPreload } from "./preload.js";

// scripts/fail-allocations.mjs has each of them fail; here some do.
describe.skipIf(!canPreload)("an allocation that fails", () => {
  test.each([
    ["eager", 1],
    ["compiled", 31],
    ["async", 37],
    ["first", 67],
  ])("is a typed error, and the library works afterwards: %s", { timeout: 300_000 }, async (part, stride) => {
    const script = join(root, "scripts", "fail-allocations.mjs");
    const { code, stdout, stderr } = await runCommand(process.execPath, [script, part, String(stride)], {
      timeout: 300_000,
    });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/[1-9]\d* (allocations|processes)/);
    expect(code).toBe(0);
  });
});
