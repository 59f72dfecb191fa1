import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { attempt, root, run } from "../build/helpers.js";
import { canPreload } from "./preload.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-barrier-"));
afterAll(() => rmSync(folder, { recursive: true }));

// The sanitizer is glibc's, and must not meet another one.
describe.skipIf(!canPreload)("a barrier", () => {
  test("orders what 1 to 64 threads write before it and read after it", { timeout: 300_000 }, () => {
    const program = join(folder, "barrier");
    run(process.env["CXX"] ?? "g++", [
      "-std=c++20",
      "-O1",
      "-g",
      "-fsanitize=thread",
      join(root, "test/native/barrier.cc"),
      ...["cores.cc", "caches.cc", "system/linux.cc", "system/posix.cc"].map((name) =>
        join(root, "native/engine", name),
      ),
      "-o",
      program,
      "-pthread",
    ]);
    // The sanitizer needs a fixed memory layout.
    const { status, stdout, stderr } = attempt("setarch", ["-R", program]);
    expect(`${stdout}${stderr}`.slice(0, 4000)).toBe("0 wrong\n");
    expect(status).toBe(0);
  });
});
