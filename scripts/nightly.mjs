// Runs the tests that take too long for every change: `npm run nightly [-- --only fuzz,address]`. Each step's output
// goes to build-nightly/, its result to bench/NIGHTLY.md, with commit and machine. Exits with 1 if a step failed.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "./toolchain.mjs";

const folder = join(root, "build-nightly");
const results = join(root, "bench", "NIGHTLY.md");
const node = process.execPath;
const today = new Date().toISOString().slice(0, 10);

// The tests in which matrices are multiplied.
const WITH_PRODUCTS = [
  "ops",
  "nn",
  "cost",
  "optim",
  "autodiff",
  "compiler",
  "plan",
  "explain",
  "tensor",
  "eager",
  "train/running",
].map((name) => `test/${name}`);

const vitest = (...args) => [node, "node_modules/vitest/vitest.mjs", "run", ...args];
/** Vitest's own counts. */
const COUNTS = /^ *(Test Files|Tests) /;

/** The command of each step, and the lines of its output that state the result. */
const STEPS = {
  fuzz: {
    what: "10,000 calls of each export with hostile arguments, by a seed of the day's",
    command: vitest("test/errors/fuzz.test.ts"),
    env: { THALWEG_FUZZ_CALLS: "10000", THALWEG_FUZZ_SEED: today },
    says: COUNTS,
  },
  graphs: {
    what: "a thousand random graphs of ops: their gradients, and compiled with any passes, by a seed of the day's",
    command: vitest("test/autodiff/random-graphs.test.ts"),
    env: { THALWEG_GRAPHS: "1000", THALWEG_GRAPHS_SEED: today.replaceAll("-", "") },
    says: COUNTS,
  },
  pictures: {
    what: "every picture in every view of a browser",
    command: vitest("test/pictures"),
    env: { THALWEG_ALL_VIEWS: "1" },
    says: COUNTS,
  },
  cmake: {
    what: "every test on cmake-js's build",
    command: [node, "scripts/second-build.mjs"],
    says: COUNTS,
  },
  cblas: {
    what: "every test of numbers on a build with OpenBLAS, whose products are used",
    command: [node, "scripts/second-build.mjs", "openblas", ...WITH_PRODUCTS],
    says: COUNTS,
  },
  consumers: {
    what: "the packed package, installed and trained wherever it is used; into bench/CONSUMERS.md",
    command: [node, "node_modules/tsx/dist/cli.mjs", "test/consumers/run.ts", "--results"],
    says: /^\d+ rows: /,
  },
  files: {
    what: "10,000 mutated files of each format, by a seed of the day's",
    command: vitest("-t", "mutated files", "mutated", "keeping/hostile"),
    env: { THALWEG_FUZZ_CALLS: "10000", THALWEG_FUZZ_SEED: today },
    says: COUNTS,
  },
  slow: {
    what: "learning runs and statistics that take minutes, without agents",
    command: vitest("--exclude", "test/rl/**"),
    env: { THALWEG_SLOW: "1" },
    says: COUNTS,
  },
  agents: {
    what: "each preset of an agent solves its environment, with seeds 0 to 4",
    command: vitest("test/rl"),
    env: { THALWEG_SLOW: "1" },
    says: COUNTS,
  },
  allocations: {
    what: "each allocation of the addon fails in turn, alone and with all after it",
    command: [node, "scripts/fail-allocations.mjs"],
    says: /\d/,
  },
  address: {
    what: "the tests under AddressSanitizer",
    command: [node, "scripts/sanitize.mjs", "address"],
    says: COUNTS,
  },
  undefined: {
    what: "the tests under UndefinedBehaviorSanitizer",
    command: [node, "scripts/sanitize.mjs", "undefined"],
    says: COUNTS,
  },
  thread: {
    what: "what has to do with threads, under ThreadSanitizer",
    command: [node, "scripts/sanitize.mjs", "thread"],
    says: /^ *(Test Files|Tests|sanitize:) /,
  },
  aarch64: {
    what: "kernels, products and training on 64-bit Arm, emulated",
    command: [node, "scripts/emulate.mjs", "aarch64"],
    says: COUNTS,
  },
  musl: {
    what: "kernels and training on musl, in Bun",
    command: [node, "scripts/foreign.mjs", "linux-x64-musl"],
    says: COUNTS,
  },
  "musl-arm64": {
    what: "kernels and training on musl on 64-bit Arm, in Bun, emulated",
    command: [node, "scripts/foreign.mjs", "linux-arm64-musl"],
    says: COUNTS,
  },
  windows: {
    what: "kernels and training in Windows' Node, under Wine",
    command: [node, "scripts/foreign.mjs", "win32-x64"],
    says: COUNTS,
  },
  nehalem: {
    what: "kernels, products and training on x86-64-v2, emulated",
    command: [node, "scripts/emulate.mjs", "nehalem"],
    says: COUNTS,
  },
  core2duo: {
    what: "the same below x86-64-v2, emulated: the plain kernels",
    command: [node, "scripts/emulate.mjs", "core2duo"],
    says: COUNTS,
  },
  tiles: {
    what: "products in the shapes of tiles of every instruction set, by the vectors of each that this machine has",
    command: vitest("test/native/tiles.test.ts"),
    env: { THALWEG_ALL_TILES: "1" },
    says: COUNTS,
  },
  cachegrind: {
    what: "the cache lines that products miss in Valgrind's simulation, against the model that cuts them into blocks",
    command: [node, "scripts/cachegrind.mjs"],
    says: /^cachegrind: /,
  },
  clang: {
    what: "every native source compiled by clang, for x86-64 and Arm, with warnings as errors",
    command: [node, "scripts/clang.mjs"],
    says: /^clang: /,
  },
};

const { values } = parseArgs({ options: { only: { type: "string" } } });
const wanted = values.only?.split(",") ?? Object.keys(STEPS);
for (const name of wanted) {
  if (Object.hasOwn(STEPS, name)) continue;
  console.error(`nightly: expected steps among ${Object.keys(STEPS).join(", ")}, got ${name}`);
  process.exit(1);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, "");

/** Runs a step. @returns its row of the table. */
function run(name) {
  const { command, env = {}, says } = STEPS[name];
  const log = join(folder, `${name}.log`);
  const file = openSync(log, "w");
  const started = Date.now();
  const { status } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    stdio: ["ignore", file, file],
    env: { ...process.env, ...env },
  });
  closeSync(file);
  const lines = plain(readFileSync(log, "utf8")).split("\n");
  const said = lines
    .filter((line) => says.test(line))
    .slice(-2)
    .map((line) => line.trim().replace(/ \| /g, ", ").replace(/\s+/g, " "));
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  const row = { name, passed: status === 0, minutes, said: said.join("; ") };
  console.log(`${name}: ${row.passed ? "passed" : "FAILED"} after ${minutes} min: ${row.said}`);
  if (!row.passed) console.log(lines.slice(-40).join("\n"));
  return row;
}

/** The rows of the last report for steps that were not run now. */
function kept() {
  if (!existsSync(results)) return [];
  return readFileSync(results, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !wanted.includes(line.split(" | ")[0].slice(2)))
    .slice(1);
}

mkdirSync(folder, { recursive: true });
execFileSync("npm", ["run", "--silent", "build:ts"], { cwd: root, stdio: "inherit" });
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const rows = wanted.map(run);
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`;
writeFileSync(
  results,
  [
    "# The last nightly run",
    "",
    "What `npm run nightly` found. A step that was not run again keeps its row.",
    "",
    "| step | what it is | result | minutes | what it says | commit | day | machine |",
    "|---|---|---|---|---|---|---|---|",
    ...kept(),
    ...rows.map(
      ({ name, passed, minutes, said }) =>
        `| ${name} | ${STEPS[name].what} | ${passed ? "passed" : "failed"} | ${minutes} | ${said} | ${commit} | ${today} | ${machine} |`,
    ),
    "",
  ].join("\n"),
);
process.exit(rows.every(({ passed }) => passed) ? 0 : 1);
