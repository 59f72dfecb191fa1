import { Bytes } from "../data/bytes.js";
import type { FilePath } from "../files/path.js";
import { writeAtomically } from "../files/write.js";
import { toStored } from "../formats/convert.js";
import { decodeNpy, encodeNpy as encodeArray } from "../formats/npy.js";
import { decodeNpz, encodeNpz as encodeArrays } from "../formats/npz.js";
import {
  STORED_SIZES,
  type StoredArray,
  type StoredDType,
  type StoredFloat,
} from "../formats/stored-array.js";
import { readLimit } from "../formats/zip.js";
import { checkChoice, checkFlag, checkOptions } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import {
  arraysOf,
  bytesFrom,
  copied,
  joined,
  partsOf,
  type ReadArraysOptions,
  type Tensors,
  tensorReader,
} from "./arrays.js";

/** The dtypes that NumPy has too. */
type NumPyDType = Exclude<StoredDType, "bfloat16">;

export interface WriteNpyOptions {
  /**
   * How the elements are stored. From floats to floats values are rounded to the nearest, of two the even one; what
   * does not fit is refused. Default: the tensor's dtype.
   */
  readonly dtype?: NumPyDType;
}

export interface WriteNpzOptions {
  /** How floats are stored, or by name, how some tensors are: `{ labels: "uint8" }`. Default: as the tensors are. */
  readonly dtype?: Exclude<StoredFloat, "bfloat16"> | Readonly<Record<string, NumPyDType>>;
  /** Whether the file is compressed, as by `numpy.savez_compressed`. Default: false. */
  readonly compressed?: boolean;
}

export interface ReadNpyOptions extends ReadArraysOptions {
  /**
   * What becomes of uint8 arrays with axes: tensors of int32, or `data.Bytes`, which take a quarter of the memory and are
   * what `fit` takes for images. Default: int32.
   */
  readonly uint8?: "int32" | "bytes";
}

/** Options under which uint8 arrays become `data.Bytes`. */
type AsBytes = { readonly uint8: "bytes" };

export interface ReadNpzOptions extends ReadNpyOptions {
  /**
   * The most bytes that compressed arrays may have together after decompression: a small file may promise a large
   * array. Default: 16 MiB and 20 times the size of the file.
   */
  readonly maxBytes?: number;
}

/**
 * Reads an array that `numpy.save` wrote, of any version, order and byte order. float16 becomes float32, whole numbers
 * int32. Structured arrays, objects, texts, dates and complex numbers are refused; no pickle is read.
 * @param source a path, a `file:` URL, or the bytes of the file.
 * @throws DataError if it is not such a file, or has a number that a tensor cannot hold; FileError, ArgumentError,
 *   OptionError, MemoryError
 * @example
 * const x = await readNpy(encodeNpy(tensor([[1, 2], [3, 4]])));
 * x.toArray()   // [[1, 2], [3, 4]]
 */
export async function readNpy(
  source: FilePath | Uint8Array,
  options: ReadNpyOptions & AsBytes,
): Promise<Tensor | Bytes>;
export async function readNpy(
  source: FilePath | Uint8Array,
  options?: ReadNpyOptions & { readonly uint8?: "int32" },
): Promise<Tensor>;
export async function readNpy(
  source: FilePath | Uint8Array,
  options: ReadNpyOptions = {},
): Promise<Tensor | Bytes> {
  const where = "readNpy";
  checkOptions(where, options, ["integers", "uint8"]);
  const read = partReader(where, options);
  const { bytes, place } = await bytesFrom(where, source);
  return read(place, "the array", decodeNpy(bytes, place));
}

/** How an array of a file becomes a tensor or bytes, by the options. */
function partReader(
  where: string,
  options: ReadNpyOptions,
): (place: string, name: string, array: StoredArray) => Tensor | Bytes {
  const asBytes = checkChoice(where, "uint8", options.uint8 ?? "int32", ["int32", "bytes"]) === "bytes";
  const read = tensorReader(where, options);
  return (place, name, array) =>
    asBytes && array.dtype === "uint8" && array.shape.length > 0
      ? new Bytes(array.bytes.slice(), array.shape)
      : read(place, name, array);
}

/**
 * Writes a tensor to a `.npy` file, with the bytes that `numpy.save` writes. The file is written whole or not at all.
 * @throws ArgumentError for a value that `dtype` cannot hold; FileError, OptionError; BusyError, DetachedError for a
 *   tensor whose memory cannot be read now
 * @example await writeNpy("images.npy", images, { dtype: "float16" });
 */
export async function writeNpy(path: FilePath, tensor: Tensor, options: WriteNpyOptions = {}): Promise<void> {
  const where = "writeNpy";
  await writeAtomically(where, path, copied(where, npyChunks(where, tensor, options)));
}

/**
 * The bytes of the file that `writeNpy` writes.
 * @throws as `writeNpy`, without FileError
 * @example const bytes = encodeNpy(tensor([3, 1], { dtype: "int32" }), { dtype: "int64" });
 */
export function encodeNpy(tensor: Tensor, options: WriteNpyOptions = {}): Uint8Array {
  return joined("encodeNpy", npyChunks("encodeNpy", tensor, options));
}

function npyChunks(where: string, tensor: Tensor, options: WriteNpyOptions): Uint8Array[] {
  checkOptions(where, options, ["dtype"]);
  const checked = checkTensor(where, "the array", tensor);
  const known = Object.keys(STORED_SIZES) as StoredDType[];
  const dtype = checkChoice<StoredDType>(where, "dtype", options.dtype ?? checked.dtype, known);
  return encodeArray(where, "the array", toStored(checked, dtype, where));
}

/**
 * Reads the arrays that `numpy.savez` or `numpy.savez_compressed` wrote, each as `readNpy` does.
 * @param source a path, a `file:` URL, or the bytes of the file.
 * @returns the tensors by name, in the order of the file; arrays without a name are `arr_0`, `arr_1`, …
 * @throws DataError if it is not such a file, is compressed beyond `maxBytes`, or has a number that a tensor cannot
 *   hold; FileError, ArgumentError, OptionError, MemoryError
 * @example
 * const { x, y } = await readNpz(encodeNpz({ x: tensor([1, 2]), y: tensor(3) }));
 * x.toArray()   // [1, 2]
 */
export async function readNpz(
  source: FilePath | Uint8Array,
  options: ReadNpzOptions & AsBytes,
): Promise<Record<string, Tensor | Bytes>>;
export async function readNpz(
  source: FilePath | Uint8Array,
  options?: ReadNpzOptions & { readonly uint8?: "int32" },
): Promise<Tensors>;
export async function readNpz(
  source: FilePath | Uint8Array,
  options: ReadNpzOptions = {},
): Promise<Record<string, Tensor | Bytes>> {
  const where = "readNpz";
  checkOptions(where, options, ["integers", "maxBytes", "uint8"]);
  readLimit(where, options, 0);
  const read = partReader(where, options);
  const { bytes, place } = await bytesFrom(where, source);
  return partsOf(place, decodeNpz(bytes, place, options).arrays, read);
}

/**
 * Writes tensors by name to a `.npz` file, which `numpy.load` reads. The file is written whole or not at all, with the
 * values of the time of the call.
 * @throws ArgumentError for a name that leads outside the file's folder, and for a value that `dtype` cannot hold;
 *   FileError, OptionError; BusyError, DetachedError for a tensor whose memory cannot be read now
 * @example await writeNpz("weights.npz", model.stateDict(), { compressed: true });
 */
export async function writeNpz(
  path: FilePath,
  tensors: Readonly<Tensors>,
  options: WriteNpzOptions = {},
): Promise<void> {
  const where = "writeNpz";
  await writeAtomically(where, path, copied(where, npzChunks(where, tensors, options)));
}

/**
 * The bytes of the file that `writeNpz` writes.
 * @throws as `writeNpz`, without FileError
 * @example const bytes = encodeNpz({ images, labels }, { dtype: { labels: "uint8" } });
 */
export function encodeNpz(tensors: Readonly<Tensors>, options: WriteNpzOptions = {}): Uint8Array {
  return joined("encodeNpz", npzChunks("encodeNpz", tensors, options));
}

function npzChunks(where: string, tensors: Readonly<Tensors>, options: WriteNpzOptions): Uint8Array[] {
  checkOptions(where, options, ["compressed", "dtype"]);
  const compressed = checkFlag(where, "compressed", options.compressed ?? false);
  return encodeArrays(where, arraysOf(where, tensors, options.dtype), { compressed });
}
