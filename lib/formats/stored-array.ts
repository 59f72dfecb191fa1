import { ArgumentError } from "../errors.js";
import type { Shape } from "../tensor/shape.js";

/** How elements are stored in files: more types than tensors have. */
export type StoredDType =
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

/** The dtypes of files for numbers of floating point. */
export const STORED_FLOATS = ["float16", "bfloat16", "float32", "float64"] as const;

/** How floats are stored. */
export type StoredFloat = (typeof STORED_FLOATS)[number];

export const isStoredFloat = (dtype: StoredDType): dtype is StoredFloat =>
  STORED_FLOATS.some((float) => float === dtype);

/** An array as a file has it: row-major, little-endian. */
export interface StoredArray {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** The arrays of a file by their names in the order of the file, and what else it says. */
export interface ArrayFile {
  readonly arrays: ReadonlyMap<string, StoredArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a text must not have that is written as UTF-8, which cannot express it. */
export const HALF_A_PAIR = /\p{Surrogate}/u;

/** Most axes of an array that is read; NumPy and PyTorch allow no more. */
export const MOST_AXES = 64;

/** Bytes of one element. */
export const STORED_SIZES: Readonly<Record<StoredDType, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/** Bytes of an array; undefined from 2^53 on, where numbers are no longer exact. */
export function storedBytes(dtype: StoredDType, shape: Shape): number | undefined {
  let bytes = STORED_SIZES[dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/** The name of an entry for a message: quoted, without control characters, and not longer than a line. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

/** @throws ArgumentError unless the bytes are as many as dtype and shape say. */
export function checkStored(where: string, name: string, { dtype, shape, bytes }: StoredArray): void {
  if (storedBytes(dtype, shape) === bytes.length) return;
  throw new ArgumentError(
    `${where}: ${quote(name)}: ${bytes.length} bytes do not fit [${shape.join(", ")}] of ${dtype}`,
  );
}
