import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
import { flags, sources } from "../../native/sources.mjs";
import { compileAll } from "../../scripts/compile.mjs";
import { canLink, linkWithEngine } from "../../scripts/link.mjs";
import { attempt } from "../build/helpers.js";
import { canPreload } from "./preload.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-team-"));
afterAll(() => rmSync(folder, { recursive: true }));

// What belongs to the team, and what divides products among it.
const CHECKED =
  /engine\/((aside|cores|followers|leader|memory|team-times|thread-count|threads)|tasks\/matmul)\.cc$/;

const isa = backendInfo().isas.at(-1) as string;

// The sanitizer is glibc's, and must not meet another one.
describe.skipIf(!canPreload || !canLink)("the team", () => {
  test("multiplies for several threads at once, in teams of many sizes, without a race", {
    timeout: 3_600_000,
  }, async () => {
    const checked = ["-O1", "-g", "-w", "-fsanitize=thread"];
    const parts = [
      ["engine", sources("engine").filter((source) => CHECKED.test(source))],
      [isa, sources(isa).filter((source) => source.endsWith("/matmul.cc"))],
    ] as const;
    const objects: string[] = [];
    const compilations = parts.flatMap(([part, files]) =>
      files.map((source) => {
        const object = join(folder, `${part}-${objects.length}-${basename(source)}.o`);
        objects.push(object);
        return [...flags(part, {}), ...checked, "-c", source, "-o", object];
      }),
    );
    expect(await compileAll(process.env["CXX"] ?? "g++", compilations)).toBe(0);
    const program = join(folder, "team");
    linkWithEngine("test/native/team.cc", program, ["-std=c++20", ...checked, ...objects, "-pthread"]);
    // The sanitizer needs a fixed memory layout.
    const { status, stdout, stderr } = attempt("setarch", ["-R", program]);
    expect(`${stdout}${stderr}`.slice(0, 4000)).toBe("0 wrong\n");
    expect(status).toBe(0);
  });
});
