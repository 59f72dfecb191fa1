// The programs of examples/side-by-side, their page, and what test/oracle/side_by_side.py measured of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root, runCommand } from "../child.js";
import figures from "../oracle/side-by-side.json" with { type: "json" };
import { spreadOf } from "./scores.js";

const SUFFIXES = {
  Thalweg: ".ts",
  "scikit-learn": "_sklearn.py",
  Keras: "_keras.py",
  PyTorch: "_torch.py",
} as const;
type Library = keyof typeof SUFFIXES;
const LIBRARIES = Object.keys(SUFFIXES) as Library[];

interface Found {
  readonly lines: number;
  readonly scores: readonly number[];
}
const sets = Object.entries(figures as Readonly<Record<string, Readonly<Record<Library, Found>>>>);

const folder = join(root, "examples", "side-by-side");
const sourceOf = (set: string, library: Library): string =>
  readFileSync(join(folder, `${set}${SUFFIXES[library]}`), "utf8");
const page = readFileSync(join(root, "docs", "side-by-side.md"), "utf8");
const blocks = Array.from(page.matchAll(/^```\w+\n([\s\S]*?)^```/gm), ([, block]) => block);

const isCode = (line: string): boolean => !/^\s*($|#|\/\/)/.test(line);

/** Of the mean. */
function standardError(numbers: readonly number[]): number {
  const { mean } = spreadOf(numbers);
  const squares = numbers.map((one) => (one - mean) ** 2);
  return Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / (numbers.length - 1) / numbers.length);
}

/** The scores of the other libraries. */
const othersOf = (all: Readonly<Record<Library, Found>>): number[] =>
  LIBRARIES.flatMap((library) => (library === "Thalweg" ? [] : all[library].scores));

describe("programs side by side", () => {
  test.each(sets)("%s takes at most as many lines as the shortest of the others", (set, all) => {
    for (const library of LIBRARIES) {
      const lines = sourceOf(set, library).split("\n");
      expect(lines.filter(isCode).length).toBe(all[library].lines);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(88);
    }
    const others = LIBRARIES.filter((library) => library !== "Thalweg");
    expect(all.Thalweg.lines).toBeLessThanOrEqual(Math.min(...others.map((one) => all[one].lines)));
  });

  test.each(sets)("the scores for %s are not below those of the others", (_, all) => {
    for (const library of LIBRARIES) expect(all[library].scores).toHaveLength(5);
    const [own, others] = [all.Thalweg.scores, othersOf(all)];
    // Two standard errors, since the libraries split differently.
    const error = Math.hypot(standardError(own), standardError(others));
    expect(spreadOf(own).mean).toBeGreaterThan(spreadOf(others).mean - 2 * error);
  });

  test("Thalweg's reach the scores that were measured", { timeout: 180_000 }, async () => {
    const imports = sets.map(([set]) => `await import(${JSON.stringify(`./${set}.ts`)});`);
    const program = `process.chdir(${JSON.stringify(folder)}); ${imports.join(" ").replaceAll('"./', `"${folder}/`)}`;
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", program],
      { timeout: 170_000 },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const scores = Array.from(stdout.matchAll(/^(?:accuracy|r2) +(\S+)$/gm), ([, score]) => Number(score));
    expect(scores).toHaveLength(sets.length);
    sets.forEach(([set, all], i) => {
      // Other instructions round differently: that may change the class of a few samples.
      expect(Math.abs((scores[i] as number) - (all.Thalweg.scores[0] as number)), set).toBeLessThan(0.06);
      expect(scores[i], set).toBeGreaterThan(Math.min(...othersOf(all)) - 0.06);
    });
  });

  test("the page shows the programs for iris as they are", () => {
    expect(blocks).toEqual(LIBRARIES.map((library) => sourceOf("iris", library)));
  });

  test("the page's tables have what was measured", () => {
    const rows = Array.from(page.matchAll(/^\| (\w+) \| (.*) \|$/gm), ([, set, cells]) => [
      set,
      ...(cells as string).split(" | "),
    ]).filter(([set]) => set !== "set");
    const text = (score: number): string => score.toFixed(3);
    const lines = sets.map(([set, all]) => [set, ...LIBRARIES.map((one) => String(all[one].lines))]);
    const scores = sets.map(([set, all]) => [
      set,
      ...LIBRARIES.map((one) => {
        const { mean, min, max } = spreadOf(all[one].scores);
        return `${text(mean)} (${text(min)} to ${text(max)})`;
      }),
    ]);
    expect(rows).toEqual([...lines, ...scores]);
  });

  test("without imports, the programs for iris have as many lines as the page says", () => {
    const counts = LIBRARIES.map(
      (library) =>
        sourceOf("iris", library)
          .split("\n")
          .filter((line) => isCode(line) && !/^(?:import|from) /.test(line)).length,
    );
    const last = counts.pop();
    expect(page).toContain(`the programs for iris have ${counts.join(", ")} and ${last} lines`);
  });
});
