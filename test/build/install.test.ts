import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { toolAdvice } from "../../scripts/toolchain.mjs";
import { attempt, run, userEnvironment } from "./helpers.js";

// A PATH with only these programs.
const tools = mkdtempSync(join(tmpdir(), "thalweg-tools-"));
afterAll(() => rmSync(tools, { recursive: true, force: true }));

const install = (env: Record<string, string>) =>
  attempt(process.execPath, ["scripts/install.mjs", "--force"], { env: userEnvironment(env) });

describe.skipIf(process.platform !== "linux")("building without a tool", () => {
  test("names the missing compiler and the Debian package that contains it", () => {
    symlinkSync(run("sh", ["-c", "command -v make"]).trim(), join(tools, "make"));
    const { status, stdout, stderr } = install({ PATH: tools });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain("thalweg: cannot build the native addon: g++ (a C++20 compiler) is missing");
    expect(stderr).not.toContain("make is missing");
    expect(stderr).toContain("apt-get install g++ make python3");
    expect(stderr).not.toContain("    at "); // a message, not a stack
  });

  test("names all missing tools at once", () => {
    const { stderr } = install({ PATH: join(tools, "nothing") });
    for (const name of ["g++", "make", "python3"]) expect(stderr).toContain(`${name} `);
  });
});

test.each([
  ["darwin", "", "macOS: xcode-select --install"],
  ["win32", "", "Windows: install CMake and LLVM-MinGW's clang++, since Visual C++ cannot compile it"],
  ["linux", 'NAME="Alpine Linux"\nID=alpine\n', "Alpine Linux: apk add g++ make python3"],
  [
    "linux",
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n',
    "Rocky Linux: dnf install gcc-c++ make python3",
  ],
  ["linux", "NAME=Debian\nID=thing\nID_LIKE=debian\n", "Debian: apt-get install g++ make python3"],
  ["linux", "", "Debian, Ubuntu: apt-get install g++ make python3"],
])("says how the tools are installed on the system at hand: %s", (platform, release, advice) => {
  expect(toolAdvice(platform, release)).toBe(advice);
});
