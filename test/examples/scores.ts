// Runs the examples that print their scores beside those of other libraries.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "vitest";
import { type Ended, root, runCommand } from "../child.js";

/** The examples that train their networks in seconds. */
export const EXAMPLES = ["table", "regression", "imbalanced", "recommender", "several-inputs"];

export const runExample = (name: string, ...args: string[]): Promise<Ended> =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${name}.ts`, ...args], { timeout: 300_000 });

/** A number for each seed. */
type OverSeeds = Readonly<Record<string, readonly number[]>>;

const require = createRequire(import.meta.url);

/** Whether better-sqlite3 is installed: `npm run sqlite` does so. */
export const hasSqlite = ((): boolean => {
  try {
    require.resolve("better-sqlite3");
    return true;
  } catch {
    return false;
  }
})();

/** What test/oracle/examples/ found, by network, library and figure. */
export async function keptScores(
  name: string,
): Promise<Readonly<Record<string, Readonly<Record<string, OverSeeds>>>>> {
  const file = join(root, "test", "oracle", "examples", `${name}.json`);
  return JSON.parse(await readFile(file, "utf8"));
}

/** The table of scores that an example printed: numbers (means, for several seeds) by row and figure. */
export function scoresIn(stdout: string): Map<string, Map<string, number>> {
  const table = stdout.split("\n\n").find((part) => part.includes("\n  in ")) ?? "";
  const [head = "", ...rows] = table.replace(/^\n/, "").split("\n");
  const names = head.trim().split(/\s{2,}/);
  const scores = new Map<string, Map<string, number>>();
  let network = "";
  for (const row of rows) {
    const [name = "", ...cells] = row.trim().split(/\s{2,}/);
    if (!row.startsWith(" ")) network = name.replace(/, \d+ seeds$/, "");
    const key = row.startsWith(" ") ? `${network} ${name}` : network;
    scores.set(key, new Map(names.map((figure, i) => [figure, Number.parseFloat(cells[i] ?? "")])));
  }
  return scores;
}

export const spreadOf = (values: readonly number[]): { mean: number; min: number; max: number } => ({
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  min: Math.min(...values),
  max: Math.max(...values),
});

/** Expects the figures of an example's networks in the spread of PyTorch's five seeds, or `room` times the spread beside it. */
export async function expectInSpread(name: string, stdout: string, room: number): Promise<void> {
  const scores = scoresIn(stdout);
  for (const [network, { PyTorch: figures = {} }] of Object.entries(await keptScores(name))) {
    for (const [figure, values] of Object.entries(figures)) {
      const { mean, min, max } = spreadOf(values);
      const printed = scores.get(`${network} in PyTorch, 5 seeds`)?.get(figure) ?? Number.NaN;
      expect(printed / mean, `PyTorch's ${figure}`).toBeCloseTo(1, 3);
      const own = scores.get(network)?.get(figure);
      expect(own, `${network}: ${figure}`).toBeGreaterThanOrEqual(min - room * (max - min));
      expect(own, `${network}: ${figure}`).toBeLessThanOrEqual(max + room * (max - min));
    }
  }
}
