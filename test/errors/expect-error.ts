import { expect, test } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  BackendError,
  BusyError,
  DataError,
  DetachedError,
  DTypeError,
  GraphError,
  IndexError,
  MemoryError,
  OptionError,
  ShapeError,
  type Tensor,
  ThalwegError,
  TraceError,
} from "../../lib/index.js";

/** Each class of error and the code that goes with it. */
export const CODES = new Map<new (message: string) => ThalwegError, string>([
  [ShapeError, "ERR_SHAPE"],
  [DTypeError, "ERR_DTYPE"],
  [ArgumentError, "ERR_ARGUMENT"],
  [OptionError, "ERR_OPTION"],
  [IndexError, "ERR_INDEX"],
  [GraphError, "ERR_GRAPH"],
  [TraceError, "ERR_TRACE"],
  [DataError, "ERR_DATA"],
  [DetachedError, "ERR_DETACHED"],
  [BusyError, "ERR_BUSY"],
  [BackendError, "ERR_BACKEND"],
  [AnomalyError, "ERR_ANOMALY"],
  [MemoryError, "ERR_MEMORY"],
]);

type ErrorClass = new (message: string) => ThalwegError;

/** What is done wrong, the error's class, and its whole message (or a pattern of it). */
export type Wrong = readonly [run: () => unknown, kind: ErrorClass, message: string | RegExp];

function check(error: unknown, kind: ErrorClass, message: string | RegExp): void {
  expect(error).toBeInstanceOf(ThalwegError);
  const { name, code, message: text } = error as ThalwegError;
  if (typeof message === "string") expect(text).toBe(message);
  else expect(text).toMatch(message);
  expect({ name, code }).toEqual({ name: kind.name, code: CODES.get(kind) });
}

/** Runs what must throw, or be rejected, and compares the error; the tensors given must stay as they are. */
export async function expectError([run, kind, message]: Wrong, kept: readonly Tensor[] = []): Promise<void> {
  const before = kept.map(picture);
  let thrown: unknown;
  try {
    await run();
  } catch (error) {
    thrown = error;
  }
  check(thrown, kind, message);
  expect(kept.map(picture)).toEqual(before);
}

/** All that a user can see of a tensor. */
function picture(tensor: Tensor): unknown {
  const { shape, dtype, data, grad, requiresGrad } = tensor;
  return {
    shape: [...shape],
    dtype,
    data: [...data],
    requiresGrad,
    grad: grad === null ? null : [...grad.data],
  };
}

/** A test for each, named by its message. */
export function testErrors(wrongs: readonly Wrong[], kept: () => readonly Tensor[] = () => []): void {
  const seen = new Map<string, number>();
  for (const wrong of wrongs) {
    const text = String(wrong[2]);
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    test(`${text}${count > 1 ? ` (${count})` : ""}`, () => expectError(wrong, kept()));
  }
}

/** What a caller without types may pass. */
// biome-ignore lint/suspicious/noExplicitAny: bad input has any type
export const bad = (value?: unknown): any => value;
