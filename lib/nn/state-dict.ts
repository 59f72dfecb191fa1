import { checkAssignable } from "../eager/apply.js";
import { ArgumentError, ThalwegError } from "../errors.js";
import { checkFlag, checkOptions, describe } from "../options.js";
import type { TypedArray } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { reword } from "./place.js";

/** Parameters and buffers by name, in PyTorch's naming: `"m0.weight"`. */
export type StateDict = Record<string, Tensor>;

export interface LoadStateDictOptions {
  /** Refuse names that are missing or unknown. Default: true. */
  readonly strict?: boolean;
}

/** Copies values into tensors by name, all or none: nothing is written before everything is found to be there. */
export function loadState(
  own: ReadonlyMap<string, Tensor>,
  state: StateDict,
  options: LoadStateDictOptions,
): void {
  checkOptions("loadStateDict", options, ["strict"]);
  const strict = checkFlag("loadStateDict", "strict", options.strict ?? true);
  if (state === null || typeof state !== "object") {
    throw new ArgumentError(`loadStateDict: expected tensors by name, got ${describe(state)}`);
  }
  const missing = [...own.keys()].filter((name) => !Object.hasOwn(state, name));
  const unknown = Object.keys(state).filter((name) => !own.has(name));
  if (strict && missing.length + unknown.length > 0) {
    throw new ArgumentError(
      `loadStateDict: missing: ${missing.join(", ") || "none"}; unknown: ${unknown.join(", ") || "none"}`,
    );
  }
  const writes = [...own]
    .filter(([name]) => Object.hasOwn(state, name))
    .map(([name, target]) => {
      const source = checkTensor("loadStateDict", name, state[name]);
      checkAssignable(`loadStateDict: ${name}`, target, source);
      const values = memoryOf(`${name} of the state`, () => source.storage.forReading());
      return { target, values, array: memoryOf(name, () => target.storage.forWriting()) };
    });
  // The state may be made of the module's own memory in other places: all is read before anything is written.
  const written = new Set(writes.map(({ array }) => array.buffer));
  const ready = writes.map((one) => ({
    ...one,
    values: written.has(one.values.buffer) ? one.values.slice() : one.values,
  }));
  for (const { target, array, values } of ready) {
    array.set(values);
    target.storage.version++;
  }
}

/** What `get` gives; where it refuses, the error says whose memory it is. */
function memoryOf(name: string, get: () => TypedArray): TypedArray {
  try {
    return get();
  } catch (error) {
    if (error instanceof ThalwegError) {
      reword(error, `loadStateDict: ${name}: ${error.message.replace(/^tensor: /, "")}`);
    }
    throw error;
  }
}
