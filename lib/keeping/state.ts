import { DataError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { isRecord } from "./run-state.js";
import { encodeState } from "./state-file.js";
import { readState, readStateSync, writeState, writeStateSync } from "./store.js";
import type { StateValue } from "./tree.js";

/**
 * Writes a state to a file: `null`, `undefined`, booleans, numbers (NaN, infinities and −0 too), bigints of up to 1000
 * digits, texts, typed arrays, tensors, and lists and plain objects of them, with any keys, up to 100 levels deep.
 * `loadState` gives the same to the bit. It is for what `stateDict()` of a strategy, a game or a class of your own gives, and is copied and written
 * as `saveCheckpoint` does it.
 * @throws ArgumentError that names the place of what cannot be kept, such as a function or an object of a class;
 *   FileError if it cannot be written: the file from before stays; BusyError while another process writes there;
 *   DetachedError, MemoryError
 * @example
 * await saveState("state.safetensors", { step: 7n, best: Infinity, weights: model.stateDict() });
 * const { best } = await loadState("state.safetensors");
 * best;   // Infinity
 */
export async function saveState(path: FilePath, state: unknown): Promise<void> {
  await writeState("saveState", path, encodeState("saveState", { kind: "state", state }));
}

/** As `saveState`, on this thread. */
export function saveStateSync(path: FilePath, state: unknown): void {
  writeStateSync("saveStateSync", path, encodeState("saveStateSync", { kind: "state", state }));
}

/**
 * The state that `saveState` wrote. The checksum of the file is verified before.
 * @throws DataError if the file is another one, was cut short or has changed; FileError if it cannot be read; MemoryError
 */
export async function loadState(path: FilePath): Promise<StateValue> {
  return stateIn("loadState", path, await readState("loadState", path));
}

/** As `loadState`, on this thread. */
export function loadStateSync(path: FilePath): StateValue {
  return stateIn("loadStateSync", path, readStateSync("loadStateSync", path));
}

function stateIn(where: string, path: FilePath, tree: StateValue): StateValue {
  if (isRecord(tree) && tree["kind"] === "state") return tree["state"] as StateValue;
  throw new DataError(
    `${where}: ${checkPath(where, path)}: expected a state of saveState, got a checkpoint; loadCheckpoint reads it`,
  );
}
