import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempt, root, run, userEnvironment } from "./helpers.js";

interface Rule {
  readonly file: string;
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}

const RULES: readonly Rule[] = [
  { file: "lib/errors.ts", allowed: ["./options.js"], refused: ["./graph/node.js", "./index.js"] },
  { file: "lib/options.ts", allowed: ["./errors.js"], refused: ["./ops/add.js", "./tensor.js"] },
  { file: "lib/native/binding.ts", allowed: ["../errors.js"], refused: ["../graph/node.js"] },
  { file: "lib/backend.ts", allowed: ["./native/binding.js"], refused: ["./graph/node.js"] },
  {
    file: "lib/graph/apply.ts",
    allowed: ["./tensor.js", "../native/binding.js", "./plan/fuse.js"],
    refused: ["../tensor.js", "../ops/add.js"],
  },
  {
    file: "lib/graph/plan/fuse.ts",
    allowed: ["../node.js"],
    refused: ["../../ops/add.js", "../../tensor.js"],
  },
  {
    file: "lib/ops/add.ts",
    allowed: ["../graph/apply.js"],
    refused: ["../autodiff/vjp.js", "../nn/linear.js"],
  },
  {
    file: "lib/autodiff/vjp.ts",
    allowed: ["../ops/add.js"],
    refused: ["../nn/linear.js", "../train/fit.js"],
  },
  { file: "lib/nn/linear.ts", allowed: ["../ops/matmul.js"], refused: ["../cost/a.js", "../optim/sgd.js"] },
  { file: "lib/cost/a.ts", allowed: ["../ops/matmul.js"], refused: ["../nn/linear.js", "../index.js"] },
  {
    file: "lib/optim/sgd.ts",
    allowed: ["../graph/tensor.js"],
    refused: ["../train/fit.js", "../data/idx.js"],
  },
  { file: "lib/data/idx.ts", allowed: ["../errors.js"], refused: ["../cost/a.js"] },
  { file: "lib/train/fit.ts", allowed: ["../data/idx.js"], refused: ["../index.js", "../tensor.js"] },
  { file: "lib/tensor.ts", allowed: ["./train/fit.js"], refused: ["./index.js"] },
  { file: "lib/index.ts", allowed: ["./tensor.js", "./train/fit.js"], refused: [] },
];

// A tree of files that only import, under the repository's biome.json.
const tree = mkdtempSync(join(tmpdir(), "thalweg-lint-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

describe("the import rules", () => {
  let report = "";
  beforeAll(() => {
    copyFileSync(join(root, "biome.json"), join(tree, "biome.json"));
    for (const { file, allowed, refused } of RULES) {
      write(file, [...allowed, ...refused].map((path) => `import "${path}";\n`).join(""));
    }
    const biome = join(root, "node_modules", ".bin", "biome");
    const args = ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--colors=off"];
    const { stdout, stderr } = attempt(biome, args, { cwd: tree });
    report = stdout + stderr;
  });

  test.each(RULES)("let $file import only from below", ({ file, allowed, refused }) => {
    const lines = [...report.matchAll(new RegExp(`^${file}:(\\d+):`, "gm"))].map((match) => Number(match[1]));
    const expected = refused.map((_, i) => allowed.length + i + 1);
    expect(lines.sort()).toEqual(expected);
  });
});

describe("the include rules of native/", () => {
  const check = () => {
    const env = userEnvironment();
    return attempt(process.execPath, [join(tree, "scripts", "check-includes.mjs")], { cwd: tree, env });
  };
  beforeAll(() => {
    run("cp", ["-r", join(root, "scripts"), tree]);
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
