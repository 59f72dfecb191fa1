import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";

const script = join(import.meta.dirname, "../../scripts/describe-instructions.mjs");

test("the types of instructions' names are what the addon says of its instructions", () => {
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});
