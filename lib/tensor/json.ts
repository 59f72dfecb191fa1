import { isPlainObject } from "../options.js";
import { tensor } from "./create.js";
import { DTYPES } from "./dtype.js";
import type { TensorJSON } from "./tensor.js";

/**
 * A reviver for `JSON.parse`. Makes tensors again from tensors that `JSON.stringify` wrote, at any depth, for instance
 * in state dicts. All other values stay as they are.
 * @example
 * const text = JSON.stringify(model.stateDict());
 * model.loadStateDict(JSON.parse(text, reviveTensors));
 * @throws ShapeError, ArgumentError if the elements do not fit their shape and dtype.
 */
export function reviveTensors(_key: string, value: unknown): unknown {
  if (!isTensorJSON(value)) return value;
  const { data, shape, dtype } = value;
  return tensor(
    data.map((element) => (typeof element === "string" ? Number(element) : element)),
    { shape, dtype },
  );
}

function isTensorJSON(value: unknown): value is TensorJSON {
  if (!isPlainObject(value) || Object.keys(value).length !== 3) return false;
  const { data, shape, dtype } = value;
  return Array.isArray(data) && Array.isArray(shape) && DTYPES.some((known) => known === dtype);
}
