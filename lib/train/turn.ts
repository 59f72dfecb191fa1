import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Executable } from "../compiler/executable.js";
import type { Specialization } from "../compiler/specialization.js";
import { runInTheWay, type Uses, withResolvers } from "../tensor/run.js";

const MILLISECONDS = 10;
let last = performance.now();

/** Lets the event loop run if it has not run for `MILLISECONDS`. This counts for all runs together. */
export async function giveWay(): Promise<void> {
  if (performance.now() - last < MILLISECONDS) return;
  await setImmediate();
  last = performance.now();
}

/** To be called after the event loop has run. */
export function gaveWay(): void {
  last = performance.now();
}

interface Turn {
  readonly executable: Executable;
  readonly ended: Promise<void>;
}

/** The runs that have their turn or wait for it, in the order in which they were requested. */
const turns = new Set<Turn>();

/** Whether two runs conflict: one writes what the other uses. */
function isInTheWay(a: Uses, b: Uses): boolean {
  if (a === b) return true;
  const shared = new Set(a.states);
  return b.states.some((state) => shared.has(state) && (a.written.has(state) || b.written.has(state)));
}

/** Whether a run of that program would have to wait. */
export function mustWait(executable: Executable): boolean {
  return (
    runInTheWay(executable) !== null || [...turns].some((turn) => isInTheWay(turn.executable, executable))
  );
}

/**
 * Runs `run` when no conflicting run is under way. Runs have their turns in the order in which they were requested, so
 * a prediction runs between two chunks of a training.
 * @param specialization gives the specialization for the model's current state, which an earlier run may have changed.
 */
export async function inTurn<T>(
  specialization: () => Specialization,
  run: (specialization: Specialization) => T | Promise<T>,
): Promise<T> {
  const { executable } = specialization();
  const { promise: ended, resolve: end } = withResolvers();
  const before = [...turns].filter((turn) => isInTheWay(turn.executable, executable));
  const turn = { executable, ended };
  turns.add(turn);
  try {
    for (const other of before) await other.ended;
    for (;;) {
      const now = specialization();
      const other = runInTheWay(now.executable);
      if (other === null) return await run(now);
      await other.ended;
    }
  } finally {
    turns.delete(turn);
    end();
  }
}
