// Runs the tests on an addon built with a sanitizer:
// npm run sanitize [-- address|undefined|thread [vitest's arguments]]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

// The environment of the tests. No leak detection: V8 frees nothing at exit.
const KINDS = {
  address: {
    runtime: "libasan.so",
    env: { ASAN_OPTIONS: "detect_leaks=0:halt_on_error=1:allocator_may_return_null=1" },
  },
  undefined: { runtime: "libubsan.so", env: { UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1" } },
  thread: { runtime: "libtsan.so", env: {} },
};
// The tests that use threads.
const THREADED = [
  "test/compiler",
  "test/plan",
  "test/tensor",
  "test/eager",
  "test/train",
  "test/workers",
  "--no-file-parallelism",
];
// Excludes tests that measure memory, of which the sanitizers need a lot. Under ThreadSanitizer also those that need a
// terminal: it breaks the program that makes the terminal.
const NOT_ADDRESS = ["--exclude", "**/memory.test.ts", "--exclude", "**/heap.test.ts"];
const NOT_THREADED = ["--exclude", "**/memory.test.ts", "--exclude", "**/progress.test.ts"];

const [kind = "address", ...args] = process.argv.slice(2);
if (!Object.hasOwn(KINDS, kind)) {
  console.error(`sanitize: expected one of: ${Object.keys(KINDS).join(", ")}; got ${kind}`);
  process.exit(1);
}
const folder = `build-${kind}`;
const reports = join(root, folder, "reports");

/** @returns the exit status. */
function run(command, commandArgs, env) {
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** The races in the addon. Node and other addons that the tests load have races too; those are left out. */
function races() {
  return readdirSync(reports)
    .flatMap((name) => readFileSync(join(reports, name), "utf8").split(/^={18}$/m))
    .filter((report) => {
      const stacks = report
        .split(/^ {2}(?=\S)/m)
        .filter((part) => /^(Previous )?\w+( \w+)? of size/i.test(part));
      const tops = stacks.map((stack) =>
        stack.split("\n").find((line) => /#\d/.test(line) && !/libtsan/.test(line)),
      );
      return tops.some((top) => top?.includes("thalweg.node"));
    });
}

const bin = (name) => join(root, "node_modules", ".bin", name);
const built = run(bin("cmake-js"), ["compile", "--out", folder, "--parallel", "2"], {
  THALWEG_SANITIZE: kind,
});
if (built !== 0) process.exit(built);
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports);

// Node itself is not built with the sanitizer, so the sanitizer's runtime must be preloaded.
const { runtime, env } = KINDS[kind];
const library = execFileSync(process.env.CXX ?? "g++", [`-print-file-name=${runtime}`], { encoding: "utf8" });
const tests =
  kind === "thread"
    ? [...NOT_THREADED, ...(args.length === 0 ? THREADED : args)]
    : [...(kind === "address" ? NOT_ADDRESS : []), ...args];
const [command, ...commandArgs] = [
  // ThreadSanitizer needs a fixed memory layout: no address space randomisation.
  ...(kind === "thread" ? ["setarch", "-R"] : []),
  "env",
  `LD_PRELOAD=${library.trim()}`,
  process.execPath,
  join(root, "node_modules", "vitest", "vitest.mjs"),
  "run",
  "--exclude",
  "test/build/**",
  ...tests,
];
const passed = run(command, commandArgs, {
  THALWEG_ADDON: join(root, folder, "Release", "thalweg.node"),
  TSAN_OPTIONS: `exitcode=0:history_size=4:log_path=${join(reports, "race")}`,
  ...env,
});
const found = races();
for (const report of found) console.error(report);
if (kind === "thread") console.log(`sanitize: ${found.length} races in the addon`);
process.exit(found.length === 0 ? passed : 1);
