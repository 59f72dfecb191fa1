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
