import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempt, root, run, userEnvironment } from "./helpers.js";

// The repository's scripts on a tree of files that contain only imports and includes.
const tree = mkdtempSync(join(tmpdir(), "thalweg-lint-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));
beforeAll(() => {
  run("cp", ["-r", join(root, "scripts"), tree]);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

const lint = (script: string) =>
  attempt(process.execPath, [join(tree, "scripts", script)], { cwd: tree, env: userEnvironment() });

describe("the rooms of lib/", () => {
  const check = () => lint("check-rooms.mjs");
  beforeAll(() => {
    write("lib/index.ts", 'export * from "./errors.js";\nexport { upper } from "./above/upper.js";\n');
    write("lib/errors.ts", "");
    write("lib/options.ts", 'import { ArgumentError } from "./errors.js";\n');
    // Of the files outside the rooms, one may import this room.
    write("lib/native/README.md", "# native\n\nMay import: errors.\n");
    write("lib/native/addon.ts", "export const addon = 1;\n");
    write("lib/below/README.md", "# below\n\nMay import: errors, options.\n");
    write("lib/below/lower.ts", 'import type { Upper } from "../above/upper.js";\nimport "../errors.js";\n');
    write("lib/above/README.md", "# above\n\nMay import: errors, below.\n");
    write("lib/above/upper.ts", 'import { lower } from "../below/lower.js";\nimport "./deep/part.js";\n');
    write("lib/above/deep/part.ts", 'import { lower } from "../../below/lower.js";\n');
    write("package.json", '{ "exports": { ".": "./dist/index.js", "./own": "./dist/own/index.js" } }');
    write("lib/own/README.md", "# own\n\nMay import: errors, above.\n");
    write("lib/own/part.ts", 'import { upper } from "../above/upper.js";\n');
  });

  test("import what their README allows, and types from anywhere", () => {
    expect(check()).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test.each([
    ["lib/below/a.ts", 'import { upper } from "../above/upper.js";', "lib/below may not import lib/above"],
    [
      "lib/below/a.ts",
      'import { type A, upper } from "../above/upper.js";',
      "lib/below may not import lib/above",
    ],
    [
      "lib/below/a.ts",
      'export { upper } from "../above/deep/part.js";',
      "lib/below may not import lib/above",
    ],
    ["lib/below/a.ts", 'export * from "../above/upper.js";', "lib/below may not import lib/above"],
    [
      "lib/below/a.ts",
      'const late = await import("../above/upper.js");',
      "lib/below may not import lib/above",
    ],
    ["lib/above/a.ts", 'import "../options.js";', "lib/above may not import lib/options"],
    ["lib/above/deep/a.ts", 'import "../../index.js";', "lib/above may not import lib/index"],
    ["lib/errors.ts", 'import "./below/lower.js";', "lib/errors may not import lib/below"],
    ["lib/more.ts", 'export * from "./own/part.js";', "lib/own is loaded by its own name alone"],
    ["lib/above/a.ts", 'import "../own/part.js";', "lib/own is loaded by its own name alone"],
    ["lib/nowhere/a.ts", "export const a = 1;", "May import: a, b."],
  ])("refuse in %s: %s", (file, line, message) => {
    write(file, `${line}\n`);
    const { status, stderr } = check();
    rmSync(join(tree, file));
    write("lib/errors.ts", "");
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("refuse rooms in a circle", () => {
    write("lib/below/README.md", "# below\n\nMay import: errors, options, above.\n");
    const { status, stderr } = check();
    write("lib/below/README.md", "# below\n\nMay import: errors, options.\n");
    expect(status).toBe(1);
    expect(stderr).toContain("the rooms go in a circle: ");
  });
});

describe("the include rules of native/", () => {
  const check = () => lint("check-includes.mjs");
  beforeAll(() => {
    write("native/addon/addon.cc", '#include <napi.h>\n#include "../engine/cpu.h"\n');
    write("native/engine/cpu.h", '#include <vector>\n#include "../kernels/add.h"\n');
    write("native/kernels/add.h", "#include <stdint.h>\n");
    write("native/kernels/reference/add.cc", '#include <cmath>\n#include "../add.h"\n');
  });

  test("let each folder include those below it", () => {
    expect(check()).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test.each([
    ["native/engine/a.cc", "#include <napi.h>", "only native/addon knows Node"],
    ["native/engine/a.cc", "#include <node_api.h>", "only native/addon knows Node"],
    ["native/kernels/a.cc", "#include <node/node.h>", "only native/addon knows Node"],
    ["native/kernels/a.cc", "#include <cmath>", "kernels include no standard header"],
    ["native/kernels/a.cc", '#include "../engine/cpu.h"', "native/kernels may not include native/engine"],
    ["native/engine/a.cc", '#include "../addon/addon.cc"', "native/engine may not include native/addon"],
    ["native/engine/a.cc", '#include "gone.h"', "there is no native/engine/gone.h"],
  ])("refuse in %s: %s", (file, line, message) => {
    write(file, `// why\n${line}\n`);
    const { status, stderr } = check();
    rmSync(join(tree, file));
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${file}:2: .*: ${message}`));
  });
});

describe("the workflows", () => {
  const PIN = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";
  const workflow = (uses: string, top = "contents: read") => `name: a
on: push
permissions:
  ${top}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@${uses}
      - run: npm run there
`;
  const pinned = workflow(`${PIN}\n        with:\n          persist-credentials: false`);
  beforeAll(() => {
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    write("package.json", '{ "scripts": { "there": "true" } }');
  });

  test("may run what is pinned, with permissions to read", () => {
    write(".github/workflows/a.yml", pinned);
    expect(lint("check-workflows.mjs")).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("are refused with what actionlint finds, loose pins, kept credentials, wide permissions, missing scripts", () => {
    write(".github/workflows/a.yml", pinned.replace("npm run there", `echo $\{{ matrix.no }}`));
    write(".github/workflows/b.yml", workflow("v7", "contents: write").replace("there", "nowhere"));
    write(".github/workflows/c.yml", pinned.replace(/permissions:\n.*\n/, ""));
    write(
      ".github/workflows/d.yml",
      pinned.replace(
        "npm run there",
        "node scripts/gone.mjs --test && node /work/scripts/check-workflows.mjs",
      ),
    );
    const { status, stderr } = lint("check-workflows.mjs");
    expect(status).toBe(1);
    for (const message of [
      'a.yml:12: property "no" is not defined',
      'b.yml:9: expected "uses: owner/name@<commit of 40 digits> # v1.2.3"',
      'b.yml:9: expected "persist-credentials: false"',
      "b.yml:3: expected permissions to write at single jobs",
      'b.yml:10: package.json has no script "nowhere"',
      "c.yml:1: expected permissions for the whole workflow",
      "d.yml:12: there is no scripts/gone.mjs",
    ]) {
      expect(stderr).toContain(`.github/workflows/${message}`);
    }
    expect(stderr.trim().split("\n").length).toBe(7);
  });
});
