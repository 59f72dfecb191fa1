import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import type { FilePath } from "../files/path.js";
import { writeAtomically } from "../files/write.js";
import { decodeSafetensors, encodeSafetensors as encode } from "../formats/safetensors.js";
import type { StoredDType, StoredFloat } from "../formats/stored-array.js";
import { checkOptions, describe, isPlainObject } from "../options.js";
import {
  arraysOf,
  bytesFrom,
  copied,
  joined,
  type ReadArraysOptions,
  type Tensors,
  tensorsOf,
} from "./arrays.js";

export interface WriteSafetensorsOptions {
  /**
   * How floats are stored, or by name, how some tensors are: `{ labels: "uint8" }`. From floats to floats values are
   * rounded to the nearest, of two the even one; what does not fit is refused. Default: as the tensors are.
   */
  readonly dtype?: StoredFloat | Readonly<Record<string, StoredDType>>;
  /** Texts by name, which are kept with the tensors. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file, as those of the Hugging Face hub. float16 and bfloat16 become float32, whole numbers int32.
 * Files of whole models, written here with `save`, are for `load`.
 * @param source a path, a `file:` URL, or the bytes of the file.
 * @returns the tensors by name, in the order of the file, and its metadata.
 * @throws DataError if it is not such a file, or has a number that a tensor cannot hold; FileError, ArgumentError,
 *   OptionError, MemoryError
 * @example
 * const { tensors, metadata } = await readSafetensors(encodeSafetensors({ w: tensor([1, 2]) }, { dtype: "float16" }));
 * tensors.w.toArray()   // [1, 2]
 */
export async function readSafetensors(
  source: FilePath | Uint8Array,
  options: ReadArraysOptions = {},
): Promise<{ tensors: Tensors; metadata: Record<string, string> }> {
  const where = "readSafetensors";
  checkOptions(where, options, ["integers"]);
  const { bytes, place } = await bytesFrom(where, source);
  const { arrays, metadata } = decodeSafetensors(bytes, place);
  return { tensors: tensorsOf(where, place, arrays, options), metadata: { ...metadata } };
}

/**
 * Writes tensors by name to a safetensors file, which `safetensors.torch.load_file` reads. The file is written whole
 * or not at all, with the values of the time of the call.
 * @throws ArgumentError for a value that `dtype` cannot hold; FileError, OptionError; BusyError, DetachedError for a
 *   tensor whose memory cannot be read now
 * @example await writeSafetensors("model.safetensors", model.stateDict(), { metadata: { epoch: "3" } });
 */
export async function writeSafetensors(
  path: FilePath,
  tensors: Readonly<Tensors>,
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  const where = "writeSafetensors";
  await writeAtomically(where, path, copied(where, chunksOf(where, tensors, options)));
}

/**
 * The bytes of the file that `writeSafetensors` writes.
 * @throws as `writeSafetensors`, without FileError
 * @example const bytes = encodeSafetensors(model.stateDict(), { dtype: "bfloat16" });
 */
export function encodeSafetensors(
  tensors: Readonly<Tensors>,
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  const where = "encodeSafetensors";
  return joined(where, chunksOf(where, tensors, options));
}

function chunksOf(where: string, tensors: Readonly<Tensors>, options: WriteSafetensorsOptions): Uint8Array[] {
  checkOptions(where, options, ["dtype", "metadata"]);
  const { metadata = {} } = options;
  if (types.isProxy(metadata) || !isPlainObject(metadata)) {
    throw new ArgumentError(`${where}: expected metadata to be texts by name, got ${describe(metadata)}`);
  }
  return encode(arraysOf(where, tensors, options.dtype), metadata, where);
}
