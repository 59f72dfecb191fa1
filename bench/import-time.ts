// What importing a package costs: fresh processes in turns that import it and end, beside some that import nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { OURS, type Settings, type Skip } from "./implementations.js";
import type { Outcome } from "./measure.js";
import { errorText, lastError } from "./process.js";
import { type Row, toRow } from "./row.js";
import { summarize } from "./statistics.js";
import { figure, megabytes, ratio, table } from "./table.js";
import type { Mode } from "./workloads.js";

export const MODE = "import" satisfies Mode;

/** The process that imports nothing: all others are compared with it. */
const NOTHING = "nothing";

interface Imported {
  readonly name: string;
  readonly version: string;
}

/** A package by its name here, and the folder from which it is found. */
interface Candidate {
  readonly name: string;
  readonly module: string | null;
  readonly folder: string;
}

const root = join(import.meta.dirname, "..");
const peers = join(import.meta.dirname, "peers");
const CANDIDATES: readonly Candidate[] = [
  { name: NOTHING, module: null, folder: root },
  { name: OURS, module: "thalweg", folder: root },
  { name: "fastify", module: "fastify", folder: peers },
  { name: "tfjs-cpu", module: "@tensorflow/tfjs", folder: peers },
  { name: "jax-js", module: "@jax-js/jax", folder: peers },
];

/** Peers of this mode alone. */
export const IMPORT_PEERS: readonly string[] = ["fastify"];

export const LEGEND = `From the start of a process that imports the package, and nothing else, to its end. "import ms" and "MiB" are what it
takes more than a process that imports nothing, by their medians; × compares the former with ${OURS}'s.`;

/** How a process imports a module, by the workload's name. */
const WAYS = {
  import: (module: string) => `import ${JSON.stringify(module)};`,
  require: (module: string) => `require(${JSON.stringify(module)});`,
} as const;
type Way = keyof typeof WAYS;

const INPUT: Readonly<Record<Way, string>> = { import: "module", require: "commonjs" };

/** Prints the most memory that was resident, in KiB. */
const REPORT = "console.log(process.resourceUsage().maxRSS);";

interface Sample {
  readonly micros: number;
  readonly peakBytes: number | null;
}

/** Starts a process that imports a module, and waits for its end. */
async function importOnce(
  { module, folder }: Candidate,
  way: Way,
  { prefix, env }: Settings,
): Promise<Sample> {
  const code = `${module === null ? "" : WAYS[way](module)}\n${REPORT}`;
  const words = [...prefix, process.execPath, `--input-type=${INPUT[way]}`, "--eval", code];
  const [program, ...args] = words as [string, ...string[]];
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = once(child, "close");
  const [status] = (await once(child, "exit")) as [number | null];
  const micros = 1000 * (performance.now() - started);
  await closed;
  if (status !== 0) throw new Error(lastError(stderr) || `it ended with ${status}`);
  const kibibytes = Number(stdout.trim().split("\n").at(-1));
  return { micros, peakBytes: process.platform === "linux" ? 1024 * kibibytes : null };
}

function versionOf({ module, folder }: Candidate): string {
  if (module === null) return process.version;
  const path =
    module === OURS ? join(folder, "package.json") : join(folder, "node_modules", module, "package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

export interface ImportOutcome extends Outcome {
  /** What was imported. */
  readonly imported: readonly Imported[];
}

/** @param matches whether a way and a name take part. */
export async function importTime(options: {
  readonly peers: readonly string[];
  readonly matches: (job: string, impl: string) => boolean;
  readonly settings: Settings;
  readonly rounds: number;
}): Promise<ImportOutcome> {
  const { settings, rounds } = options;
  const skipped: Skip[] = [];
  const rows: Row[] = [];
  const imported = new Map<string, Imported>();
  for (const way of Object.keys(WAYS) as Way[]) {
    const takesPart = ({ name }: Candidate) =>
      options.matches(`${MODE} ${way}`, name) && (name === OURS || options.peers.includes(name));
    const chosen = CANDIDATES.filter(takesPart);
    if (chosen.length === 0) continue;
    const entries = new Map<Candidate, { impl: { name: string }; samples: number[]; peaks: number[] }>();
    for (const candidate of [...CANDIDATES.filter(({ name }) => name === NOTHING), ...chosen]) {
      try {
        // The files are in the system's cache from then on.
        await importOnce(candidate, way, settings);
        const { name } = candidate;
        entries.set(candidate, { impl: { name }, samples: [], peaks: [] });
        if (name !== NOTHING) imported.set(name, { name, version: versionOf(candidate) });
      } catch (error) {
        skipped.push({ impl: candidate.name, where: `${MODE} ${way}`, reason: explain(errorText(error)) });
      }
    }
    for (let round = 0; round < rounds; round++) {
      const turns = [...entries];
      const first = round % turns.length;
      for (const [candidate, { samples, peaks }] of [...turns.slice(first), ...turns.slice(0, first)]) {
        await sleep(50);
        const { micros, peakBytes } = await importOnce(candidate, way, settings);
        samples.push(micros);
        if (peakBytes !== null) peaks.push(peakBytes);
      }
    }
    const job = { workload: way, optimizer: null, mode: MODE, batch: 1, flops: null } as const;
    for (const { peaks, ...entry } of entries.values()) {
      const peakBytes = peaks.length === 0 ? null : summarize(peaks).median;
      rows.push(toRow(job, 1, null, { ...entry, peakBytes }));
    }
  }
  return { rows, skipped, notes: [], imported: [...imported.values()] };
}

const explain = (reason: string): string =>
  /Cannot find (?:package|module)/.test(reason) ? "not installed: npm run bench:peers installs it" : reason;

/** What each import takes more than none. */
export function importTable(rows: readonly Row[]): string {
  const head = ["by", "package", "process ms", "p10", "p90", "import ms", "×", "MiB"];
  const millis = (micros: number) => figure(micros / 1000, 1);
  const body = rows.map((row) => {
    const same = rows.filter(({ workload }) => workload === row.workload);
    const more = (key: "medianMicros" | "peakBytes", impl: string): number | null => {
      const own = same.find((other) => other.impl === impl)?.[key] ?? null;
      const base = same.find((other) => other.impl === NOTHING)?.[key] ?? null;
      return own === null || base === null ? null : own - base;
    };
    const time = row.impl === NOTHING ? null : more("medianMicros", row.impl);
    const ours = more("medianMicros", OURS);
    return [
      row.workload,
      row.impl,
      millis(row.medianMicros),
      millis(row.p10Micros),
      millis(row.p90Micros),
      time === null ? "—" : millis(time),
      time === null || ours === null ? "—" : ratio(time / ours),
      row.impl === NOTHING ? "—" : megabytes(more("peakBytes", row.impl)),
    ];
  });
  return table(head, body);
}
