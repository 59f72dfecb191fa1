import process from "node:process";
import { defineConfig } from "vitest/config";

// .ci/run counts the tests of several runs from these files.
const report = process.env["THALWEG_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
