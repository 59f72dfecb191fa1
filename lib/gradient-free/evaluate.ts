// How `minimize` calls the function: point by point, or a generation at once.

import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { isPromise } from "../realms.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** A function to minimise. The array is its own: it may keep or change it. */
export type Objective = (x: Float64Array) => number | Tensor | Promise<number | Tensor>;

/**
 * A function of `count` points at once, [count, d] row-major. It gives their values in the same order. The array is its
 * own: it may keep or change it, or make a tensor over it (`fromTypedArray(points, [count, d])`).
 */
export type BatchedObjective = (
  points: Float64Array,
  count: number,
) => ArrayLike<number> | Tensor | Promise<ArrayLike<number> | Tensor>;

/** The values of points, [count, d] → [count]; a promise if the function gives one or the event loop has a turn. */
export type Evaluate = (points: Float64Array) => Float64Array | Promise<Float64Array>;

// Milliseconds until the event loop has a turn.
const TURN = 20;

/** Gives the event loop a turn now and then. */
export class Pause {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();
  #checked = this.#last;
  /** It looks at the clock once in this many calls, since that takes as long as a small function. */
  #every = 1;
  #calls = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  isDue(): boolean {
    if (++this.#calls < this.#every) return false;
    this.#calls = 0;
    const now = performance.now();
    if (now - this.#checked < 0.5) this.#every = Math.min(64, 2 * this.#every);
    else if (now - this.#checked > 2) this.#every = Math.max(1, this.#every >> 2);
    this.#checked = now;
    return now - this.#last >= TURN;
  }

  /** @throws the signal's reason if it was aborted. */
  async take(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
    this.#signal?.throwIfAborted();
  }
}

/** Calls the function with one point after the other. */
export function oneByOne(f: Objective, d: number, pause: Pause): Evaluate {
  let values = new Float64Array(0);
  // The function may keep or change its array, so each call gets memory of its own.
  const call = (points: Float64Array, i: number): unknown => f(points.slice(i * d, (i + 1) * d));
  /** Goes on with the points from `i` on, the first of which gave `given`. */
  const goOn = async (
    points: Float64Array,
    count: number,
    i: number,
    given: unknown,
  ): Promise<Float64Array> => {
    values[i] = numberOf(await given);
    for (let k = i + 1; k < count; k++) {
      if (pause.isDue()) await pause.take();
      const value = call(points, k);
      values[k] = numberOf(isPromise(value) ? await value : value);
    }
    return values.subarray(0, count);
  };
  return (points) => {
    const count = points.length / d;
    if (values.length < count) values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const value = call(points, i);
      if (typeof value === "number") values[i] = value;
      else if (isTensor(value)) values[i] = numberOf(value);
      else if (isPromise(value)) return goOn(points, count, i, value);
      else numberOf(value);
      if (pause.isDue()) return pause.take().then(() => goOn(points, count, i, values[i]));
    }
    return count === values.length ? values : values.subarray(0, count);
  };
}

/** Calls the function with all points of a generation. */
export function atOnce(f: BatchedObjective, d: number): Evaluate {
  return (points) => {
    const count = points.length / d;
    const given: unknown = f(points, count);
    return isPromise(given) && !isTensor(given)
      ? Promise.resolve(given).then((values) => numbersOf(values, count))
      : numbersOf(given, count);
  };
}

/** @throws ArgumentError unless it is a number or a tensor of one element. */
function numberOf(value: unknown): number {
  const number: unknown = isTensor(value) && value.size === 1 ? value.item() : value;
  if (typeof number === "number") return number;
  throw new ArgumentError(`minimize: expected f to give a number, got ${describe(value)}`);
}

/** @throws ArgumentError unless they are `count` numbers. */
function numbersOf(values: unknown, count: number): Float64Array {
  const list: unknown = isTensor(values) ? values.storage.forReading() : values;
  const isList = typeof list === "object" && list !== null;
  const length: unknown = isList ? (list as ArrayLike<unknown>).length : undefined;
  if (length !== count) {
    const got = typeof length === "number" ? `${length}` : describe(values);
    throw new ArgumentError(`minimize: expected f to give ${count} numbers, one for each point, got ${got}`);
  }
  return Float64Array.from(list as ArrayLike<unknown>, numberOf);
}
