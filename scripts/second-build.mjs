// Runs the tests on the build of cmake-js: node scripts/second-build.mjs ["" or openblas [vitest's arguments]]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const [blas = "", ...args] = process.argv.slice(2);
const folder = blas === "" ? "build-cmake" : `build-${blas}`;

function run(command, commandArgs, env = {}) {
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, THALWEG_BLAS: blas, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const cmake = join(root, "node_modules", ".bin", "cmake-js");
run(cmake, ["configure", "--out", folder]);
run(cmake, ["compile", "--out", folder, "--parallel", "2"]);
run(process.execPath, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...args], {
  THALWEG_ADDON: join(root, folder, "Release", "thalweg.node"),
  ...(blas === "" ? {} : { THALWEG_MATMUL: "cblas" }),
});
