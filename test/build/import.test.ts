import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";
import { root, run } from "./helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program prints that has required the library. */
function printed(program: string): string {
  const file = join(folder, "main.cjs");
  const library = JSON.stringify(join(root, "dist", "index.js"));
  writeFileSync(file, `const before = new Set(process.moduleLoadList);\nrequire(${library});\n${program}\n`);
  return run(process.execPath, [file]);
}

// Each takes milliseconds: a good part of the import.
test("the import loads no compression, cryptography, streams or promises of files", () => {
  const loaded = printed(
    "console.log(process.moduleLoadList.filter((name) => !before.has(name)).join('\\n'));",
  );
  const names = loaded.split("\n").map((name) => name.replace(/^NativeModule /, ""));
  const late = ["zlib", "crypto", "stream", "fs/promises", "child_process", "worker_threads", "http"];
  expect(names.filter((name) => late.includes(name))).toEqual([]);
});

test("the import opens few files", () => {
  const files = printed("console.log(Object.keys(require.cache).length);");
  expect(Number(files)).toBeLessThan(10);
});
