// The mode `rl`: each implementation learns once from the beginning, which must succeed, then all are timed in turns.
import { rmSync } from "node:fs";
import { writeDataFile } from "../data-file.js";
import type { Implementation, Skip } from "../implementations.js";
import { type Conditions, measureEach } from "../measure.js";
import type { Learned } from "../protocol.js";
import type { Row } from "../row.js";
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

interface LearningConditions extends Conditions {
  readonly extent: Extent;
  readonly say: (line: string) => void;
}

export async function reinforcementLearning(
  implementations: readonly Implementation[],
  options: LearningConditions & { matches: (job: string, impl: string) => boolean },
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
  conditions: LearningConditions,
): Promise<Findings> {
  const { extent, file, say } = conditions;
  const ppo: PpoSettings = { ...learning.settings, steps: extent.share * learning.settings.steps };
  const where = nameOf(learning);
  const { workload } = learning;
  rmSync(file, { force: true });
  writeDataFile(file, { kind: "ppo", ppo }, []);
  const job = {
    mode: "rl",
    workload,
    optimizer: null,
    batch: ppo.environments * ppo.rollout,
    chunk: ppo.chunk,
    flops: stepFlops(ppo),
  } as const;
  const learned: LearnedRow[] = [];
  const measured = await measureEach(job, where, able, conditions, async ({ name }, child, note) => {
    const result = await child.learn({ seed: SEED });
    say(`${where} ${name}: ${describe(result)}`);
    check(result, extent);
    learned.push({ mode: "rl", workload, impl: name, seed: SEED, note, ...result });
  });
  return { ...measured, learned };
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
