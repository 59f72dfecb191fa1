import { TraceError } from "../errors.js";
import { tracing } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** One instruction as it was recorded: what it reads and writes, in the instruction's own order. */
export interface Recorded {
  readonly instruction: number;
  readonly params: readonly number[];
  readonly operands: readonly (Tensor | null)[];
  readonly written: readonly Tensor[];
}

/** A recorded instruction, with which recomputation it belongs to: 0 for none. */
export type RecordedWithin = Recorded & { readonly recomputation: number };

/** A setting that a trace took for granted: its program is for this value alone. */
export interface Assumption {
  readonly read: () => unknown;
  readonly value: unknown;
}

class Recording {
  readonly all: RecordedWithin[] = [];
  /** By whose setting it is; null where the traced function set it itself, before it was read. */
  readonly settings = new Map<object, Assumption | null>();
  recomputation = 0;
  #last = 0;

  push(instruction: Recorded): void {
    this.all.push({ ...instruction, recomputation: this.recomputation });
  }

  /** Keeps what `run` records apart from what was computed before. */
  again<T>(run: () => T): T {
    const outer = this.recomputation;
    this.recomputation = ++this.#last;
    try {
      return run();
    } finally {
      this.recomputation = outer;
    }
  }
}

let current: Recording | null = null;

/** Where instructions are recorded while a function is traced; null while they run at once. */
export function currentTrace(): Recording | null {
  return current;
}

/** Tells a trace that what it records depends on a setting, as a module's mode. */
export function assume(owner: object, read: () => unknown): void {
  if (current === null || current.settings.has(owner)) return;
  current.settings.set(owner, { read, value: read() });
}

/** Tells a trace that the traced function sets it, so that it does not matter what it was. */
export function overrule(owner: object): void {
  if (current !== null && !current.settings.has(owner)) current.settings.set(owner, null);
}

/** Has all that `run` computes computed in its place, though a program may have it from before. */
export function recompute<T>(run: () => T): T {
  return current === null ? run() : current.again(run);
}

/**
 * Runs `run` with every instruction recorded instead of run.
 * @returns what `run` gave, the instructions, the trace's number, and the settings it read.
 */
export function trace<T>(run: () => T): {
  result: T;
  recorded: readonly RecordedWithin[];
  id: number;
  assumptions: readonly Assumption[];
} {
  if (current !== null)
    throw new TraceError("compile: a compiled function was called within another one's trace");
  const recording = new Recording();
  const recorded = recording.all;
  current = recording;
  tracing.current = ++tracing.last;
  const id = tracing.current;
  try {
    const result = run();
    const assumptions = [...recording.settings.values()].filter((setting) => setting !== null);
    return { result, recorded, id, assumptions };
  } finally {
    current = null;
    tracing.current = 0;
    // Gradients stay inside the program.
    for (const { operands } of recorded) {
      for (const tensor of operands) if (tensor?.grad?.storage.isSymbolic === true) tensor.grad = null;
    }
  }
}
