// npm run test:consumers: uses the packed package from everywhere that rows.ts names. Exits with 1 if a row is red.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { commit } from "../../bench/provenance.js";
import { root } from "../build/helpers.js";
import { countOutcomes, outcomeTable, RESULTS, resultsText } from "./report.js";
import { isShort, ROWS } from "./rows.js";
import { keptOutcome, type Outcome, Runner } from "./runner.js";

const USAGE = `npm run test:consumers -- [options]
  --filter <text>   only rows whose name has this text; may be given several times
  --short           only the rows that the tests of every change have
  --json <file>     write the outcomes, with all output of rows that are not green
  --reuse <file>    take from such a file what is not red and depends on no packed file that has changed since
  --results         write bench/${RESULTS}; only without --filter and --short
  --folder <path>   install here, and keep it: the next run with it installs less
  --list            print the names of the rows`;

function readOptions() {
  try {
    return parseArgs({
      options: {
        filter: { type: "string", multiple: true, default: [] },
        short: { type: "boolean", default: false },
        json: { type: "string" },
        reuse: { type: "string" },
        results: { type: "boolean", default: false },
        folder: { type: "string" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`test:consumers: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function fail(message: string): never {
  console.error(`test:consumers: ${message}`);
  process.exit(2);
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
const rows = ROWS.filter(
  (row) =>
    (!options.short || isShort(row)) &&
    (options.filter.length === 0 || options.filter.some((text) => row.name.includes(text))),
);
if (options.list) {
  console.log(rows.map(({ name }) => name).join("\n"));
  process.exit(0);
}
if (rows.length === 0) fail(`no row's name has ${options.filter.join(" or ")}; --list prints them`);
if (options.results && rows.length < ROWS.length) fail("--results takes all rows");

const folder =
  options.folder === undefined ? mkdtempSync(join(tmpdir(), "thalweg-consumers-")) : resolve(options.folder);
mkdirSync(folder, { recursive: true });
process.once("exit", () => {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const kept: readonly Outcome[] =
  options.reuse !== undefined && existsSync(options.reuse)
    ? JSON.parse(readFileSync(options.reuse, "utf8"))
    : [];
let reused = 0;
const outcomes: Outcome[] = [];
const packedFrom = commit();
const runner = new Runner(folder);
for (const row of rows) {
  const earlier = keptOutcome(kept, row, runner.packedFor(row));
  if (earlier !== null) reused += 1;
  const outcome = earlier ?? (await runner.run(row));
  outcomes.push(outcome);
  console.error(`${outcome.name}: ${outcome.verdict} (${outcome.seconds.toFixed(1)} s) ${outcome.note}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(outcomes.map(withoutGreenOutput), null, 2)}\n`);
  }
}
if (options.results)
  writeFileSync(join(root, "bench", RESULTS), resultsText(outcomes, runner.reference, packedFrom, reused));
console.log(outcomeTable(outcomes));
console.log(`\n${countOutcomes(outcomes)}`);
if (outcomes.some(({ verdict }) => verdict === "red")) process.exitCode = 1;

function withoutGreenOutput(outcome: Outcome): Outcome {
  return outcome.verdict === "green" ? { ...outcome, output: "" } : outcome;
}
