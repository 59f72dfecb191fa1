// Scores of an example beside those of the same networks in other libraries, which test/oracle/examples/ found.
import { readFile } from "node:fs/promises";
import { type data, manualSeed } from "thalweg";
import type { Options } from "./options.js";

/** What an example says of a network, by name. */
export type Figures = Readonly<Record<string, number>>;
/** A number for each seed, by figure. */
type OverSeeds = Readonly<Record<string, readonly number[]>>;

/** The number options of an example that trains a network for each of several seeds. */
export const TRAINING = { epochs: { min: 0 }, seeds: { min: 1 } };

/** A number, or the mean of several with the least and the largest. */
function summary(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const text = mean.toPrecision(4);
  if (values.length === 1) return text;
  const digits = /\.(\d*)/.exec(text)?.[1]?.length ?? 0;
  return `${text} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

/** Texts in columns, the first of which is to the left. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const seedsIn = (figures: OverSeeds): string => {
  const count = Object.values(figures)[0]?.length ?? 0;
  return count === 1 ? "" : `, ${count} seeds`;
};

/** Trains an example's networks, for each seed that `--seed` and `--seeds` ask for, and prints their scores. */
export class Scores {
  readonly #example: string;
  readonly #seeds: readonly number[];
  readonly #own: Record<string, Record<string, number[]>> = {};

  constructor(example: string, options: Options) {
    const first = options.number("seed") ?? 0;
    this.#example = example;
    this.#seeds = Array.from({ length: options.number("seeds") ?? 1 }, (_, i) => first + i);
  }

  /** Trains a network with each seed. @returns the result of the first seed. */
  async train<Result>(
    network: string,
    learn: (seed: number) => Promise<{ readonly result: Result; readonly figures: Figures }>,
  ): Promise<Result> {
    const found: { readonly result: Result; readonly figures: Figures }[] = [];
    for (const seed of this.#seeds) {
      manualSeed(seed);
      found.push(await learn(seed));
    }
    const [first] = found as [(typeof found)[number]];
    const over = (name: string) => found.map(({ figures }) => figures[name] as number);
    this.#own[network] = Object.fromEntries(Object.keys(first.figures).map((name) => [name, over(name)]));
    return first.result;
  }

  /** Prints a row for each network, and below it one for each library that trained the same network. */
  async print(): Promise<void> {
    const file = new URL(`../../test/oracle/examples/${this.#example}.json`, import.meta.url);
    const others = JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, OverSeeds>>;
    const names = Object.keys(Object.values(this.#own)[0] ?? {});
    const row = (name: string, figures: OverSeeds): string[] => [
      `${name}${seedsIn(figures)}`,
      ...names.map((figure) => (figures[figure] === undefined ? "" : summary(figures[figure]))),
    ];
    const rows = Object.entries(this.#own).flatMap(([network, figures]) => [
      row(network, figures),
      ...Object.entries(others[network] ?? {}).map(([library, found]) => row(`  in ${library}`, found)),
    ]);
    console.log(`\n${aligned([["", ...names], ...rows])}\n`);
  }
}

/** Prints the rows of all parts as JSON lines, to be learnt elsewhere too. */
export async function printRows(
  parts: Readonly<Record<string, data.Table | readonly object[]>>,
): Promise<void> {
  const lines = Object.entries(parts).flatMap(([part, rows]) =>
    ("rows" in rows ? rows.rows() : rows).map((row) => `${JSON.stringify({ part, ...row })}\n`),
  );
  // A write to a pipe is asynchronous: wait for it, since the caller exits the process.
  await new Promise<void>((done) => process.stdout.write(lines.join(""), () => done()));
}
