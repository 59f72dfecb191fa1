import type { Executable } from "../compiler/executable.js";

/** What a step of each program took when it last ran, in milliseconds. */
const measured = new WeakMap<Executable, number>();
// The estimate is for a machine that does nothing else.
const CAUTION = 2;

/** What a step of the program takes, in milliseconds: as measured, or before its first run about. */
export function paceOf(executable: Executable): number {
  return measured.get(executable) ?? CAUTION * executable.estimate;
}

/** Whether a step was measured. */
export function isMeasured(executable: Executable): boolean {
  return measured.has(executable);
}

export function setPace(executable: Executable, milliseconds: number): void {
  measured.set(executable, milliseconds);
}
