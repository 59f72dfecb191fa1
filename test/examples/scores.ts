// Runs the examples that print their scores beside those of other libraries.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ended, root, runCommand } from "../child.js";

/** The examples that train their networks in seconds. */
export const EXAMPLES = ["table", "regression", "imbalanced"];

export const runExample = (name: string, ...args: string[]): Promise<Ended> =>
  runCommand(process.execPath, ["--import", "tsx", `examples/${name}.ts`, ...args], { timeout: 300_000 });

/** A number for each seed. */
type OverSeeds = Readonly<Record<string, readonly number[]>>;

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
  const [head = "", ...rows] = table.split("\n");
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
