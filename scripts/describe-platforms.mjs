// Generates lib/native/platform-packages.ts from native/platforms.json. With --check it only reports whether the file
// is out of date.
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

const text = `// Made by scripts/describe-platforms.mjs from native/platforms.json.

/** A package with the binary for one system. What loads it throws if it is not installed. */
export interface PlatformPackage {
  readonly name: string;
  readonly about: () => { readonly version: string };
  readonly addon: () => unknown;
}

/**
 * The package for a system: "linux-x64", "linux-x64-musl", …
 *
 * Each file's name stands here in full and \`require\` is made by something called \`module\`: by that the tracers of
 * deployments (@vercel/nft, thus Next.js) find the files. As \`module\` is a parameter, bundlers leave the calls alone,
 * which they would turn into errors for want of a loader of such files.
 * @param from The file that the packages are looked for from.
 * @returns null if there is none for that system.
 */
export function platformPackage(
  system: string,
  module: { createRequire(from: string): NodeJS.Require },
  from: string,
): PlatformPackage | null {
  const require = module.createRequire(from);
  switch (system) {
${platforms.map(({ name }) => caseOf(name)).join("\n")}
    default:
      return null;
  }
}
`;

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("lib/native/platform-packages.ts is out of date: node scripts/describe-platforms.mjs");
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
