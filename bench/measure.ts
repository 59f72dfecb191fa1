// Runs one job: verifies every implementation, then times them in turns.
import { setTimeout as sleep } from "node:timers/promises";
import { writeJobFile } from "./data-file.js";
import { type Implementation, REFERENCE_COMMAND, type Settings, type Skip } from "./implementations.js";
import type { Neighbour, Noise } from "./noise.js";
import { errorText, type ImplementationProcess, open } from "./process.js";
import { type Row, toRow } from "./row.js";
import { type Job, OPTIMIZERS } from "./workloads.js";

export interface Pace {
  /** Number of turns of each implementation. */
  readonly rounds: number;
  readonly sliceMillis: number;
  /** Pause before each slice, until the previous implementation's threads stop. OpenMP's may spin for 200 ms. */
  readonly pauseMillis: number;
}

export const FULL: Pace = { rounds: 7, sliceMillis: 400, pauseMillis: 300 };
export const QUICK: Pace = { rounds: 2, sliceMillis: 40, pauseMillis: 250 };

/** The same mini-batch several times, which shows errors of an optimizer best, then another. */
export const VERIFY_BATCHES: readonly number[] = [0, 0, 0, 1];
const TOLERANCE = 1e-5;
// Adam divides by the size of the gradient. Rounding of a gradient near 0 changes its weight by a whole step.
const ADAM_TOLERANCE = 1e-4;
// An implementation that takes this many times its slice is timed in SLOW_ROUNDS rounds only.
const SLOW = 10;
const SLOW_ROUNDS = 3;

export interface Outcome {
  readonly rows: readonly Row[];
  readonly skipped: readonly Skip[];
  /** Notes of the implementations about their work. */
  readonly notes: readonly string[];
}

/** With what is measured. */
export interface Conditions {
  /** The path for the data file. */
  readonly file: string;
  readonly settings: Settings;
  readonly pace: Pace;
  /** GFLOP/s of the machine, if known. */
  readonly peak: number | null;
  /** What each is measured beside, in its turn. */
  readonly noises: readonly Noise[];
  readonly neighbour: Neighbour | null;
}

interface Turn {
  readonly impl: Implementation;
  readonly child: ImplementationProcess;
  readonly samples: ReadonlyMap<Noise, number[]>;
  peakBytes: number | null;
  slow: boolean;
}

export function jobName({ mode, workload, optimizer, batch }: Job): string {
  return [
    mode,
    workload,
    ...(optimizer === null ? [] : [optimizer]),
    ...(mode === "infer" || mode === "sparse" ? [`B=${batch}`] : []),
  ].join(" ");
}

/**
 * Compares values with the float64 reference: |x − r| ≤ 10⁻⁵·|r| + 10⁻⁵·max|r|. The tolerance is 10⁻⁴ with Adam and in
 * the mode `optimizer`.
 * @returns the difference; null if they agree.
 */
export function compare(
  values: readonly (number | null)[],
  reference: readonly number[],
  { optimizer, mode }: Pick<Job, "optimizer" | "mode">,
): string | null {
  const tolerance = optimizer === "adam" || mode === "optimizer" ? ADAM_TOLERANCE : TOLERANCE;
  if (values.length !== reference.length) return `${values.length} values instead of ${reference.length}`;
  const scale = reference.reduce((max, r) => Math.max(max, Math.abs(r)), 0);
  for (const [i, r] of reference.entries()) {
    const x = values[i] ?? Number.NaN;
    if (!(Math.abs(x - r) <= tolerance * (Math.abs(r) + scale))) return `value ${i} is ${x} instead of ${r}`;
  }
  return null;
}

/** The values of a correct implementation. */
export async function referenceValues(
  job: Job,
  file: string,
  settings: Settings,
): Promise<readonly number[]> {
  const child = open(REFERENCE_COMMAND, settings);
  try {
    await child.hello();
    await child.prepare(request(job, file, settings));
    return await child.verify({ batches: VERIFY_BATCHES });
  } finally {
    await child.close();
  }
}

function request(
  { mode, workload, optimizer, chunk }: Omit<Job, "content">,
  file: string,
  { threads }: Settings,
) {
  return { mode, workload, optimizer, threads, file, chunk };
}

/** Verifies and times implementations. Those that fail are reported and not timed. */
export async function measure(
  job: Job,
  implementations: readonly Implementation[],
  conditions: Conditions,
): Promise<Outcome> {
  const { file, settings } = conditions;
  const where = jobName(job);
  const skipped: Skip[] = [];
  const able = implementations.filter((impl) => {
    if (!impl.modes.includes(job.mode)) return false;
    if ((job.flops ?? 0) <= impl.maxFlops) return true;
    skipped.push({ impl: impl.name, where, reason: "too slow for work of this size" });
    return false;
  });
  if (able.length === 0) return { rows: [], skipped, notes: [] };
  writeJobFile(file, job);
  let reference: readonly number[];
  try {
    reference = await referenceValues(job, file, settings);
  } catch (error) {
    skipped.push({ impl: "all", where, reason: `no reference: ${errorText(error)}` });
    return { rows: [], skipped, notes: [] };
  }
  const notes: string[] = [];
  const measured = await measureEach(job, where, able, conditions, async ({ name }, child, note) => {
    if (note !== null) notes.push(`${name}: ${note}`);
    const wrong = compare(await child.verify({ batches: VERIFY_BATCHES }), reference, job);
    if (wrong !== null) throw new Error(`failed verification: ${wrong}`);
  });
  return { rows: measured.rows, skipped: [...skipped, ...measured.skipped], notes };
}

/**
 * Times the implementations that can be verified. The others are reported.
 * @param verify Rejects if an implementation is wrong. It gets its process, which is prepared, and its note.
 */
export async function measureEach(
  job: Omit<Job, "content">,
  where: string,
  able: readonly Implementation[],
  conditions: Conditions,
  verify: (impl: Implementation, child: ImplementationProcess, note: string | null) => Promise<void>,
): Promise<Pick<Outcome, "rows" | "skipped">> {
  const { file, settings, noises, peak } = conditions;
  const turns: Turn[] = [];
  const skipped: Skip[] = [];
  const skip = (impl: string, reason: string) => skipped.push({ impl, where, reason });
  try {
    for (const impl of able) {
      const child = open(impl.command, settings);
      try {
        await child.hello();
        await verify(impl, child, await child.prepare(request(job, file, settings)));
        const samples = new Map(noises.map((noise) => [noise, []]));
        turns.push({ impl, child, samples, peakBytes: null, slow: false });
      } catch (error) {
        await child.close();
        skip(impl.name, errorText(error));
      }
    }
    const timed = await takeTurns(turns, job, conditions, skip);
    const rows = noises.flatMap((noise) =>
      timed.map(({ impl, samples, peakBytes }) => {
        const own = { impl, samples: samples.get(noise) as number[], peakBytes, noise };
        return toRow(job, settings.threads, peak, own);
      }),
    );
    return { rows, skipped };
  } finally {
    await Promise.all(turns.map(({ child }) => child.close()));
  }
}

/** Times all in rounds. Each round begins with another implementation. @returns those that did not fail. */
async function takeTurns(
  turns: readonly Turn[],
  job: Pick<Job, "optimizer">,
  { pace: { rounds, sliceMillis, pauseMillis }, noises, neighbour, settings }: Conditions,
  fail: (impl: string, reason: string) => void,
): Promise<Turn[]> {
  let left = [...turns];
  for (let round = 0; round < rounds; round++) {
    const first = round % Math.max(1, left.length);
    for (const turn of [...left.slice(first), ...left.slice(0, first)]) {
      if (turn.slow && round >= SLOW_ROUNDS) continue;
      const time = () => turn.child.time({ minMillis: sliceMillis });
      let started = 0;
      try {
        for (const noise of noises) {
          await sleep(pauseMillis);
          started = performance.now();
          const timing = neighbour === null ? time() : neighbour.beside(noise, round, settings.prefix, time);
          const { samples, loss, peakBytes } = await timing;
          const trains = job.optimizer !== null && job.optimizer in OPTIMIZERS;
          if (trains && !Number.isFinite(loss ?? Number.NaN))
            throw new Error("its loss is not a number any more");
          turn.samples.get(noise)?.push(...samples);
          turn.peakBytes = peakBytes;
        }
      } catch (error) {
        fail(turn.impl.name, errorText(error));
        left = left.filter((other) => other !== turn);
      }
      turn.slow ||= performance.now() - started > SLOW * sliceMillis;
    }
  }
  return left;
}
