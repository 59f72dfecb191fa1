import { checkPath, type FilePath } from "../files/path.js";
import { readWhole, readWholeSync } from "../files/read.js";
import type { AnyModule, Module } from "../nn/module.js";
import type { LoadStateDictOptions } from "../nn/state-dict.js";
import { checkBytes, decodeModel, decodeTensors, type SavedTensors } from "./model-file.js";

/**
 * Reads a model from a safetensors file that `save` wrote: makes it again, in the mode that it was saved in. With a
 * `model`, fills that one from any safetensors file, PyTorch's too. The values become those of the model's dtypes,
 * floats rounded to the nearest; float16 and bfloat16 are read. After an error, the model is what it was.
 * @param options for a given model, as of `loadStateDict`.
 * @throws FileError where the file cannot be read; DataError for one that is not what it claims to be, and for a
 *   class that is not registered; for a given model what `loadStateDict` throws
 * @example
 * const model = await load("model.safetensors");
 * await load("torch.safetensors", net, { rename: (name) => name.replace(/^module\./, "") });
 */
export async function load(path: FilePath): Promise<Module>;
export async function load<M extends AnyModule>(
  path: FilePath,
  model: M,
  options?: LoadStateDictOptions,
): Promise<M>;
export async function load(
  path: FilePath,
  model?: AnyModule,
  options?: LoadStateDictOptions,
): Promise<AnyModule> {
  return decodeModel(placeOf("load", path), await readWhole("load", path), model, options);
}

/**
 * As `load`, on this thread: for scripts.
 * @throws as `load`
 * @example const model = loadSync("model.safetensors");
 */
export function loadSync(path: FilePath): Module;
export function loadSync<M extends AnyModule>(path: FilePath, model: M, options?: LoadStateDictOptions): M;
export function loadSync(path: FilePath, model?: AnyModule, options?: LoadStateDictOptions): AnyModule {
  return decodeModel(placeOf("loadSync", path), readWholeSync("loadSync", path), model, options);
}

/**
 * As `load`, from the bytes of a file.
 * @throws as `load`, without FileError; ArgumentError unless it is given a Uint8Array
 * @example const model = deserialize(bytes);
 */
export function deserialize(bytes: Uint8Array): Module;
export function deserialize<M extends AnyModule>(
  bytes: Uint8Array,
  model: M,
  options?: LoadStateDictOptions,
): M;
export function deserialize(bytes: Uint8Array, model?: AnyModule, options?: LoadStateDictOptions): AnyModule {
  return decodeModel("deserialize", checkBytes("deserialize", bytes), model, options);
}

/**
 * The tensors of a safetensors file by name, and its metadata. float16 and bfloat16 become float32, whole numbers int32.
 * @throws FileError, DataError
 * @example
 * const { tensors, metadata } = await loadTensors("model.safetensors");
 * model.loadStateDict(tensors, { strict: false });
 */
export async function loadTensors(path: FilePath): Promise<SavedTensors> {
  return decodeTensors(placeOf("loadTensors", path), await readWhole("loadTensors", path));
}

/**
 * As `loadTensors`, on this thread.
 * @throws as `loadTensors`
 * @example const { tensors } = loadTensorsSync("model.safetensors");
 */
export function loadTensorsSync(path: FilePath): SavedTensors {
  return decodeTensors(placeOf("loadTensorsSync", path), readWholeSync("loadTensorsSync", path));
}

/**
 * As `loadTensors`, from the bytes of a file.
 * @throws DataError; ArgumentError unless it is given a Uint8Array
 * @example const { tensors } = deserializeTensors(serialize({ x: ones([2]) }));
 */
export function deserializeTensors(bytes: Uint8Array): SavedTensors {
  return decodeTensors("deserializeTensors", checkBytes("deserializeTensors", bytes));
}

/** The function and the file, as errors begin. @throws ArgumentError for what is no path */
export const placeOf = (where: string, path: FilePath): string => `${where}: ${checkPath(where, path)}`;
