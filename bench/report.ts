// The results as text, for the terminal and the files that are kept.
import { leftOut, merge, type Part, searchParts } from "./gradient-free/kept.js";
import type { SearchRow } from "./gradient-free/searches.js";
import { LEGEND as SEARCH_LEGEND, searchReports } from "./gradient-free/tables.js";
import { type Implementation, OURS, type Skip } from "./implementations.js";
import { LEGEND as IMPORT_LEGEND, importTable } from "./import-time.js";
import type { Peak } from "./peak.js";
import { circumstances, commandOf, KEPT, provenance } from "./provenance.js";
import type { LearnedRow } from "./rl/run.js";
import { LEGEND as LEARNING_LEGEND, learningTable, noteLines } from "./rl/tables.js";
import type { Row } from "./row.js";
import { skippedLines } from "./skipped.js";
import { LEGEND as SPARSE_LEGEND, sparseTable } from "./sparse/tables.js";
import { figure, megabytes, micros, ratio, share, table } from "./table.js";
import { MODES, type Mode } from "./workloads.js";

export interface Results {
  readonly rows: readonly Row[];
  /** Of the mode `gradient-free`. */
  readonly searches: readonly SearchRow[];
  /** Of the mode `rl`. */
  readonly learned: readonly LearnedRow[];
  /** What was imported in the mode `import`. */
  readonly imported: readonly Pick<Implementation, "name" | "version">[];
  readonly skipped: readonly Skip[];
  readonly implementations: readonly Implementation[];
  readonly peak: Peak | { readonly missing: string };
  readonly threads: number;
  /** Notes about this run. */
  readonly notes: readonly string[];
  /** The command-line arguments of the benchmark. */
  readonly args: readonly string[];
}

const TITLES: Readonly<Record<Mode, string>> = {
  train: "Training step",
  infer: "Inference",
  eager: "Eager training step",
  matmul: "Matrix product",
  jacobian: "Jacobian",
  optimizer: "Step of an optimizer alone",
  sparse: "Sparse layers",
  "gradient-free": "Without gradients",
  evolution: "Generation of OpenAI-ES, 256 candidates",
  rl: "Learning PPO on CartPole-v1",
  "time-to-accuracy": "From the start of the process to 98 % on MNIST",
  import: "Import",
};

const RATIOS = `Ratios are a peer's median over ${OURS}'s: above 1, ${OURS} is faster. p10 and p90 are the tenth and
ninetieth percentiles of the samples.`;

interface Group {
  readonly label: readonly string[];
  readonly ours: Row | null;
  readonly peers: ReadonlyMap<string, Row>;
}

/** Whether any row was measured beside noise. */
const isNoisy = (rows: readonly Row[]): boolean => rows.some(({ noise }) => noise !== "none");

const LABELS = ["workload", "optimizer", "B"];
const labels = (rows: readonly Row[]): string[] => (isNoisy(rows) ? [...LABELS, "beside"] : LABELS);
const labelOf = ({ workload, optimizer, batch, noise }: Row, withNoise: boolean): string[] => [
  workload,
  optimizer ?? "—",
  String(batch),
  ...(withNoise ? [noise] : []),
];

/** Groups the rows of the same work. */
function groupRows(rows: readonly Row[]): Group[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = [row.workload, row.optimizer ?? "", String(row.batch), row.noise].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const withNoise = isNoisy(rows);
  return [...groups.values()].map((group) => {
    return {
      label: labelOf(group[0] as Row, withNoise),
      ours: group.find(({ impl }) => impl === OURS) ?? null,
      peers: new Map(group.filter(({ impl }) => impl !== OURS).map((row) => [row.impl, row])),
    };
  });
}

/** The time of each peer divided by ours: above 1, ours is faster. */
export function ratioTable(rows: readonly Row[]): string {
  const groups = groupRows(rows);
  const peers = [...new Set(groups.flatMap((group) => [...group.peers.keys()]))];
  const head = [
    ...labels(rows),
    `${OURS} µs`,
    "of peak",
    ...(peers.length > 0 ? ["best peer"] : []),
    ...peers,
  ];
  const body = groups.map(({ label, ours, peers: measured }) => {
    const cell = (row: Row | undefined) =>
      row === undefined || ours === null ? "—" : ratio(row.medianMicros / ours.medianMicros);
    const best = [...measured.values()].sort((a, b) => a.medianMicros - b.medianMicros)[0];
    return [
      ...label,
      ours === null ? "—" : micros(ours.medianMicros),
      share(ours?.shareOfPeak ?? null),
      ...(peers.length > 0 ? [cell(best)] : []),
      ...peers.map((peer) => cell(measured.get(peer))),
    ];
  });
  return table(head, body);
}

const workOf = ({ workload, optimizer, batch, impl }: Row): string =>
  [workload, optimizer, batch, impl].join(" ");

/** How many times the quiet time a row takes. */
const slowdown = (row: Row, quiet: Row | undefined): string =>
  quiet === undefined ? "—" : ratio(row.medianMicros / quiet.medianMicros);

/** All rows with their percentiles. */
export function timeTable(rows: readonly Row[]): string {
  const withNoise = isNoisy(rows);
  const times = ["by", "median µs", "p10", "p90", ...(withNoise ? ["of quiet"] : [])];
  const head = [...labels(rows), ...times, "GFLOP/s", "of peak", "MiB"];
  const quiet = new Map(rows.filter(({ noise }) => noise === "none").map((row) => [workOf(row), row]));
  const body = rows.map((row) => [
    ...labelOf(row, withNoise),
    row.impl,
    micros(row.medianMicros),
    micros(row.p10Micros),
    micros(row.p90Micros),
    ...(withNoise ? [slowdown(row, quiet.get(workOf(row)))] : []),
    row.gflops === null ? "—" : figure(row.gflops, 1),
    share(row.shareOfPeak),
    megabytes(row.peakBytes),
  ]);
  return table(head, body);
}

function peakLine({ peak, threads }: Results): string {
  if ("missing" in peak) return peak.missing;
  const all = threads === 1 ? "" : `, ${figure(peak.all, 1)} with ${threads}`;
  return `${figure(peak.one, 1)} GFLOP/s in float32 with 1 thread${all}`;
}

/** Tables by mode, and a list of what was left out. */
export function summary(results: Results): string {
  const parts = MODES.flatMap((mode) => {
    const rows = results.rows.filter((row) => row.mode === mode);
    if (rows.length === 0) return [];
    return [`## ${TITLES[mode]}`, ...tablesOf(mode, rows, results)];
  });
  const reports = searchReports(results.searches);
  if (reports.size > 0) parts.push("## Searches without gradients", SEARCH_LEGEND);
  for (const [d, report] of reports) parts.push(`### d = ${d}`, ...report);
  const skipped = skippedLines(results.skipped);
  if (skipped.length > 0) parts.push("## Skipped", skipped.join("\n"));
  return parts.join("\n\n");
}

/** Modes whose rows are kept in a file of their own, and what it says of them. */
const APART: Readonly<Partial<Record<Mode, (rows: readonly Row[], results: Results) => string[]>>> = {
  rl: (rows, { learned }) => {
    const notes = noteLines(learned);
    return [LEARNING_LEGEND, learningTable(rows, learned), ...(notes.length === 0 ? [] : [notes.join("\n")])];
  },
  import: (rows) => [IMPORT_LEGEND, importTable(rows)],
  sparse: (rows) => [SPARSE_LEGEND, sparseTable(rows), timeTable(rows)],
  evolution: (rows) => [RATIOS, ratioTable(rows), timeTable(rows)],
};

const tablesOf = (mode: Mode, rows: readonly Row[], results: Results): string[] =>
  APART[mode]?.(rows, results) ?? [ratioTable(rows), timeTable(rows)];

/**
 * The texts of the files that are kept, by name: those that have something to say.
 * @param read The text of such a file as it is; null if there is none.
 */
export function files(results: Results, read: (name: string) => string | null): Map<string, string> {
  if (isNoisy(results.rows)) return new Map([[KEPT.noise, markdown({ ...results, searches: [] })]]);
  const timedIn = (wanted: Mode) => results.rows.filter(({ mode }) => mode === wanted);
  const texts = new Map<string, string>();
  const rows = results.rows.filter(({ mode }) => mode !== "gradient-free" && APART[mode] === undefined);
  if (rows.length > 0) texts.set(KEPT.all, markdown({ ...results, rows, searches: [] }));
  for (const mode of ["rl", "import", "sparse", "evolution"] as const) {
    const own = timedIn(mode);
    if (own.length > 0) texts.set(KEPT[mode], ownText(mode, own, results));
  }
  const parts = gradientFreeParts(results, timedIn("gradient-free"));
  if (parts.size > 0) texts.set(KEPT.gradientFree, merge(read(KEPT.gradientFree), parts));
  return texts;
}

/** The file of a mode that has one of its own. */
function ownText(mode: Mode, rows: readonly Row[], results: Results): string {
  const { imported, threads, args } = results;
  const parts = [
    `# ${TITLES[mode]}`,
    `Written by \`npm run bench -- --modes ${mode} --results\`. What is measured, and how, is told in [README.md](README.md).`,
    ...tablesOf(mode, rows, results),
    ...leftOut(results.skipped, mode),
    // An import is no work that a share of the peak says anything of.
    ...circumstances(
      rows,
      mode === "import"
        ? { implementations: imported, threads, args }
        : { ...results, peak: peakLine(results) },
    ),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** What this run has to say in the file of the mode `gradient-free`. */
function gradientFreeParts(results: Results, rows: readonly Row[]): Map<Part, string> {
  const parts = searchParts(results);
  const { implementations, args } = results;
  if (rows.length > 0) {
    const text = `Microseconds in \`ask\` and \`tell\` for an evaluation, on one thread.`;
    const end = circumstances(rows, { implementations, threads: 1, args });
    const tables = [ratioTable(rows), timeTable(rows), ...leftOut(results.skipped, "outside")];
    parts.set("outside", [text, ...tables, ...end].join("\n\n"));
  }
  return parts;
}

function markdown(results: Results): string {
  const { implementations, threads } = results;
  const peak = peakLine(results);
  return `# Results

Written by the benchmark. What is measured, and how, is told in [README.md](README.md). ${RATIOS}

${table(
  ["", ""],
  [...provenance({ implementations, threads, peak }), ...results.notes.map((note) => ["note", note])],
)}

To reproduce:

\`\`\`sh
npm ci && npm run bench:peers
${commandOf(results.args)}
\`\`\`

${summary(results)}
`;
}
