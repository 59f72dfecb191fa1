import type { FilePath } from "../files/path.js";
import { writeAtomically, writeAtomicallySync } from "../files/write.js";
import type { AnyModule } from "../nn/module.js";
import type { StateDict } from "../nn/state-dict.js";
import { encodeModel, type SaveOptions } from "./model-file.js";

/**
 * Writes a model, or tensors by name, to a safetensors file. The tensors have the names of `stateDict()`; what is shared
 * within the model is written once. Of a model, the file also says what it is made of, so that `load(path)` makes it
 * again, if all its classes are those of nn or registered with `registerClass`. Modes and `requiresGrad` are kept;
 * hooks and gradients are not.
 *
 * The values are those of the time of the call, in which they are copied. A reader of the path sees the file from
 * before or the new one, never a part.
 * @param options `dtype`: how floats are stored, `"float16"` or `"bfloat16"` for half the size; default: as they are.
 *   `metadata`: texts by name. `schema`: the schema of the rows that the model learnt from; `Predictor.load` then answers
 *   rows of that kind.
 * @throws FileError where the file cannot be written; ArgumentError, also for a value that `dtype` cannot hold, and for
 *   an option of a registered class that JSON cannot hold; BusyError while a run writes the model; DetachedError,
 *   OptionError
 * @example await save(model, "model.safetensors", { metadata: { epoch: "12" } });
 */
export async function save(
  model: AnyModule | StateDict,
  path: FilePath,
  options: SaveOptions = {},
): Promise<void> {
  const chunks = encodeModel("save", model, options).map((chunk) => chunk.slice());
  await writeAtomically("save", path, chunks);
}

/**
 * As `save`, on this thread: for scripts.
 * @throws as `save`
 * @example saveSync(model, "model.safetensors");
 */
export function saveSync(model: AnyModule | StateDict, path: FilePath, options: SaveOptions = {}): void {
  writeAtomicallySync("saveSync", path, encodeModel("saveSync", model, options));
}

/**
 * The bytes of the file that `save` writes: for databases, object stores and `postMessage`.
 * @throws as `save`, without FileError
 * @example const copy = deserialize(serialize(model));
 */
export function serialize(model: AnyModule | StateDict, options: SaveOptions = {}): Uint8Array {
  const chunks = encodeModel("serialize", model, options);
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
