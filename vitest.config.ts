import { availableParallelism } from "node:os";
import process from "node:process";
import { configDefaults, defineConfig } from "vitest/config";

// .ci/run counts the tests of several runs from these files.
const report = process.env["THALWEG_TEST_REPORT"];
// Tests that take minutes: `npm run nightly -- --only slow,agents` runs them.
const SLOW = "test/**/*.slow.test.ts";
const isSlow = process.env["THALWEG_SLOW"] === "1";
const exclude = isSlow ? configDefaults.exclude : [...configDefaults.exclude, SLOW];

// Tests that use every core by themselves, or that hold how threads and processes get along.
const EVERY_CORE = [
  "autodiff/random-graphs",
  "build",
  "compiler",
  "native",
  "pictures",
  "plan",
  "tensor/memory",
  "train",
  "workers",
].map((name) => `test/${name}{/**/*,}.test.ts`);

// Tests of numbers and texts alone, which leave their process as it was. To import lib/ takes a process over a second.
const PURE = ["cost", "draw", "formats", "gradient-estimation", "metrics", "ops", "optim", "plot"].map(
  (name) => `test/${name}/**/*.test.ts`,
);

const workers = Math.min(4, availableParallelism());

export default defineConfig({
  plugins: [
    {
      // vitest keeps --exclude from projects.
      name: "exclude",
      configureVitest({ vitest, project }) {
        project.config.exclude.push(...(vitest.config.cliExclude ?? []));
      },
    },
  ],
  test: {
    globalSetup: ["test/setup.ts"],
    // A process each, but for PURE: the addon's state is the process's, and some tests end workers or exit.
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      {
        extends: true,
        test: {
          name: "one at a time",
          include: isSlow ? [SLOW] : EVERY_CORE,
          exclude,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "side by side",
          include: isSlow ? [] : ["test/**/*.test.ts"],
          exclude: [...exclude, ...EVERY_CORE, ...PURE],
          maxWorkers: workers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "in shared processes",
          include: isSlow ? [] : PURE,
          exclude,
          isolate: false,
          maxWorkers: workers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
