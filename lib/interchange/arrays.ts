import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { readWhole } from "../files/read.js";
import { toStored, toTensor } from "../formats/convert.js";
import {
  quote,
  STORED_FLOATS,
  STORED_SIZES,
  type StoredArray,
  type StoredDType,
} from "../formats/stored-array.js";
import { checkChoice, describe, isPlainObject } from "../options.js";
import { allocateUnset, type DType, isFloat } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/** Tensors by name. */
export type Tensors = Record<string, Tensor>;

export interface ReadArraysOptions {
  /**
   * The dtype of tensors for int64, uint32 and uint64. int32 refuses a number that it cannot hold, float64 one beyond
   * 2⁵³ that it would round. Default: int32.
   */
  readonly integers?: "int32" | "float64";
}

const STORED = Object.keys(STORED_SIZES) as StoredDType[];
const ASK = 'integers: "float64"';
const WIDE: readonly StoredDType[] = ["int64", "uint32", "uint64"];

/** The bytes of a file, or the bytes given, and how errors about them begin. */
export async function bytesFrom(
  where: string,
  source: FilePath | Uint8Array,
): Promise<{ bytes: Uint8Array; place: string }> {
  if (types.isUint8Array(source)) {
    // Other threads could change shared memory while it is read.
    const isShared = types.isSharedArrayBuffer(source.buffer);
    return { bytes: isShared ? new Uint8Array(source) : source, place: where };
  }
  const path = checkPath(where, source);
  return { bytes: await readWhole(where, path), place: `${where}: ${path}` };
}

/** How an array of a file becomes a tensor, by the options. */
export function tensorReader(
  where: string,
  { integers = "int32" }: ReadArraysOptions,
): (place: string, name: string, array: StoredArray) => Tensor {
  const wide: DType = checkChoice(where, "integers", integers, ["int32", "float64"]);
  return (place, name, array) =>
    toTensor(place, name, array, WIDE.includes(array.dtype) ? { dtype: wide, wide: ASK } : {});
}

/** Tensors for the arrays of a file. */
export function tensorsOf(
  where: string,
  place: string,
  arrays: ReadonlyMap<string, StoredArray>,
  options: ReadArraysOptions,
): Tensors {
  return partsOf(place, arrays, tensorReader(where, options));
}

/** What `read` makes of each array, by name. `__proto__` is a name like any other. */
export function partsOf<T>(
  place: string,
  arrays: ReadonlyMap<string, StoredArray>,
  read: (place: string, name: string, array: StoredArray) => T,
): Record<string, T> {
  const parts: Record<string, T> = Object.create(null);
  for (const [name, array] of arrays) parts[name] = read(place, name, array);
  return parts;
}

/**
 * The arrays for a file of tensors by name.
 * @param dtype how floats are stored; or, by name, how some tensors are.
 * @throws ArgumentError
 */
export function arraysOf(where: string, tensors: unknown, dtype: unknown): Map<string, StoredArray> {
  if (types.isProxy(tensors) || !isPlainObject(tensors)) {
    throw new ArgumentError(`${where}: expected an object of tensors by name, got ${describe(tensors)}`);
  }
  const dtypes = isPlainObject(dtype) ? readDTypes(where, dtype, tensors) : new Map<string, StoredDType>();
  const floats =
    dtype === undefined || isPlainObject(dtype)
      ? undefined
      : checkChoice(where, "dtype", dtype, STORED_FLOATS);
  return new Map(
    Object.entries(tensors).map(([name, value]) => {
      const tensor = checkTensor(where, quote(name), value);
      const stored = dtypes.get(name) ?? (isFloat(tensor.dtype) ? floats : undefined);
      return [name, toStored(tensor, stored, `${where}: ${quote(name)}`)];
    }),
  );
}

function readDTypes(where: string, dtypes: object, tensors: object): Map<string, StoredDType> {
  return new Map(
    Object.entries(dtypes).map(([name, dtype]) => {
      if (!Object.hasOwn(tensors, name)) {
        throw new ArgumentError(`${where}: dtype names ${quote(name)}, which is none of the tensors`);
      }
      return [name, checkChoice(where, `dtype of ${quote(name)}`, dtype, STORED)];
    }),
  );
}

/** The pieces in memory of their own, which later writes to the tensors do not change. */
export function copied(where: string, chunks: readonly Uint8Array[]): Uint8Array[] {
  return chunks.map((chunk) => joined(where, [chunk]));
}

/** A copy of the pieces in one. */
export function joined(where: string, chunks: readonly Uint8Array[]): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = allocateUnset("bool", length, where) as Uint8Array;
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
