import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
import { canLink, linkWithEngine } from "../../scripts/link.mjs";
import { run } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-first-touch-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Only Linux counts the page faults of a thread.
describe.skipIf(!canLink || process.platform !== "linux" || backendInfo().cores < 2)("large memory", () => {
  test("is touched first by the threads that will use it, half by each of two", { timeout: 120_000 }, () => {
    const program = join(folder, "first-touch");
    linkWithEngine("test/native/first-touch.cc", program);
    const said = run(program, []);
    const parts = [.../^(\w+) (\S+)$/gm[Symbol.matchAll](said)].map(([, name, part]) => [name, Number(part)]);
    expect(parts, said).toEqual([
      ["zeros", expect.closeTo(0.5, 1)],
      ["unwritten", expect.closeTo(0.5, 1)],
    ]);
  });
});
