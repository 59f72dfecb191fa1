// What a pickle holds, before it is made into plain values and tensors.
import { types } from "node:util";
import type { StorageView } from "./storage.js";

/** A Python value. A list is an array; text, numbers, bytes, None and truths are JavaScript's. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Value[]
  | Tuple
  | Dict
  | Items
  | Named
  | Callable
  | StoredStorage
  | StoredTensor;

export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A dict, an OrderedDict or a Counter: keys and values in turn, in the order of the pickle. */
export class Dict {
  readonly pairs: Value[] = [];
}

/** A set or a frozenset. */
export class Items {
  readonly items: Value[] = [];
}

/** What stands for itself: a dtype, a device, a class of storages. */
export class Named {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A name that a pickle may call: what it gives is computed here, by no code of the file. */
export class Callable {
  readonly name: string;
  readonly apply: (args: readonly Value[]) => Value;

  constructor(name: string, apply: (args: readonly Value[]) => Value) {
    this.name = name;
    this.apply = apply;
  }
}

/** A storage of the file. */
export class StoredStorage {
  readonly view: StorageView;

  constructor(view: StorageView) {
    this.view = view;
  }
}

/** A tensor as a pickle has it: which elements of a storage. */
export class StoredTensor {
  /** The name of its dtype, such as `torch.float32`. */
  readonly dtype: string;
  readonly storage: StorageView;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly requiresGrad: boolean;

  constructor(given: Readonly<Omit<StoredTensor, never>>) {
    this.dtype = given.dtype;
    this.storage = given.storage;
    this.offset = given.offset;
    this.shape = given.shape;
    this.strides = given.strides;
    this.requiresGrad = given.requiresGrad;
  }
}

/** A word for a value of a pickle, for error messages. */
export function kindOf(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (types.isUint8Array(value)) return `${value.length} bytes`;
  if (value instanceof Tuple) return `a tuple of ${value.items.length}`;
  if (value instanceof Dict) return "a dict";
  if (value instanceof Items) return "a set";
  if (value instanceof StoredStorage) return "a storage";
  if (value instanceof StoredTensor) return "a tensor";
  return value.name;
}
