// The form of files before PyTorch 1.6: pickles one after the other, and then the storages.
import { DataError } from "../../errors.js";
import { find } from "./names.js";
import { STORAGES, type StorageView, widthOf } from "./storage.js";
import { Refusal, unpickle, type World } from "./unpickle.js";
import { Dict, kindOf, Named, StoredStorage, Tuple, type Value } from "./values.js";

// torch.serialization.MAGIC_NUMBER
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** What a file holds. */
export interface PickledObject {
  readonly value: Value;
  /** Bytes of its pickles. */
  readonly pickleBytes: number;
  /** Bytes of the file, or of its entries if they are compressed. */
  readonly bytes: number;
}

/** Whether they may be such a file: a pickle of protocol 2 or later, of which the first is PyTorch's magic number. */
export function isLegacy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80;
}

/** @throws DataError */
export function readLegacy(where: string, bytes: Uint8Array): PickledObject {
  const storages = new Map<string, LegacyStorage>();
  let at = 0;
  const next = (world: World): Value => {
    const { value, end } = unpickle(where, bytes, world, at);
    at = end;
    return value;
  };
  const magic = next(NOTHING);
  if (magic !== MAGIC) throw new DataError(`${where}: expected PyTorch's magic number, got ${kindOf(magic)}`);
  const protocol = next(NOTHING);
  if (protocol !== PROTOCOL) {
    throw new DataError(`${where}: expected version ${PROTOCOL} of the form, got ${kindOf(protocol)}`);
  }
  checkSystem(where, next(NOTHING));
  const value = next({ find, persistent: (id) => persistentOf(id, storages) });
  const keys = next(NOTHING);
  if (!Array.isArray(keys)) {
    throw new DataError(`${where}: expected a list of storages, got ${kindOf(keys)}`);
  }
  const pickleBytes = at;
  for (const key of keys) at = fill(where, bytes, at, storages, key);
  for (const [key, storage] of storages) {
    if (storage.bytes === undefined) throw new DataError(`${where}: storage ${key} is not in the file`);
  }
  if (at !== bytes.length) {
    throw new DataError(`${where}: expected the end after byte ${at}, the file has ${bytes.length}`);
  }
  return { value, pickleBytes, bytes: bytes.length };
}

/** For pickles that refer to nothing. */
const NOTHING: World = {
  find: (name) => {
    throw new Refusal(`the name ${JSON.stringify(name.slice(0, 100))} is refused`);
  },
  persistent: () => {
    throw new Refusal("a persistent id is refused");
  },
};

/** A storage whose bytes come after the pickles. */
class LegacyStorage {
  readonly key: string;
  readonly dtype: string;
  readonly count: number;
  bytes: Uint8Array | undefined;

  constructor(key: string, dtype: string, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }

  get width(): number {
    return widthOf(this.dtype);
  }

  /** All of it, or the elements that older files had views of. */
  view(offset = 0, count = this.count): StorageView {
    const [start, length] = [offset * this.width, count * this.width];
    return {
      key: offset === 0 && count === this.count ? this.key : `${this.key}: ${offset}, ${count}`,
      dtype: this.dtype,
      length,
      read: () => (this.bytes as Uint8Array).subarray(start, start + length),
    };
  }
}

function checkSystem(where: string, system: Value): void {
  if (!(system instanceof Dict)) {
    throw new DataError(`${where}: expected a dict about the system, got ${kindOf(system)}`);
  }
  const at = system.pairs.indexOf("little_endian");
  if (at % 2 === 0 && system.pairs[at + 1] === false) throw new DataError(`${where}: ${BIG_ENDIAN}`);
}

/** Why files of big-endian machines are refused. */
export const BIG_ENDIAN = "was saved on a big-endian machine; expected little-endian numbers";

/** `("storage", class, key, location, number of elements, view)`: the part that both forms have in common. */
export function storageIn(id: Value): { key: string; dtype: string; count: number; rest: readonly Value[] } {
  if (!(id instanceof Tuple) || id.items[0] !== "storage") {
    throw new Refusal(`expected a persistent id of a storage, got ${kindOf(id)}`);
  }
  const [, kind, key, , count, ...rest] = id.items;
  const dtype = kind instanceof Named ? STORAGES[kind.name] : undefined;
  if (dtype === undefined || typeof key !== "string") throw new Refusal("expected a storage's class and key");
  if (typeof count !== "number" || !Number.isSafeInteger(count * 8) || count < 0) {
    throw new Refusal("expected a storage's number of elements");
  }
  return { key, dtype, count, rest };
}

function persistentOf(id: Value, storages: Map<string, LegacyStorage>): StoredStorage {
  const { key, dtype, count, rest } = storageIn(id);
  const storage = storages.get(key) ?? new LegacyStorage(key, dtype, count);
  if (storage.dtype !== dtype || storage.count !== count) {
    throw new Refusal(`storage ${key} has two types or sizes`);
  }
  storages.set(key, storage);
  const [view = null] = rest;
  if (view === null) return new StoredStorage(storage.view());
  const [, offset, size] = view instanceof Tuple ? view.items : [];
  const isWithin =
    typeof offset === "number" &&
    typeof size === "number" &&
    offset >= 0 &&
    size >= 0 &&
    offset + size <= count;
  if (!isWithin || !Number.isInteger(offset) || !Number.isInteger(size)) {
    throw new Refusal(`expected a view within storage ${key}`);
  }
  return new StoredStorage(storage.view(offset, size));
}

/** Takes the bytes of one storage, and gives where they end. */
function fill(
  where: string,
  bytes: Uint8Array,
  at: number,
  storages: ReadonlyMap<string, LegacyStorage>,
  key: Value,
): number {
  const storage = typeof key === "string" ? storages.get(key) : undefined;
  if (storage === undefined || storage.bytes !== undefined) {
    throw new DataError(`${where}: expected each storage that is used once, got ${kindOf(key)}`);
  }
  const start = at + 8;
  if (start > bytes.length) throw new DataError(`${where}: the file ends before storage ${storage.key}`);
  const count = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0, true);
  if (count !== BigInt(storage.count)) {
    throw new DataError(
      `${where}: byte ${at}: expected ${storage.count} elements of storage ${storage.key}, got ${count}`,
    );
  }
  const end = start + storage.count * storage.width;
  if (end > bytes.length) {
    throw new DataError(
      `${where}: storage ${storage.key} reaches to byte ${end}, the file has ${bytes.length}`,
    );
  }
  storage.bytes = bytes.subarray(start, end);
  return end;
}
