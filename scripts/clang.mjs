// Compiles every native source with clang, for each instruction set of x86-64 and 64-bit Arm, with warnings as
// errors: node scripts/clang.mjs. Nothing is linked. Needs Debian's clang and g++-aarch64-linux-gnu.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { flags, flagsOfClang, isas, sources } from "../native/sources.mjs";
import { compileAll } from "./compile.mjs";
import { findHeaders } from "./toolchain.mjs";

const TARGETS = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
const require = createRequire(import.meta.url);
const compiler = process.env.CXX ?? "clang++";
const headers = findHeaders();

const includes = [
  join(headers ?? "/usr", "include", "node"),
  dirname(require.resolve("node-addon-api/package.json")),
].map((folder) => `-I${folder}`);

/** The arguments of each compilation. */
const compilations = Object.entries(TARGETS).flatMap(([arch, target]) =>
  ["addon", "engine", ...isas(arch).map(({ name }) => name)].flatMap((part) =>
    sources(part).map((source) => [
      `--target=${target}`,
      ...flags(part, { THALWEG_WERROR: "1" }).flatMap(flagsOfClang),
      // Warnings are the same, in an eighth of the time.
      "-O0",
      ...(part === "addon" ? includes : []),
      "-c",
      source,
      "-o",
      "/dev/null",
    ]),
  ),
);

const failed = await compileAll(compiler, compilations);
console.log(`clang: ${compilations.length} compilations, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
