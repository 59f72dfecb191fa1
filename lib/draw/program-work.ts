// Which thread does what when, from the schedule of a program and the estimated time of each piece of work.
import type { ProgramDescription } from "../explain/describe.js";
import { phasesOf } from "../explain/schedule.js";

export type Work = ProgramDescription["schedule"][number];

/** A piece of work on one thread, in nanoseconds from the beginning of the step. */
export interface Piece {
  readonly work: Work;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
}

export interface Timeline {
  readonly pieces: readonly Piece[];
  /** When each phase ends: then all threads have waited for each other. */
  readonly phases: readonly number[];
  readonly nanoseconds: number;
}

/** The times of a step, as the engine estimates them: threads that share work are equally fast, and waiting is free. */
export function timelineOf({ threads, schedule }: ProgramDescription): Timeline {
  const pieces: Piece[] = [];
  const phases: number[] = [];
  let begin = 0;
  for (const phase of phasesOf(schedule)) {
    const clocks = Array.from({ length: threads }, () => begin);
    for (const work of phase) {
      clocks.forEach((start, thread) => {
        const end = start + work.nanoseconds * shareOf(work, thread, threads);
        if (end === start) return;
        pieces.push({ work, thread, start, end });
        clocks[thread] = end;
      });
    }
    begin = Math.max(...clocks);
    phases.push(begin);
  }
  return { pieces, phases, nanoseconds: begin };
}

/** The part of the work that a thread does. */
function shareOf({ work, thread: doer, shares }: Work, thread: number, threads: number): number {
  if (work === "alone") return doer % threads === thread ? 1 : 0;
  const rows = shares.at(-1);
  if (work === "together" || rows === undefined || shares.length !== threads) return 1 / threads;
  return ((shares[thread] as number) - (shares[thread - 1] ?? 0)) / rows;
}
