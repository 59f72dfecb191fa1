// Runs the tests on an addon built with a sanitizer: npm run sanitize [-- address|undefined [vitest's arguments]]
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const RUNTIMES = { address: "libasan.so", undefined: "libubsan.so" };

const [kind = "address", ...args] = process.argv.slice(2);
if (!Object.hasOwn(RUNTIMES, kind)) {
  console.error(`sanitize: expected one of: ${Object.keys(RUNTIMES).join(", ")}; got ${kind}`);
  process.exit(1);
}
const folder = `build-${kind}`;

function run(command, commandArgs, env) {
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const bin = (name) => join(root, "node_modules", ".bin", name);
run(bin("cmake-js"), ["compile", "--out", folder, "--parallel", "2"], { THALWEG_SANITIZE: kind });

// Node itself is not built with the sanitizer, so its runtime comes first in the process.
const runtime = execFileSync(process.env.CXX ?? "g++", [`-print-file-name=${RUNTIMES[kind]}`], {
  encoding: "utf8",
});
run(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--exclude", "test/build/**", ...args],
  {
    LD_PRELOAD: runtime.trim(),
    THALWEG_ADDON: join(root, folder, "Release", "thalweg.node"),
    // V8 frees nothing at exit, and that is not ours to mend.
    ASAN_OPTIONS: "detect_leaks=0:halt_on_error=1",
    UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  },
);
