import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { context, within } from "./context.js";

/** One run of a function that is computed again when its gradient is needed. */
export interface Frame {
  readonly outer: Frame | null;
  readonly isAgain: boolean;
  /** The states from which its draws begin. */
  readonly states: Tensor[];
  /** Number of these states that the recomputation has used. */
  next: number;
}

/**
 * A function that is computed twice. Its random draws are the same both times. It writes to state, such as
 * running statistics, the first time only.
 */
export class Recomputation {
  #states: Tensor[] = [];

  first<T>(run: () => T): T {
    this.#states = [];
    return within("recomputation", this.#frame(false), run);
  }

  /** Marks what `run` records in a trace, so that no pass replaces it with the result of the first computation. */
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

/** Whether the running code is a recomputation, whose effects on state have already happened. */
export function isComputedAgain(): boolean {
  for (let frame = context.recomputation; frame !== null; frame = frame.outer) if (frame.isAgain) return true;
  return false;
}

/**
 * The state from which a draw begins in a recomputation; null if the draw begins from the generator's own state.
 * `copy` copies the generator's state. The copy is kept for a later recomputation.
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
