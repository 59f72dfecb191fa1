// Compiles every native source with clang, for each instruction set of x86-64 and 64-bit Arm, with warnings as
// errors: node scripts/clang.mjs. Nothing is linked. Needs Debian's clang and g++-aarch64-linux-gnu.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { flags, isas, sources } from "../native/sources.mjs";
import { findHeaders, root } from "./toolchain.mjs";

const TARGETS = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
const require = createRequire(import.meta.url);
const compiler = process.env.CXX ?? "clang++";
const headers = findHeaders();

// OpenMP's header is GCC's, which is on its own in a folder: the others there are for GCC alone.
const folder = join(root, "build-clang");
mkdirSync(folder, { recursive: true });
const openmp = execFileSync("g++", ["-print-file-name=include/omp.h"], { encoding: "utf8" }).trim();
copyFileSync(openmp, join(folder, "omp.h"));

const includes = [
  join(headers ?? "/usr", "include", "node"),
  dirname(require.resolve("node-addon-api/package.json")),
].map((folder) => `-I${folder}`);

/** The arguments of each compilation. */
const compilations = Object.entries(TARGETS).flatMap(([arch, target]) =>
  ["addon", "engine", ...isas(arch).map(({ name }) => name)].flatMap((part) =>
    sources(part).map((source) => [
      `--target=${target}`,
      ...flags(part, { THALWEG_WERROR: "1" }),
      // A loop that stays as it is written is no fault.
      "-Wno-pass-failed",
      `-I${folder}`,
      ...(part === "addon" ? includes : []),
      "-c",
      source,
      "-o",
      "/dev/null",
    ]),
  ),
);

/** @returns whether the compiler said nothing against it. */
function compile(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (status) => {
      if (status !== 0) console.error(`clang: ${compiler} ${args.join(" ")}`);
      resolve(status === 0);
    });
  });
}

let failed = 0;
const left = [...compilations];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let args = left.shift(); args !== undefined; args = left.shift())
      if (!(await compile(args))) failed++;
  }),
);
console.log(`clang: ${compilations.length} compilations, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
