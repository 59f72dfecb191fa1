import type { DescribedWork, ProgramDescription } from "./describe.js";

/** The work of each thread in a step, phase by phase, as lines. */
export function describeSchedule({ batch, threads, schedule, instructions }: ProgramDescription): string[] {
  if (schedule.length === 0) return [];
  const where = batch === 0 ? "in a run" : `in a loop of ${batch} sample${batch === 1 ? "" : "s"} a step`;
  const updated = (number: number): string => instructions[number]?.writes[0] as string;
  return [
    ...describePhases(where, threads, schedule),
    ...schedule.flatMap((one) => describeAhead(one, updated)),
  ];
}

/** The work of a step in phases: after each of them the threads wait for each other. */
export function phasesOf(schedule: readonly DescribedWork[]): DescribedWork[][] {
  return splitAfter(schedule, ({ endsPhase }) => endsPhase);
}

function describePhases(where: string, threads: number, entries: readonly DescribedWork[]): string[] {
  if (threads === 1) return [`${where}, on one thread: ${numbers(entries)}`];
  const phases = phasesOf(entries);
  return [
    `${where}, on ${threads} threads that wait for each other after each phase:`,
    ...phases.map((phase, p) => `${String(p + 1).padStart(4)}  ${describePhase(phase)}`),
  ];
}

function describePhase(phase: readonly DescribedWork[]): string {
  const groups = splitAfter(phase, (one, next) => doer(one) !== doer(next));
  return groups.map((group) => `${doer(group[0] as DescribedWork)} ${numbers(group)}`).join("; ");
}

function doer({ work, thread, shares }: DescribedWork): string {
  if (work === "alone") return `thread ${thread}:`;
  if (work === "together") return "all threads:";
  return shares.length === 0 ? "each its rows:" : `each its rows (to ${shares.join(", ")}):`;
}

/** The instructions of entries by number. 3, 4, 5 become 3–5. */
function numbers(entries: readonly DescribedWork[]): string {
  const runs = splitAfter(
    entries,
    (one, next) =>
      next.what !== "instruction" || one.what !== "instruction" || next.number !== one.number + 1,
  );
  return runs
    .map((run) => {
      const [first, last] = [run[0] as DescribedWork, run.at(-1) as DescribedWork];
      if (first.what === "gather") return `gather x${first.number}`;
      if (first.what === "note") return "note what it gives";
      return first === last ? String(first.number) : `${first.number}–${last.number}`;
    })
    .join(", ");
}

function describeAhead({ number, forms }: DescribedWork, updated: (instruction: number) => string): string[] {
  if (forms < 0) return [];
  return [
    `      instruction ${number} does instruction ${forms} of the next step in the same pass over ${updated(number)}`,
  ];
}

/** Splits a list after each element for which `ends(element, next)` is true. */
function splitAfter<T>(list: readonly T[], ends: (one: T, next: T) => boolean): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  list.forEach((one, i) => {
    part.push(one);
    if (i < list.length - 1 && !ends(one, list[i + 1] as T)) return;
    parts.push(part);
    part = [];
  });
  return parts;
}
