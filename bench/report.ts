// The results as text, for the terminal and the files that are kept.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { SearchRow } from "./gradient-free/searches.js";
import { searchReport } from "./gradient-free/tables.js";
import { type Implementation, OURS, type Skip } from "./implementations.js";
import type { Peak } from "./peak.js";
import type { Row } from "./row.js";
import { table } from "./table.js";
import { MODES, type Mode } from "./workloads.js";

export interface Results {
  readonly rows: readonly Row[];
  /** Of the mode `gradient-free`. */
  readonly searches: readonly SearchRow[];
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
  "gradient-free": "Without gradients",
  evolution: "Generation of OpenAI-ES, 256 candidates",
  "time-to-accuracy": "From the start of the process to 98 % on MNIST",
};

const share = (value: number | null) => (value === null ? "—" : `${(100 * value).toFixed(1)} %`);
const ratio = (value: number) => `${value.toFixed(2)}×`;
const figure = (value: number, digits: number) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const micros = (value: number) => figure(value, value < 100 ? 1 : 0);
const megabytes = (bytes: number | null) => (bytes === null ? "—" : figure(bytes / 2 ** 20, 1));

interface Group {
  readonly label: readonly string[];
  readonly ours: Row | null;
  readonly peers: ReadonlyMap<string, Row>;
}

/** Groups the rows of the same work. */
function groupRows(rows: readonly Row[]): Group[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = [row.workload, row.optimizer ?? "", String(row.batch)].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const { workload, optimizer, batch } = group[0] as Row;
    return {
      label: [workload, optimizer ?? "—", String(batch)],
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
    "workload",
    "optimizer",
    "B",
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

/** All rows with their percentiles. */
export function timeTable(rows: readonly Row[]): string {
  const head = ["workload", "optimizer", "B", "by", "median µs", "p10", "p90", "GFLOP/s", "of peak", "MiB"];
  const body = rows.map((row) => [
    row.workload,
    row.optimizer ?? "—",
    String(row.batch),
    row.impl,
    micros(row.medianMicros),
    micros(row.p10Micros),
    micros(row.p90Micros),
    row.gflops === null ? "—" : figure(row.gflops, 1),
    share(row.shareOfPeak),
    megabytes(row.peakBytes),
  ]);
  return table(head, body);
}

function skippedLines(skipped: readonly Skip[]): string[] {
  const wheres = new Map<string, string[]>();
  for (const { impl, where, reason } of skipped) {
    const key = `${impl}: ${reason}`;
    wheres.set(key, [...(wheres.get(key) ?? []), ...(where === null ? [] : [where])]);
  }
  return [...wheres].map(([key, list]) => `- ${key}${list.length === 0 ? "" : ` (${list.join(", ")})`}`);
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
    return rows.length === 0 ? [] : [`## ${TITLES[mode]}`, ratioTable(rows), timeTable(rows)];
  });
  parts.push(...searchReport(results.searches));
  const skipped = skippedLines(results.skipped);
  if (skipped.length > 0) parts.push("## Skipped", skipped.join("\n"));
  return parts.join("\n\n");
}

const FLAGS = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve"];

function processor(): { name: string; flags: string } {
  const name = cpus()[0]?.model ?? "unknown";
  try {
    const words = new Set(
      /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "),
    );
    return { name, flags: FLAGS.filter((flag) => words.has(flag)).join(", ") };
  } catch {
    return { name, flags: "" };
  }
}

/** The files that `--results` writes. */
const KEPT = { all: "RESULTS.md", gradientFree: "GRADIENT-FREE.md" };

function commit(): string {
  try {
    const except = Object.values(KEPT).map((name) => `:!${name}`);
    const git = (...args: string[]) =>
      execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ...except, ":/") !== "";
    return git("rev-parse", "HEAD") + (changed ? ", with changes" : "");
  } catch {
    return "unknown";
  }
}

/** A path becomes its file name, since the folder is specific to this machine. */
const withoutFolder = (word: string) => word.replace(/(^|=)\/.*\//, "$1");

const quote = (word: string) => (/^[\w./,=-]+$/.test(word) ? word : `"${word}"`);

/** The texts of the files that are kept, by name: those that have something to say. */
export function files(results: Results): Map<string, string> {
  const isOfSearches = ({ mode }: Row) => mode === "gradient-free";
  const parts = {
    [KEPT.all]: { ...results, rows: results.rows.filter((row) => !isOfSearches(row)), searches: [] },
    [KEPT.gradientFree]: { ...results, rows: results.rows.filter(isOfSearches) },
  };
  const found = Object.entries(parts).filter(([, part]) => part.rows.length > 0 || part.searches.length > 0);
  return new Map(found.map(([name, part]) => [name, markdown(part)]));
}

function markdown(results: Results): string {
  const { name, flags } = processor();
  const args = results.args.length > 0 ? ` -- ${results.args.map(withoutFolder).map(quote).join(" ")}` : "";
  const versions = results.implementations.map((impl) => [impl.name, impl.version]);
  return `# Results

Written by the benchmark. What is measured, and how, is told in [README.md](README.md). Ratios are a
peer's median over ${OURS}'s: above 1, ${OURS} is faster. p10 and p90 are the tenth and ninetieth
percentiles of the samples.

${table(
  ["", ""],
  [
    ["processor", `${name}, ${cpus().length} cores (${flags})`],
    ["peak", peakLine(results)],
    ["threads", String(results.threads)],
    ["Node", process.version],
    ["commit", commit()],
    ...versions,
    ...results.notes.map((note) => ["note", note]),
  ],
)}

To reproduce:

\`\`\`sh
npm ci && npm run bench:peers
npm run bench${args}
\`\`\`

${summary(results)}
`;
}
