import { IndexError } from "../errors.js";
import { isInstance } from "../options.js";

/** Errors of runs that the data caused. */
const refusals = new WeakSet<object>();

/** Notes an error of a run over a data set, if the data caused it. @returns the error. */
export function ofRun(error: unknown): unknown {
  if (isInstance(error, IndexError)) refusals.add(error);
  return error;
}

/** Whether the data of a run caused an error. An error thrown in a user's callback is not one. */
export const isRefusal = (error: unknown): boolean =>
  typeof error === "object" && error !== null && refusals.has(error);
