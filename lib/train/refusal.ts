import { IndexError } from "../errors.js";
import { isInstance } from "../options.js";

/** Errors that a run found out from the data. */
const refusals = new WeakSet<object>();

/** Notes an error of a run over a data set, if the data are its reason. @returns the error. */
export function ofRun(error: unknown): unknown {
  if (isInstance(error, IndexError)) refusals.add(error);
  return error;
}

/** Whether an error comes from a run over a data set, and not from what somebody does in a callback. */
export const isRefusal = (error: unknown): boolean =>
  typeof error === "object" && error !== null && refusals.has(error);
