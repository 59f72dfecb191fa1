import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
import { flags, isas, sources } from "../../native/sources.mjs";
import { attempt, root, run } from "../build/helpers.js";
import { emulator, patience } from "./emulator.js";
import { canPreload } from "./preload.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-tiles-"));
afterAll(() => rmSync(folder, { recursive: true }));

const matmul = (part: string): string =>
  sources(part).find((source: string) => source.endsWith("/matmul.cc")) as string;
const compiler = process.env["CXX"] ?? "g++";
// A write past a buffer on the stack is a fault at once. The sanitizer does not run in an emulator.
const checked = emulator.length > 0 ? ["-static"] : ["-O1", "-fsanitize=address"];

function compile(part: string, chosen: readonly string[], source: string, object: string): string {
  const path = join(folder, object);
  run(compiler, [...flags(part, {}), ...checked, ...chosen, "-c", join(root, source), "-o", path]);
  return path;
}

/** The instruction sets of this processor, the one with the smallest vectors first. */
const fast = backendInfo().isas.filter((isa) => isa !== "reference");
const shapes = [...isas("x64"), ...isas("arm64"), { name: "odd" }]
  .map(({ name }) => name)
  .filter((name) => name !== "reference");
// All shapes in the nightly run. Otherwise the highest tiles in the smallest vectors, which have more rows than
// columns, and what divides nothing evenly in the largest.
const few = [
  { isa: fast[0], shape: "neon" },
  { isa: fast.at(-1), shape: "odd" },
];
const all = fast.flatMap((isa) => shapes.map((shape) => ({ isa, shape })));
const chosen = all.filter(
  ({ isa, shape }) =>
    process.env["THALWEG_ALL_TILES"] === "1" || few.some((one) => one.isa === isa && one.shape === shape),
);

// The address sanitizer is glibc's, and must not meet another one.
describe.skipIf(!canPreload || fast.length === 0)("products in tiles", () => {
  let reference = "";
  beforeAll(() => {
    reference = compile("reference", [], matmul("reference"), "reference.o");
  }, 120_000 * patience);

  test.each(chosen)(
    "in the shapes of tuning $shape by the vectors of $isa give what the naive twin gives",
    { timeout: 3_600_000 * patience },
    ({ isa, shape }) => {
      const tuning = `-DTHALWEG_TUNING=with<tuning::${shape},tuning::${isa}>`;
      const name = `${shape}-${isa}`;
      const objects = [
        compile(isa, [tuning], matmul(isa), `${name}.o`),
        reference,
        compile(isa, [tuning], "test/native/tiles.cc", `tiles-${name}.o`),
      ];
      const program = join(folder, `tiles-${name}`);
      run(compiler, [...checked, ...objects, "-o", program]);
      const [command = "", ...args] = [...emulator, program];
      const { status, stdout, stderr } = attempt(command, args);
      expect(`${stdout}${stderr}`.slice(0, 4000)).toMatch(/^[1-9]\d+ products, 0 wrong\n$/);
      expect(status).toBe(0);
    },
  );
});
