// The pages of the documentation run, and print what they say.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));

/** All blocks of a language, one after the other. */
function blocks(page: string, language: string): string {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm")),
    ([, block]) => block,
  ).join("");
}

describe("pages that have code", () => {
  test.each(pages.filter((page) => blocks(page, "ts") !== ""))("%s", (page) => {
    // Beside the package, so that its name leads to it.
    const folder = mkdtempSync(join(root, "examples", ".docs-"));
    try {
      const file = join(folder, "page.ts");
      const code = blocks(page, "ts");
      writeFileSync(file, code);
      // A module that a thread loads without tsx finds the package by its name alone: the page has to run the sources too.
      const sources = { TSX_TSCONFIG_PATH: join(root, "tsconfig.json") };
      const output = execFileSync(process.execPath, ["--import", "tsx", file], {
        encoding: "utf8",
        cwd: folder,
        env: { ...process.env, ...(code.includes("WorkerVectorEnvironment") ? sources : {}) },
      });
      expect(output).toBe(blocks(page, "text"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("are there", () => {
    expect(pages).toContain("backpropagation.md");
  });
});
