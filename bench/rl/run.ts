// The mode `rl`: each implementation learns once from the beginning, which must succeed, then all are timed in turns.
import { rmSync } from "node:fs";
import { writeDataFile } from "../data-file.js";
import type { Implementation, Settings, Skip } from "../implementations.js";
import { type Pace, type Turn, takeTurns } from "../measure.js";
import { errorText, open } from "../process.js";
import type { Learned } from "../protocol.js";
import { type Row, toRow } from "../row.js";
import { type Extent, LEARNINGS, type Learning, type PpoSettings, stepFlops } from "./jobs.js";

const SEED = 1;

/** A whole run, as `--json` writes it. */
export interface LearnedRow extends Learned {
  readonly mode: "rl";
  readonly workload: string;
  readonly impl: string;
  readonly seed: number;
  /** What the implementation says of its work. */
  readonly note: string | null;
}

export interface Findings {
  readonly rows: readonly Row[];
  readonly learned: readonly LearnedRow[];
  readonly skipped: readonly Skip[];
}

const nameOf = ({ workload }: Learning) => `rl ${workload}`;

interface Circumstances {
  readonly settings: Settings;
  readonly pace: Pace;
  readonly extent: Extent;
  /** GFLOP/s of the machine, if known. */
  readonly peak: number | null;
  /** The path for the data file. */
  readonly file: string;
  readonly say: (line: string) => void;
}

export async function reinforcementLearning(
  implementations: readonly Implementation[],
  options: Circumstances & { matches: (job: string, impl: string) => boolean },
): Promise<Findings> {
  const parts: Findings[] = [];
  for (const learning of LEARNINGS) {
    const able = implementations.filter(
      ({ name, modes }) => modes.includes("rl") && options.matches(nameOf(learning), name),
    );
    if (able.length > 0) parts.push(await measureLearning(learning, able, options));
  }
  return {
    rows: parts.flatMap(({ rows }) => rows),
    learned: parts.flatMap(({ learned }) => learned),
    skipped: parts.flatMap(({ skipped }) => skipped),
  };
}

async function measureLearning(
  learning: Learning,
  able: readonly Implementation[],
  { settings: own, pace, extent, peak, file, say }: Circumstances,
): Promise<Findings> {
  const ppo: PpoSettings = { ...learning.settings, steps: extent.share * learning.settings.steps };
  const where = nameOf(learning);
  const { workload } = learning;
  rmSync(file, { force: true });
  writeDataFile(file, { kind: "ppo", ppo }, []);
  const request = {
    mode: "rl",
    workload,
    optimizer: null,
    threads: own.threads,
    file,
    chunk: ppo.chunk,
  } as const;
  const turns: Turn[] = [];
  const learned: LearnedRow[] = [];
  const skipped: Skip[] = [];
  const skip = (impl: string, reason: string) => skipped.push({ impl, where, reason });
  try {
    for (const impl of able) {
      const child = open(impl.command, own);
      try {
        await child.hello();
        const note = await child.prepare(request);
        const result = await child.learn({ seed: SEED });
        say(`${where} ${impl.name}: ${describe(result)}`);
        check(result, extent);
        learned.push({ mode: "rl", workload, impl: impl.name, seed: SEED, note, ...result });
        turns.push({ impl, child, samples: [], peakBytes: null, slow: false });
      } catch (error) {
        await child.close();
        skip(impl.name, errorText(error));
      }
    }
    const job = {
      mode: "rl",
      workload,
      optimizer: null,
      batch: ppo.environments * ppo.rollout,
      flops: stepFlops(ppo),
    } as const;
    const timed = await takeTurns(turns, job, pace, skip);
    return { rows: timed.map((turn) => toRow(job, own.threads, peak, turn)), learned, skipped };
  } finally {
    await Promise.all(turns.map(({ child }) => child.close()));
  }
}

function describe({ meanReturn, episodes, seconds }: Learned): string {
  return `mean return ${meanReturn?.toFixed(1) ?? "—"} after ${episodes} episodes, ${seconds.toFixed(1)} s`;
}

/** @throws Error unless it has learnt. */
function check({ meanReturn, steps }: Learned, { bar }: Extent): void {
  if (meanReturn !== null && meanReturn >= bar) return;
  const found = meanReturn?.toFixed(1) ?? "none";
  throw new Error(`failed verification: mean return ${found} instead of ${bar} or more after ${steps} steps`);
}
