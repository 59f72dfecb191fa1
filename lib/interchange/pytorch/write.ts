import { types } from "node:util";
import type { FilePath } from "../../files/path.js";
import { writeAtomically } from "../../files/write.js";
import { toStored } from "../../formats/convert.js";
import { STORED_FLOATS, type StoredDType, type StoredFloat } from "../../formats/stored-array.js";
import { encodeZip } from "../../formats/zip-encode.js";
import { Parameter } from "../../nn/parameter.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { CombinedSchedule } from "../../optim/schedulers/combined.js";
import { OneCycleLR } from "../../optim/schedulers/one-cycle.js";
import { checkChoice, checkOptions, isPlainObject } from "../../options.js";
import { isFloat } from "../../tensor/dtype.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Storage } from "../../tensor/storage.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { copied, joined } from "../arrays.js";
import { Call, Name, Persistent, pickle, Tuple } from "./pickle.js";
import { stateOf } from "./states.js";
import { STORAGES } from "./storage.js";

export interface WritePyTorchOptions {
  /**
   * How floats are stored: values are rounded to the nearest, of two the even one; a finite number that would become
   * infinite is refused. Default: as the tensors are.
   */
  readonly dtype?: StoredFloat;
}

/**
 * Writes a file that `torch.load(path, weights_only=True)` reads, as `torch.save` does: state dicts and checkpoints.
 *
 * What becomes of values:
 *
 * | here | PyTorch |
 * |---|---|
 * | a tensor; a parameter | a tensor of the same dtype; a Parameter. Those that share memory share it there |
 * | a model | its state dict, tied weights by each of their names |
 * | an optimizer, or its `stateDict()` | its state dict, for `load_state_dict` of PyTorch's optimizer of the same name |
 * | a learning-rate schedule | its state dict, for PyTorch's schedule of the same name |
 * | a plain object, a Map | a dict; names of an object are text |
 * | an array, a Set | a list, a set |
 * | a number | an int if it is a whole one below 2⁵³, otherwise a float |
 * | a bigint, text, a boolean, null, a Uint8Array | int, str, bool, None, bytes |
 *
 * The file is written whole or not at all.
 * @throws ArgumentError for a value of another kind, for objects that contain themselves, and for a number that `dtype`
 *   cannot hold; FileError, OptionError; DetachedError, BusyError for a tensor whose memory cannot be read now
 * @example
 * const scheduler = new optim.StepLR(optimizer, { stepSize: 10 });
 * await writePyTorch("run.pt", { model, optimizer, scheduler, epoch: 3 });
 * // In Python: run = torch.load("run.pt"); model.load_state_dict(run["model"]); …
 */
export async function writePyTorch(
  path: FilePath,
  value: unknown,
  options: WritePyTorchOptions = {},
): Promise<void> {
  const where = "writePyTorch";
  await writeAtomically(where, path, copied(where, encode(where, value, options)));
}

/**
 * The bytes of the file that `writePyTorch` writes.
 * @throws as `writePyTorch`, without FileError
 * @example const bytes = encodePyTorch({ weight: model.m0.weight });
 */
export function encodePyTorch(value: unknown, options: WritePyTorchOptions = {}): Uint8Array {
  return joined("encodePyTorch", encode("encodePyTorch", value, options));
}

/** PyTorch's class of storages by dtype. */
const CLASSES = new Map(Object.entries(STORAGES).map(([name, dtype]) => [dtype, name]));

interface StoredBytes {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** The file in pieces. Those of tensors are their own memory. */
function encode(where: string, value: unknown, options: WritePyTorchOptions): Uint8Array[] {
  checkOptions(where, options, ["dtype"]);
  const floats =
    options.dtype === undefined ? undefined : checkChoice(where, "dtype", options.dtype, STORED_FLOATS);
  const dtypeOf = ({ dtype }: Tensor): StoredDType => (isFloat(dtype) ? (floats ?? dtype) : dtype);
  const storages = new Map<Storage, StoredBytes>();
  const cycles = cyclesIn(value);
  const storageOf = (tensor: Tensor, place: string): string => {
    const known = storages.get(tensor.storage);
    if (known !== undefined) return known.key;
    const key = String(storages.size);
    storages.set(tensor.storage, {
      key,
      bytes: toStored(tensor, dtypeOf(tensor), `${where}: ${place}`).bytes,
    });
    return key;
  };
  const pickled = pickle(where, value, (object, place) => {
    if (!isTensor(object)) return stateOf(object, cycles);
    const rebuilt = rebuilding(object, dtypeOf(object), storageOf(object, place));
    return object instanceof Parameter
      ? new Call("torch._utils._rebuild_parameter", [rebuilt, object.requiresGrad, NO_HOOKS])
      : rebuilt;
  });
  return archive(where, pickled, storages.values());
}

const NO_HOOKS = new Call("collections.OrderedDict", []);

/** The call that makes a tensor of its storage. */
function rebuilding({ shape, size, requiresGrad }: Tensor, dtype: StoredDType, key: string): Call {
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  const kind = new Name(CLASSES.get(`torch.${dtype}`) as string);
  const storage = new Persistent(["storage", kind, key, "cpu", size]);
  return new Call("torch._utils._rebuild_tensor_v2", [
    storage,
    0,
    new Tuple(shape),
    new Tuple(strides),
    requiresGrad,
    NO_HOOKS,
  ]);
}

/** The one-cycle schedules in the value, by their optimizers. */
function cyclesIn(value: unknown): Map<Optimizer, OneCycleLR> {
  const found = new Map<Optimizer, OneCycleLR>();
  const objects = new Set([value]);
  // The loop goes on to what it adds.
  for (const one of objects) {
    if (one instanceof OneCycleLR) found.set(one.optimizer, one);
    for (const part of partsOf(one)) if (typeof part === "object") objects.add(part);
  }
  return found;
}

/** What a container holds, or a schedule of schedules. */
function partsOf(value: unknown): Iterable<unknown> {
  if (value instanceof CombinedSchedule) return value.schedules;
  if (Array.isArray(value) || types.isSet(value)) return value;
  if (types.isMap(value)) return value.values();
  return isPlainObject(value) ? Object.values(value) : [];
}

/** Where PyTorch's records begin: at multiples of this, for files that are mapped into memory. */
const ALIGNMENT = 64;
/** The form of the archive, as PyTorch numbers it. */
const VERSION = "3\n";

function archive(where: string, pickled: Uint8Array, storages: Iterable<StoredBytes>): Uint8Array[] {
  const records = new Map<string, readonly Uint8Array[]>([
    ["archive/data.pkl", [pickled]],
    ["archive/byteorder", [Buffer.from("little")]],
    ["archive/version", [Buffer.from(VERSION)]],
  ]);
  for (const { key, bytes } of storages) records.set(`archive/data/${key}`, [bytes]);
  return encodeZip(where, records, { alignment: ALIGNMENT });
}
