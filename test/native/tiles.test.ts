import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { flags, isas, sources } from "../../native/sources.mjs";
import { attempt, root, run } from "../build/helpers.js";
import { canPreload } from "./preload.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-tiles-"));
afterAll(() => rmSync(folder, { recursive: true }));

const matmul = (part: string): string =>
  sources(part).find((source: string) => source.endsWith("/matmul.cc")) as string;
const compiler = process.env["CXX"] ?? "g++";
// A write past a buffer on the stack is a fault at once.
const checked = ["-O1", "-fsanitize=address"];
const flagsOf = (part: string): string[] => [...flags(part, {}), ...checked];

function compile(part: string, chosen: readonly string[], source: string, object: string): string {
  const path = join(folder, object);
  run(compiler, [...flagsOf(part), ...chosen, "-c", join(root, source), "-o", path]);
  return path;
}

// The smallest vectors of this architecture, with which a tile's rows may be more than its columns.
const plainest = isas()[1]?.name as string;

// The address sanitizer is glibc's, and must not meet another one.
describe.skipIf(!canPreload)("products in tiles", () => {
  test.each(["neon", "odd"])(
    "in the shapes of tuning %s give what the naive twin gives",
    { timeout: 600_000 },
    (tuning) => {
      const chosen = [`-DTHALWEG_TUNING=${tuning}`];
      const objects = [
        compile(plainest, chosen, matmul(plainest), `${tuning}.o`),
        compile("reference", [], matmul("reference"), "reference.o"),
        compile(plainest, chosen, "test/native/tiles.cc", `tiles-${tuning}.o`),
      ];
      const program = join(folder, `tiles-${tuning}`);
      run(compiler, [...checked, ...objects, "-o", program]);
      const { status, stdout, stderr } = attempt(program, []);
      expect(`${stdout}${stderr}`.slice(0, 4000)).toMatch(/^[1-9]\d+ products, 0 wrong\n$/);
      expect(status).toBe(0);
    },
  );
});
