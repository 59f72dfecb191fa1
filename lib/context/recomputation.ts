import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { context, within } from "./context.js";

/** One run of a function that is computed again when its gradient is asked for. */
export interface Frame {
  readonly outer: Frame | null;
  readonly isAgain: boolean;
  /** The states that its draws begin from. */
  readonly states: Tensor[];
  /** How many of them were drawn from again. */
  next: number;
}

/**
 * A function that is computed twice: its random draws are the same both times, and what it writes to state,
 * such as running statistics, it writes the first time only.
 */
export class Recomputation {
  #states: Tensor[] = [];

  first<T>(run: () => T): T {
    this.#states = [];
    return within("recomputation", this.#frame(false), run);
  }

  /** What `run` records in a trace is kept apart from what was computed before. */
  again<T>(run: () => T): T {
    const frame = this.#frame(true);
    const { trace } = context;
    const result = within("recomputation", frame, () => (trace === null ? run() : trace.again(run)));
    if (frame.next !== this.#states.length) refuse();
    return result;
  }

  #frame(isAgain: boolean): Frame {
    return { outer: context.recomputation, isAgain, states: this.#states, next: 0 };
  }
}

function refuse(): never {
  throw new GraphError(
    "checkpoint: the function drew other random numbers when it was computed again; it must do the same both times",
  );
}

/** Whether the running code is computed again, so that its effects are there already. */
export function isComputedAgain(): boolean {
  for (let frame = context.recomputation; frame !== null; frame = frame.outer) if (frame.isAgain) return true;
  return false;
}

/**
 * The state that a draw begins from where the running code is computed again; null where it is the
 * generator's own. `copy` gives a copy of that, for those who compute again later.
 */
export function stateAgain(copy: () => Tensor): Tensor | null {
  const first: Frame[] = [];
  let frame = context.recomputation;
  for (; frame !== null && !frame.isAgain; frame = frame.outer) first.push(frame);
  const again = frame === null ? null : (frame.states[frame.next++] ?? refuse());
  if (first.length > 0) {
    const kept = again ?? copy();
    for (const one of first) one.states.push(kept);
  }
  return again;
}
