// The implementation's side of the protocol, for implementations in JavaScript. peers/serve.py is the one in Python.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import type {
  Hello,
  Learned,
  Outside,
  Prepare,
  Request,
  Search,
  Searched,
  Timing,
  Values,
} from "./protocol.js";

/** A workload that is ready to run. */
export interface Session {
  /** Runs this number of steps, and returns when they are done. */
  run(steps: number): void | Promise<void>;
  /** See `Verify`; called before anything is timed. */
  verify?(batches: readonly number[]): readonly number[] | Promise<readonly number[]>;
  /**
   * Learns from the beginning, in the place of `verify`.
   * @param begun To be called once, after the first `chunk` updates.
   */
  learn?(seed: number, begun: () => void): Promise<Run>;
  /** The loss of the last step. */
  loss?(): number;
  /** A note for the report. */
  readonly note?: string;
  /** The only number of steps that `run` can be called with; without it, any. */
  readonly fixedSteps?: number;
}

/** What was learnt from. */
export interface Run {
  readonly steps: number;
  /** Of the episodes that have ended, in their order. */
  readonly returns: readonly number[];
}

export interface Implementation extends Hello {
  prepare(request: Prepare): Session | Promise<Session>;
  /** Searches the instances one after the other. */
  search?(request: Search): readonly Searched[] | Promise<readonly Searched[]>;
  /** Microseconds per evaluation, by sample. */
  timeOutside?(request: Outside): readonly number[];
}

const SAMPLE_MILLIS = 2;
/** Episodes whose returns are averaged. */
const LAST = 100;

/** Answers requests until the input ends. */
export async function serve({ prepare, search, timeOutside, ...hello }: Implementation): Promise<void> {
  const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  let session: Session | null = null;
  let chunk = 1;
  let baseline: number | null = null;
  say(hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      if (request.do === "quit") break;
      if (request.do === "prepare") {
        baseline = residentBytes("VmRSS");
        chunk = request.chunk;
        session = await prepare(request);
        say({ ok: true, note: session.note });
      } else if (request.do === "search") say({ ok: true, runs: await search?.(request) });
      else if (request.do === "outside") say({ ok: true, samples: timeOutside?.(request) });
      else if (session === null) throw new Error("nothing is prepared");
      else if (request.do === "verify") {
        const values = (await session.verify?.(request.batches)) ?? [];
        say({ ok: true, ...({ values } satisfies Values) });
        await settle(session);
      } else if (request.do === "learn") {
        say({ ok: true, ...(await learn(session, request.seed)) });
        await settle(session);
      } else say({ ok: true, ...(await time(session, chunk, request.minMillis, baseline)) });
    } catch (error) {
      say({ ok: false, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** One run, so that everything made on first use exists. */
async function settle(session: Session): Promise<void> {
  await session.run(session.fixedSteps ?? 1);
  await collectGarbage();
  forgetPeak();
}

async function learn(session: Session, seed: number): Promise<Learned> {
  if (session.learn === undefined) throw new Error("nothing can be learnt");
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let firstSeconds = Number.NaN;
  const { steps, returns } = await session.learn(seed, () => {
    firstSeconds = seconds();
  });
  const last = returns.slice(-LAST);
  return {
    steps,
    episodes: returns.length,
    meanReturn: last.length === 0 ? null : last.reduce((sum, one) => sum + one, 0) / last.length,
    seconds: seconds(),
    firstSeconds,
  };
}

async function time(
  session: Session,
  chunk: number,
  minMillis: number,
  baseline: number | null,
): Promise<Timing> {
  const started = performance.now();
  const take = async (steps: number) => {
    const before = performance.now();
    await session.run(steps);
    return performance.now() - before;
  };
  // Warms up caches and clock frequency with a sample that does not count. Doubles it until the clock can measure it.
  let steps = session.fixedSteps ?? 1;
  while ((await take(steps)) < SAMPLE_MILLIS && session.fixedSteps === undefined && steps < chunk) steps *= 2;
  const samples: number[] = [];
  do samples.push((1000 * (await take(steps))) / steps);
  while (performance.now() - started < minMillis);
  const peak = residentBytes("VmHWM");
  return {
    samples,
    loss: session.loss?.() ?? null,
    peakBytes: peak === null || baseline === null ? null : Math.max(0, peak - baseline),
  };
}

/** Every ⌊size / 256⌋-th value of an output. */
export function pick(output: ArrayLike<number>): number[] {
  const stride = Math.max(1, Math.floor(output.length / 256));
  return Array.from({ length: Math.ceil(output.length / stride) }, (_, i) => output[i * stride] as number);
}

/** This process's resident memory now (VmRSS) or its peak (VmHWM); null if there is no /proc. */
export function residentBytes(field: "VmRSS" | "VmHWM"): number | null {
  try {
    const match = new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
    return match === null ? null : 1024 * Number(match[1]);
  } catch {
    return null;
  }
}

// Memory for reading the file is not memory of the steps. Writing 5 makes Linux reset the peak.
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Not possible: the peak includes the preparation.
  }
}

async function collectGarbage(): Promise<void> {
  // Weakly held objects are collected only between two tasks of the event loop.
  await setImmediate();
  (globalThis as { gc?: () => void }).gc?.();
}
