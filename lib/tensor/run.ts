import type { Storage } from "./storage.js";

/** A run on the engine's own thread. It claims the tensors that it uses until it ends. */
export interface Run {
  /** For error messages: `"fit"`. */
  readonly name: string;
  /** Resolves when the run has ended, with success or failure. */
  readonly ended: Promise<void>;
  /** The name of a tensor; undefined if the run does not know it. */
  nameOf(storage: Storage): string | undefined;
}

/** A tensor for error messages: its name if the run knows it, else its size and dtype. */
export function describeStorage({ nameOf }: Pick<Run, "nameOf">, storage: Storage): string {
  return nameOf(storage) ?? `a tensor of ${storage.length} elements (${storage.dtype})`;
}

/** The storages that a program uses besides its inputs, and those of them that it writes. */
export interface Uses {
  readonly states: readonly Storage[];
  readonly written: ReadonlySet<Storage>;
}

/** A run that conflicts with these uses; null if there is none. */
export function runInTheWay({ states, written }: Uses): Run | null {
  for (const state of states) {
    const run = state.runInTheWay(written.has(state));
    if (run !== null) return run;
  }
  return null;
}

/** Number of runs with claims. It is mostly 0, and then no storage needs a check. */
let holding = 0;

/** @throws BusyError if another run conflicts. */
export function checkFree({ states, written }: Uses): void {
  if (holding === 0) return;
  for (const state of states) state.checkFree(written.has(state));
}

/**
 * Claims what a run uses. Readers may share a storage; a writer has it alone.
 * @returns a function that releases the claims. It returns the storages that code outside the library wrote to while
 *   the run wrote them too.
 * @throws BusyError if another run conflicts; then nothing is claimed.
 */
export function claim(run: Run, uses: Uses): () => Storage[] {
  checkFree(uses);
  for (const state of uses.states) state.claim(run, uses.written.has(state));
  holding++;
  return () => {
    holding--;
    return uses.states.filter((state) => state.release(run));
  };
}

/** A promise and the function that resolves it. */
export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
