import process from "node:process";
import { configDefaults, defineConfig } from "vitest/config";

// .ci/run counts the tests of several runs from these files.
const report = process.env["THALWEG_TEST_REPORT"];
// Tests that take minutes: `npm run nightly -- --only slow,agents` runs them.
const SLOW = "test/**/*.slow.test.ts";
const isSlow = process.env["THALWEG_SLOW"] === "1";

export default defineConfig({
  test: {
    include: [isSlow ? SLOW : "test/**/*.test.ts"],
    exclude: isSlow ? configDefaults.exclude : [...configDefaults.exclude, SLOW],
    globalSetup: ["test/setup.ts"],
    // A process each: the addon's state is the process's, and some tests end workers or exit.
    pool: "forks",
    // One file at a time: many of them use every core by themselves.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
