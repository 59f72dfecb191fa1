// A file of PyTorch's as a list: its arrays as they are stored, and its other values, each by the names that lead to it.
import { types } from "node:util";
import type { StoredArray } from "../../formats/stored-array.js";
import { zeros } from "../../tensor/create.js";
import type { Storage } from "../../tensor/storage.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { type PyTorchValue, toPlain } from "./plain.js";
import { readObject } from "./read.js";

export interface FlatFile {
  /** "model.0.weight" → the array. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** "epoch" → 3. Lists and dicts without values are left out. */
  readonly values: ReadonlyMap<string, string | number | bigint | boolean | null>;
}

/** @throws DataError */
export function readFlat(where: string, bytes: Uint8Array): FlatFile {
  const { value, pickleBytes, bytes: unpacked } = readObject(where, bytes, {});
  // By storage: tied tensors share one.
  const stored = new Map<Storage, StoredArray>();
  const plain = toPlain(value, {
    where,
    pickleBytes,
    maxBytes: 8 * unpacked + (16 << 20),
    toTensor: (_, array) => {
      const standIn = zeros([0]);
      stored.set(standIn.storage, array);
      return standIn;
    },
  });
  const arrays = new Map<string, StoredArray>();
  const values = new Map<string, string | number | bigint | boolean | null>();
  const visit = (name: string, part: PyTorchValue): void => {
    if (isTensor(part)) arrays.set(name, stored.get(part.storage) as StoredArray);
    else if (types.isUint8Array(part)) values.set(name, `${part.length} bytes`);
    else if (typeof part !== "object" || part === null) values.set(name, part);
    else for (const [key, inner] of entriesOf(part)) visit(name === "" ? key : `${name}.${key}`, inner);
  };
  visit("", plain);
  return { arrays, values };
}

function entriesOf(
  part: Exclude<PyTorchValue, null | boolean | number | bigint | string | Uint8Array | Tensor>,
) {
  if (types.isMap(part)) {
    return Array.from(part, ([key, inner]): [string, PyTorchValue] => [
      typeof key === "object" ? "…" : String(key),
      inner,
    ]);
  }
  return Object.entries(types.isSet(part) ? [...part] : part);
}
