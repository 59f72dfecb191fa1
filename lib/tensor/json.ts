import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { tensor } from "./create.js";
import { checkDType, DTYPES, type DType, holds } from "./dtype.js";
import type { Tensor, TensorJSON } from "./tensor.js";

/**
 * A reviver for `JSON.parse`. Makes tensors again from tensors that `JSON.stringify` wrote, at any depth, for instance
 * in state dicts. All other values stay as they are.
 * @example
 * const text = JSON.stringify(model.stateDict());
 * model.loadStateDict(JSON.parse(text, reviveTensors));
 * @throws ShapeError, ArgumentError if the elements do not fit their shape and dtype.
 */
export function reviveTensors(_key: string, value: unknown): unknown {
  return isTensorJSON(value) ? tensorFromJSON(value) : value;
}

function isTensorJSON(value: unknown): value is TensorJSON {
  if (!isPlainObject(value) || Object.keys(value).length !== 3) return false;
  const { data, shape, dtype } = value;
  return Array.isArray(data) && Array.isArray(shape) && DTYPES.some((known) => known === dtype);
}

/** Numbers that JSON cannot express. */
const ODD: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);

/**
 * The tensor of `{ dtype, shape, data }`. Floats are rounded to the nearest.
 * @throws ArgumentError for another value, and for an element that the dtype does not hold; ShapeError, DTypeError
 */
export function tensorFromJSON(value: unknown): Tensor {
  if (!isPlainObject(value) || !Array.isArray(value["data"])) {
    throw new ArgumentError(`expected { dtype, shape, data }, got ${describe(value)}`);
  }
  const dtype = checkDType("dtype", value["dtype"]);
  const data = Array.from(value["data"], (element: unknown, i) => {
    const number = ODD.has(element) ? Number(element) : element;
    if (typeof number !== "number" && typeof number !== "boolean") {
      throw new ArgumentError(`tensor: expected numbers, got ${describe(number)} at position ${i}`);
    }
    if (isLost(dtype, Number(number))) {
      throw new ArgumentError(`${number} at position ${i} does not fit ${dtype}`);
    }
    return number;
  });
  return tensor(data, { shape: value["shape"] as number[], dtype });
}

/** Whether `tensor` makes another value of a number: bool takes all but 0 for true, and float32 has a largest number. */
function isLost(dtype: DType, value: number): boolean {
  if (dtype === "float32") return Number.isFinite(value) && !Number.isFinite(Math.fround(value));
  return dtype === "bool" && !holds(dtype, value);
}
