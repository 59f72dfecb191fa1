import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempt, gypFolder, root, run } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-division-"));
afterAll(() => rmSync(folder, { recursive: true }));
const built = join(gypFolder, "Release");

describe.skipIf(!existsSync(join(built, "engine.a")))("the work of 1 to 64 threads", () => {
  const program = join(folder, "division");
  beforeAll(() => {
    const kernels = readdirSync(built).filter((name) => /^kernels_\w+\.a$/.test(name));
    run(process.env["CXX"] ?? "g++", [
      "-std=c++20",
      "-O2",
      "-pthread",
      join(root, "test/native/division.cc"),
      ...["engine.a", ...kernels].map((name) => join(built, name)),
      "-o",
      program,
    ]);
  });

  test.each(["planes", "products", "steps"])("is even to a twentieth: %s", { timeout: 300_000 }, (what) => {
    const { status, stdout, stderr } = attempt(program, [what]);
    expect(`${stdout}${stderr}`.slice(0, 4000)).toBe("0 uneven\n");
    expect(status).toBe(0);
  });
});
