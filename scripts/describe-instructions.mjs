// Generates lib/native/instruction-names.ts from the addon's descriptions of its instructions: the names of operands
// and parameters as TypeScript types. With --check it only reports whether the file is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const file = join(root, "lib", "native", "instruction-names.ts");
const addon = process.env["THALWEG_ADDON"] ?? join(root, "build", "Release", "thalweg.node");
const { instructions } = createRequire(import.meta.url)(addon);

const union = (names) =>
  names.length === 0 ? "never" : names.map((name) => JSON.stringify(name)).join(" | ");

/** All names of one kind in the instructions of a family, in order of appearance. */
const namesIn = (family, kind) => [
  ...new Set(
    instructions.filter((one) => one.family === family).flatMap((one) => one[kind].map(({ name }) => name)),
  ),
];

const families = [...new Set(instructions.map(({ family }) => family))].sort();
const text = `// Made by scripts/describe-instructions.mjs from what the addon says of its instructions.

/** By family, the names of the operands and of the parameters that its instructions have. */
export interface Names {
${families
  .map(
    (family) => `  ${family}: {
    operand: ${union(namesIn(family, "operands"))};
    param: ${union(namesIn(family, "params"))};
  };`,
  )
  .join("\n")}
}
`;

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("lib/native/instruction-names.ts is out of date: node scripts/describe-instructions.mjs");
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
