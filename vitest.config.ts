import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A process each: the addon's state is the process's, and some tests end workers or exit.
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
