import { constants } from "node:buffer";
import { context } from "../context/context.js";
import { ArgumentError, DTypeError, MemoryError, ShapeError } from "../errors.js";
import { binding } from "../native/binding.js";
import { describe } from "../options.js";

/** Types of elements. `bool` is stored in bytes 0 and 1. Any other byte that JavaScript writes there means true. */
export type DType = "float32" | "float64" | "int32" | "bool";
/** The dtypes that have gradients. */
export type FloatDType = "float32" | "float64";
/** A tensor's memory: Float32Array, Float64Array, Int32Array, or Uint8Array for bool. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

const KINDS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;
// From this many bytes on, a detour through a Buffer costs less than clearing the memory.
const WORTH_LEAVING = 8192;
// From this many bytes on, asks for huge pages. Smaller arrays mostly get memory that was touched before.
const WORTH_HUGE_PAGES = 32 << 20;

/** Bytes of `size` elements. */
export function bytesOf({ size, dtype }: { readonly size: number; readonly dtype: DType }): number {
  return size * KINDS[dtype].BYTES_PER_ELEMENT;
}

/**
 * Zeros of that dtype.
 * @throws MemoryError if there is not enough memory now; ShapeError if this size can never be allocated.
 */
export function allocate(dtype: DType, size: number, where = "tensor"): TypedArray {
  return orNoMemory(dtype, size, where, () => new KINDS[dtype](size));
}

/**
 * As `allocate`, with undefined elements, for arrays that are written whole before they are read.
 * @throws MemoryError if there is not enough memory now; ShapeError if this size can never be allocated.
 */
export function allocateUnset(dtype: DType, size: number, where: string): TypedArray {
  const bytes = bytesOf({ size, dtype });
  if (bytes < WORTH_LEAVING || bytes > constants.MAX_LENGTH) return allocate(dtype, size, where);
  return orNoMemory(dtype, size, where, () => {
    const { buffer } = Buffer.allocUnsafeSlow(bytes);
    if (bytes >= WORTH_HUGE_PAGES) binding.askForHugePages(buffer);
    return new KINDS[dtype](buffer);
  });
}

function orNoMemory(dtype: DType, size: number, where: string, make: () => TypedArray): TypedArray {
  if (context.budget !== null) spend(context.budget, dtype, size, where);
  try {
    return make();
  } catch (error) {
    const message = `${where}: there is no memory for ${size} elements of ${dtype}`;
    // V8 says "allocation failed" if memory is short now; it has another message for a size beyond its limit.
    throw /allocation failed/.test((error as Error).message)
      ? new MemoryError(message)
      : new ShapeError(message);
  }
}

/** @throws MemoryError where the arrays of a file do not warrant this memory. */
function spend(budget: { bytes: number }, dtype: DType, size: number, where: string): void {
  budget.bytes -= bytesOf({ size, dtype });
  if (budget.bytes >= 0) return;
  throw new MemoryError(
    `${where}: ${size} elements of ${dtype} are more than the arrays of the file warrant`,
  );
}

/**
 * The type of a typed array from any realm. Each realm (`vm`, a test runner's context) has classes of its own, so
 * `instanceof` would refuse an array of another realm.
 */
export const kindOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** A typed array over existing memory. It is empty if the buffer is detached. */
export function viewOf(dtype: DType, buffer: ArrayBuffer, at: number, length: number): TypedArray {
  const isThere = buffer.byteLength >= at + bytesOf({ size: length, dtype });
  return isThere ? new KINDS[dtype](buffer, at, length) : new KINDS[dtype](0);
}

/** The dtype of a typed array; undefined for a type that tensors do not use. */
export function dtypeOf(array: unknown): DType | undefined {
  switch (kindOf.call(array)) {
    case "Float32Array":
      return "float32";
    case "Float64Array":
      return "float64";
    case "Int32Array":
      return "int32";
    case "Uint8Array":
      return "bool";
    default:
      return undefined;
  }
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === "float32" || dtype === "float64";
}

/** The distance from 1 to the next number. */
export const ROUNDING = { float32: 2 ** -23, float64: 2 ** -52 } as const;
/** The least normal number > 0. */
export const LEAST = { float32: 2 ** -126, float64: 2 ** -1022 } as const;
/** The largest number. */
export const LARGEST = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE } as const;

/** Whether an element of that dtype can hold the number. A float may round it. */
export function holds(dtype: DType, value: number): boolean {
  if (dtype === "int32") return value === (value | 0);
  return dtype === "bool" ? value === 0 || value === 1 : true;
}

/**
 * A user's value for elements of that dtype, as a number.
 * @throws ArgumentError unless it is a number that such an element can hold, or true or false for bool.
 */
export function checkElement(where: string, name: string, dtype: DType, value: unknown): number {
  if (typeof value === "boolean" && dtype === "bool") return Number(value);
  if (typeof value === "number" && holds(dtype, value)) return value;
  throw new ArgumentError(`${where}: expected ${name} to be ${ELEMENTS[dtype]}, got ${describe(value)}`);
}

const ELEMENTS = {
  float32: "a number",
  float64: "a number",
  int32: "a whole number in [-2^31, 2^31) for int32",
  bool: "0, 1, true or false for bool",
} as const;

/** @throws DTypeError unless the value names a dtype. */
export function checkDType(where: string, value: unknown): DType {
  const dtype = DTYPES.find((known) => known === value);
  if (dtype === undefined) {
    throw new DTypeError(`${where}: unknown dtype ${describe(value)}; expected one of ${DTYPES.join(", ")}`);
  }
  return dtype;
}
