import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** The TypeScript block that follows the marker in the README. */
function markedExample(): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const match = /<!-- test: runs as it stands -->\s*```ts\n([\s\S]*?)```/.exec(readme);
  if (match === null) throw new Error("README.md has no marked example");
  return match[1] as string;
}

test("the README's first program runs as it stands and learns", () => {
  // Beside the package, so that its name leads to it.
  const folder = mkdtempSync(join(root, "examples", ".readme-"));
  try {
    const file = join(folder, "example.ts");
    writeFileSync(file, markedExample());
    const output = execFileSync(process.execPath, ["--import", "tsx", file], { encoding: "utf8", cwd: root });
    const accuracy = Number(/accuracy ([\d.]+)/.exec(output)?.[1]);
    expect(accuracy).toBeGreaterThan(0.9);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the README's first program is short", () => {
  expect(markedExample().trim().split("\n").length).toBeLessThanOrEqual(25);
});
