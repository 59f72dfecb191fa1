// What scikit-learn's networks reach on the tables of the examples, as test/oracle/tables.py found it.
import { readFile } from "node:fs/promises";
import type { data } from "thalweg";

/** A figure over five seeds. */
interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Prints the figures of the same network in scikit-learn. */
export async function tellScikitLearn(example: "table" | "regression"): Promise<void> {
  const text = await readFile(new URL("../../test/oracle/tables.json", import.meta.url), "utf8");
  const all = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  const figures = Object.entries(all[example] ?? {}).map(
    ([name, { mean, min, max }]) => `${name} ${mean.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`,
  );
  console.log(`the same network in scikit-learn, five seeds: ${figures.join(", ")}`);
}

/** Prints the rows of all parts as JSON lines, to be learnt elsewhere too. */
export async function printRows(parts: Readonly<Record<string, data.Table>>): Promise<void> {
  const lines = Object.entries(parts).flatMap(([part, table]) =>
    table.rows().map((row) => `${JSON.stringify({ part, ...row })}\n`),
  );
  // A pipe takes what is written only after a while.
  await new Promise<void>((done) => process.stdout.write(lines.join(""), () => done()));
}
