import type { Storage } from "./storage.js";

/** A run on the engine's own thread, which holds what it uses until it ends. */
export interface Run {
  /** For error messages: `"fit"`. */
  readonly name: string;
  /** Resolves when it has ended, well or not. */
  readonly ended: Promise<void>;
  /** What a tensor is called, where that is known. */
  nameOf(storage: Storage): string | undefined;
}

/** What a tensor is called in error messages: by its name, where the run knows it. */
export function describeStorage({ nameOf }: Pick<Run, "nameOf">, storage: Storage): string {
  return nameOf(storage) ?? `a tensor of ${storage.length} elements (${storage.dtype})`;
}

/** What a program uses besides its inputs, and what of it it writes. */
export interface Uses {
  readonly states: readonly Storage[];
  readonly written: ReadonlySet<Storage>;
}

/** Another run that is in the way of one that uses these; null where there is none. */
export function runInTheWay({ states, written }: Uses): Run | null {
  for (const state of states) {
    const run = state.runInTheWay(written.has(state));
    if (run !== null) return run;
  }
  return null;
}

/** How many runs hold something: mostly none, and nothing needs to be asked then. */
let holding = 0;

/** @throws BusyError where another run is in the way. */
export function checkFree({ states, written }: Uses): void {
  if (holding === 0) return;
  for (const state of states) state.checkFree(written.has(state));
}

/**
 * Holds what a run uses: readers may share it, a writer has it alone.
 * @returns what releases it, and gives those to which somebody wrote meanwhile though the run did.
 * @throws BusyError where another run is in the way; nothing is held then.
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

/** A promise with what resolves it. */
export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
