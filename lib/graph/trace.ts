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

let current: Recorded[] | null = null;

/** Where instructions are recorded while a function is traced; null while they run at once. */
export function currentTrace(): Recorded[] | null {
  return current;
}

/**
 * Runs `run` with every instruction recorded instead of run.
 * @returns what `run` gave, the instructions, and the trace's number.
 */
export function trace<T>(run: () => T): { result: T; recorded: Recorded[]; id: number } {
  if (current !== null)
    throw new TraceError("compile: a compiled function was called within another one's trace");
  const recorded: Recorded[] = [];
  current = recorded;
  tracing.current = ++tracing.last;
  const id = tracing.current;
  try {
    return { result: run(), recorded, id };
  } finally {
    current = null;
    tracing.current = 0;
    // Gradients stay inside the program.
    for (const { operands } of recorded) {
      for (const tensor of operands) if (tensor?.grad?.storage.isSymbolic === true) tensor.grad = null;
    }
  }
}
