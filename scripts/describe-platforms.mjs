// Writes the cases of lib/native/platform-packages.ts, one for each platform of native/platforms.json. With --check it
// only reports whether the file is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { packageName, platforms } from "./platforms.mjs";
import { root } from "./toolchain.mjs";

const file = join(root, "lib", "native", "platform-packages.ts");

const caseOf = (name) => `    case "${name}":
      return {
        name: "${packageName(name)}",
        about: () => require("${packageName(name)}/package.json"),
        addon: () => require("${packageName(name)}/thalweg.node"),
      };`;

const kept = readFileSync(file, "utf8");
const cases = /(?<=\n {2}switch \(system\) \{\n).*(?=\n {4}default:\n)/s;
if (!cases.test(kept)) throw new Error(`${file}: expected "switch (system) {" and "default:"`);
const text = kept.replace(cases, platforms.map(({ name }) => caseOf(name)).join("\n"));

if (process.argv.includes("--check")) {
  if (kept !== text) {
    console.error("lib/native/platform-packages.ts is out of date: node scripts/describe-platforms.mjs");
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
