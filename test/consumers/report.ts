// The outcomes as a table, and the file that is kept.
import { cpus } from "node:os";
import process from "node:process";
import { KEPT, processor } from "../../bench/provenance.js";
import { table } from "../../bench/table.js";
import type { Losses, Outcome } from "./runner.js";

const MARK = { green: "green", red: "RED", argued: "argued" } as const;

const cell = (text: string) => text.replaceAll("|", "\\|").slice(0, 160);

const versionsOf = ({ versions }: Outcome) =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

export function outcomeTable(outcomes: readonly Outcome[]): string {
  return table(
    ["consumer", "result", "seconds", "with", "note"],
    outcomes.map((outcome) => [
      outcome.name,
      MARK[outcome.verdict],
      outcome.seconds.toFixed(1),
      versionsOf(outcome),
      cell(outcome.note),
    ]),
  );
}

/** "90 rows: 80 green, 9 red, 1 argued". */
export function countOutcomes(outcomes: readonly Outcome[]): string {
  const count = (verdict: Outcome["verdict"]) =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return `${outcomes.length} rows: ${count("green")} green, ${count("red")} red, ${count("argued")} argued`;
}

/** The file of bench/ that keeps the results. */
export const RESULTS = KEPT.consumers;

/**
 * @param commit that was packed.
 * @param reused Number of outcomes that are an earlier run's.
 */
export function resultsText(
  outcomes: readonly Outcome[],
  { first, last, fitted }: Losses,
  commit: string,
  reused: number,
): string {
  const { name } = processor();
  return [
    "# Who can use the package",
    "",
    "What `npm run test:consumers -- --results` found: the packed package is installed in clean folders and trains there.",
    `Each training must end with the losses of the checkout, ${first}, ${last} and ${fitted}.`,
    "An argued row does not work or could not be tried, and says why; it does not count as green.",
    ...(reused > 0
      ? [`${reused} rows are of earlier runs, in which the packed files that they depend on were the same.`]
      : []),
    "",
    countOutcomes(outcomes),
    "",
    outcomeTable(outcomes),
    "",
    table(
      ["", ""],
      [
        ["commit", commit],
        ["day", new Date().toISOString().slice(0, 10)],
        ["system", `${process.platform}-${process.arch}`],
        ["Node of the checkout", process.version],
        ["processor", `${name}, ${cpus().length} cores`],
      ],
    ),
    "",
  ].join("\n");
}
