// npm run bench: verifies the library and its peers, then times them in turns. See README.md.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gradientFree } from "./gradient-free/run.js";
import type { SearchRow } from "./gradient-free/searches.js";
import { findImplementations, type Implementation, OURS, settingsFor } from "./implementations.js";
import { importTime } from "./import-time.js";
import { FULL, jobName, measure, type Outcome, QUICK } from "./measure.js";
import { Neighbour } from "./noise.js";
import { type Options, readOptions, USAGE } from "./options.js";
import { measurePeak } from "./peak.js";
import { errorText } from "./process.js";
import { KEPT } from "./provenance.js";
import { files, type Results, summary } from "./report.js";
import { FULL_EXTENT, QUICK_EXTENT } from "./rl/jobs.js";
import { type LearnedRow, reinforcementLearning } from "./rl/run.js";
import type { Row } from "./row.js";
import { SCALED, scalingTable, scalingText, threadCounts } from "./scaling.js";
import { candidates, timeToAccuracy, WORKLOAD } from "./time-to-accuracy.js";
import { allJobs, type Job } from "./workloads.js";

const RUNS = { full: 5, quick: 1 };
const IMPORTS = { full: 25, quick: 3 };

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Whether the filter selects a row. */
function matches({ filter }: Options, job: string, impl: string): boolean {
  return filter.every((word) => `${job} ${impl}`.includes(word));
}

async function benchmark(options: Options, args: readonly string[], folder: string): Promise<Results> {
  const { settings, note } = settingsFor(options.threads);
  const notes = note === null ? [] : [note];
  const computes = options.modes.some((mode) => mode !== "import");
  const peak = computes ? measurePeak(options.threads, folder) : { missing: "peak: nothing is computed" };
  say(
    "missing" in peak
      ? peak.missing
      : `peak: ${peak.one} GFLOP/s with 1 thread, ${peak.all} with ${options.threads}`,
  );
  const { found, skipped } = computes
    ? await findImplementations(options.peers, settings)
    : { found: [], skipped: [] };
  for (const { name, version } of found) say(`${name} ${version}`);
  for (const { impl, reason } of skipped) say(`${impl} skipped: ${reason}`);

  const rows: Row[] = [];
  const searches: SearchRow[] = [];
  const learned: LearnedRow[] = [];
  const keep = (found: readonly SearchRow[] = searches) => {
    if (options.json === null) return;
    writeFileSync(options.json, `${JSON.stringify([...rows, ...found, ...learned], null, 2)}\n`);
  };
  const add = (outcome: Outcome, name: string) => {
    rows.push(...outcome.rows);
    skipped.push(...outcome.skipped);
    say(`${name}: ${describe(outcome.rows)}`);
    for (const note of outcome.notes) say(`  ${note}`);
    for (const { impl, reason } of outcome.skipped) say(`  ${impl} left out: ${reason}`);
    keep();
  };
  const isNoisy = options.noises.some((noise) => noise !== "none");
  const shared = {
    settings,
    noises: options.noises,
    neighbour: isNoisy ? new Neighbour(folder) : null,
    pace: options.quick ? QUICK : FULL,
    peak: "missing" in peak ? null : peak.all,
  };
  for (const job of allJobs().filter(({ mode }) => options.modes.includes(mode))) {
    const name = jobName(job);
    const taking = found.filter((impl) => takesPart(impl, job) && matches(options, name, impl.name));
    if (taking.length === 0) continue;
    const file = join(folder, "job");
    add(await measure(job, taking, { ...shared, file }), name);
    rmSync(file, { force: true });
  }
  const others = isNoisy ? [] : options.modes;
  if (others.includes("gradient-free")) {
    const selected = (job: string, impl: string) => matches(options, job, impl);
    const { searches: own, ...outcome } = await gradientFree(found, {
      ...options,
      matches: selected,
      say,
      keep,
    });
    searches.push(...own);
    add({ ...outcome, notes: [] }, "gradient-free");
  }
  if (others.includes("rl")) {
    const { learned: own, ...outcome } = await reinforcementLearning(found, {
      ...shared,
      extent: options.quick ? QUICK_EXTENT : FULL_EXTENT,
      file: join(folder, "learning"),
      matches: (job, impl) => matches(options, job, impl),
      say,
    });
    learned.push(...own);
    add({ ...outcome, notes: [] }, "rl");
  }
  if (others.includes("time-to-accuracy")) {
    const known = candidates().map(({ name }) => name);
    const names = known.filter(
      (name) =>
        (name === OURS || options.peers.includes(name)) &&
        matches(options, `time-to-accuracy ${WORKLOAD} momentum`, name),
    );
    const runs = options.quick ? RUNS.quick : RUNS.full;
    const file = join(folder, "run");
    if (names.length > 0) add(await timeToAccuracy(names, { file, settings, runs, say }), "time-to-accuracy");
  }
  let imported: Results["imported"] = [];
  if (others.includes("import")) {
    const outcome = await importTime({
      peers: options.peers,
      settings,
      rounds: options.quick ? IMPORTS.quick : IMPORTS.full,
      matches: (job, impl) => matches(options, job, impl),
    });
    imported = outcome.imported;
    if (outcome.rows.length > 0) add(outcome, "import");
  }
  return {
    rows,
    searches,
    learned,
    imported,
    skipped,
    implementations: found,
    peak,
    threads: options.threads,
    notes,
    args,
  };
}

function takesPart({ modes }: Implementation, { mode }: Job): boolean {
  return modes.includes(mode);
}

function describe(rows: readonly Row[]): string {
  return rows.map(({ impl, medianMicros }) => `${impl} ${medianMicros.toPrecision(4)} µs`).join(", ") || "—";
}

const pathOf = (name: string) => join(import.meta.dirname, name);

/** A run, what it says and the files that are kept of it. */
interface Report {
  readonly results: Results;
  readonly text: string;
  readonly kept: () => Map<string, string>;
}

async function once(options: Options, args: readonly string[], folder: string): Promise<Report> {
  const results = await benchmark(options, args, folder);
  const read = (name: string) => (existsSync(pathOf(name)) ? readFileSync(pathOf(name), "utf8") : null);
  return { results, text: summary(results), kept: () => files(results, read) };
}

/** The same rows with each number of threads. */
async function scale(options: Options, args: readonly string[], folder: string): Promise<Report> {
  const modes = options.modes.filter((mode) => SCALED.includes(mode));
  const rows: Row[] = [];
  let results: Results | null = null;
  for (const threads of threadCounts(options.threads)) {
    results = await benchmark({ ...options, modes, threads, json: null }, args, folder);
    rows.push(...results.rows);
    if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
  const all = { ...(results as Results), rows };
  return {
    results: all,
    text: scalingTable(rows),
    kept: () => new Map(rows.length > 0 ? [[KEPT.scaling, scalingText(rows, all)]] : []),
  };
}

async function main(args: readonly string[]): Promise<void> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    say(`${errorText(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "thalweg-bench-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("SIGINT", () => {
    remove();
    process.exit(130);
  });
  try {
    const { results, text, kept } = await (options.scaling ? scale : once)(options, args, folder);
    console.log(text);
    if (results.rows.length === 0 && results.searches.length === 0) {
      say("nothing was measured");
      process.exitCode = 1;
    }
    if (options.results) for (const [name, content] of kept()) writeFileSync(pathOf(name), content);
  } finally {
    remove();
  }
}

await main(process.argv.slice(2));
