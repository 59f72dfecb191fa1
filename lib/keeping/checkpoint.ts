import { ArgumentError, DataError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { checkRequired } from "../options.js";
import {
  checkRunParts,
  differences,
  isRecord,
  isRunState,
  putState,
  RUN_PARTS,
  type RunParts,
  type RunState,
  stateOf,
} from "./run-state.js";
import { encodeState, type StateFile } from "./state-file.js";
import { readState, readStateSync, writeState, writeStateSync } from "./store.js";
import type { StateValue } from "./tree.js";

/** What `saveCheckpoint` keeps. */
export interface CheckpointContents extends RunParts {
  /** Plain values, lists and objects of them, typed arrays and tensors. `loadCheckpoint` returns it. */
  readonly extra?: unknown;
}

/** What a checkpoint says besides the states. */
export interface Checkpoint {
  /** What was given as `extra`; undefined if nothing was. */
  readonly extra: StateValue;
  /** Where `fit` was: the epoch, from 1, the mini-batches of it that are done, and all steps so far. Null if `saveCheckpoint` wrote it. */
  readonly position: { readonly epoch: number; readonly batch: number; readonly step: number } | null;
}

/** A checkpoint as a file has it. */
export interface CheckpointTree {
  readonly kind: "checkpoint";
  readonly run: RunState;
  readonly extra?: unknown;
  /** Where `fit` was. */
  readonly fit?: unknown;
  /** Which checkpoints `fit` kept before. */
  readonly kept?: unknown;
}

/**
 * Writes the state of a run to one file: the model's parameters and buffers, its modules' modes, which parameters are
 * frozen, the optimizer's states and options, those of schedules and weight averages, where the generators stand (the
 * default one of `manualSeed`, those in fields of the model's modules, and `generators`), and what else is given.
 * Together with the same program, `loadCheckpoint` goes on from there with the same bits.
 *
 * The state is copied before the promise is returned, so training may go on. A thread of its own writes the file, so
 * that a reader of `path` sees the file from before or the new one, also after a crash. When the promise is fulfilled,
 * the file is on the device.
 *
 * It is a safetensors file: other programs read the tensors by names such as `run.model.0.weight`.
 * @param contents `model`, `optimizer`, `schedules`, `averages` (lists), `generators`, `parts` (by name: whatever has
 *   `stateDict()` and `loadStateDict()`), and `extra`: plain values, typed arrays and tensors.
 * @throws FileError if it cannot be written: the file from before stays; BusyError while another process writes there;
 *   ArgumentError for what cannot be kept; OptionError, DetachedError, MemoryError
 * @example
 * await saveCheckpoint("run.safetensors", { model, optimizer, extra: { epoch: 3 } });
 * const { extra } = await loadCheckpoint("run.safetensors", { model, optimizer });
 */
export async function saveCheckpoint(path: FilePath, contents: CheckpointContents): Promise<void> {
  await writeState("saveCheckpoint", path, encodeCheckpoint("saveCheckpoint", contents));
}

/** As `saveCheckpoint`, on this thread. */
export function saveCheckpointSync(path: FilePath, contents: CheckpointContents): void {
  writeStateSync("saveCheckpointSync", path, encodeCheckpoint("saveCheckpointSync", contents));
}

function encodeCheckpoint(where: string, contents: CheckpointContents): StateFile {
  checkRequired(where, contents, [...RUN_PARTS, "extra"]);
  const run = stateOf(checkRunParts(where, contents));
  return encodeState(where, { kind: "checkpoint", run, extra: contents.extra } satisfies CheckpointTree);
}

/**
 * Reads a checkpoint and puts its states into the parts that are given, all or nothing. The checksum of the file is
 * verified before. Parts that the checkpoint has and that are not given are left out. With parts, the default generator
 * of `manualSeed` goes on where it stood, too; without parts nothing changes.
 * @param parts `model`, `optimizer`, `schedules`, `averages`, `generators`, `parts`: made as those were that were saved.
 * @throws ArgumentError that names what does not fit: another model, optimizer, number of parameters in a group, kind of
 *   schedule, …; DataError if the file is another one, was cut short or has changed; FileError if it cannot be read;
 *   OptionError, BusyError, MemoryError
 * @example
 * await saveCheckpoint("run.safetensors", { model, optimizer, extra: { epoch: 3 } });
 * const { extra } = await loadCheckpoint("run.safetensors", { model, optimizer });
 * extra;   // { epoch: 3 }
 */
export async function loadCheckpoint(path: FilePath, parts: RunParts = {}): Promise<Checkpoint> {
  const where = "loadCheckpoint";
  const own = readParts(where, parts);
  return loaded(where, path, own, await readCheckpoint(where, path));
}

/** As `loadCheckpoint`, on this thread. */
export function loadCheckpointSync(path: FilePath, parts: RunParts = {}): Checkpoint {
  const where = "loadCheckpointSync";
  const own = readParts(where, parts);
  const tree = asCheckpoint(where, path, readStateSync(where, path));
  return loaded(where, path, own, tree);
}

function readParts(where: string, parts: RunParts): RunParts {
  checkRequired(where, parts, RUN_PARTS);
  return checkRunParts(where, parts);
}

function loaded(where: string, path: FilePath, own: RunParts, tree: CheckpointTree): Checkpoint {
  if (Object.keys(own).length > 0) {
    checkFits(where, path, differences(tree.run, own, false));
    putState(where, tree.run, own);
  }
  const fit = isRecord(tree.fit) ? tree.fit : null;
  const number = (name: string): number => Number(fit?.[name]);
  const position =
    fit === null ? null : { epoch: number("epoch"), batch: number("batch"), step: number("step") };
  return { extra: tree.extra as StateValue, position };
}

/** @throws ArgumentError if there are differences */
export function checkFits(where: string, path: FilePath, found: readonly string[]): void {
  if (found.length === 0) return;
  throw new ArgumentError(`${where}: ${checkPath(where, path)} does not fit: ${found.join("; ")}`);
}

/** The checkpoint in a file. */
export async function readCheckpoint(where: string, path: FilePath): Promise<CheckpointTree> {
  return asCheckpoint(where, path, await readState(where, path));
}

function asCheckpoint(where: string, path: FilePath, tree: StateValue): CheckpointTree {
  if (isCheckpoint(tree)) return tree;
  throw new DataError(`${where}: ${checkPath(where, path)}: expected a checkpoint, got another state`);
}

const isCheckpoint = (tree: unknown): tree is CheckpointTree =>
  isRecord(tree) && tree["kind"] === "checkpoint" && isRunState(tree["run"]);
