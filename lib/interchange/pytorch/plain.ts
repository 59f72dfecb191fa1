// From what a pickle holds to what users get: plain values and tensors.
import { DataError } from "../../errors.js";
import type { StoredArray } from "../../formats/stored-array.js";
import { describe } from "../../options.js";
import { sizeOf } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { elementsOf, widthOf } from "./storage.js";
import {
  Callable,
  Dict,
  Items,
  kindOf,
  Named,
  StoredStorage,
  StoredTensor,
  Tuple,
  type Value,
} from "./values.js";

/** A value of a checkpoint: what `readPyTorch` makes of each. */
export type PyTorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | PyTorchValue[]
  | Set<PyTorchValue>
  | Map<PyTorchValue, PyTorchValue>
  | { [name: string]: PyTorchValue };

export interface PlainOptions {
  /** For error messages. */
  readonly where: string;
  /** Bytes of the pickle: without what it refers to twice, the values are not more than these. */
  readonly pickleBytes: number;
  /** The most bytes of all tensors together. */
  readonly maxBytes: number;
  readonly toTensor: (name: string, array: StoredArray) => Tensor;
}

/** A value that is made, and how many values it is written out. */
interface Made {
  readonly plain: PyTorchValue;
  readonly count: number;
}

const MOST_DEPTH = 500;
/** How many values may be there twice or more, by reference. */
const MOST_REPEATED = 1_000_000;

/**
 * Plain values and tensors of what a pickle holds. What the pickle refers to twice is one object here too.
 * @throws DataError for values that contain themselves, nest too deep, or are too large written out
 */
export function toPlain(value: Value, options: PlainOptions): PyTorchValue {
  return new Plain(options).make(value).plain;
}

class Plain {
  readonly #options: PlainOptions;
  readonly #made = new Map<object, Made>();
  /** Tensors by which elements of which storage they have. */
  readonly #tensors = new Map<string, Tensor>();
  /** The names that lead to the value which is made now. */
  readonly #path: string[] = [];
  readonly #open = new Set<object>();
  #bytes = 0;

  constructor(options: PlainOptions) {
    this.#options = options;
  }

  make(value: Value): Made {
    if (typeof value === "bigint" || typeof value !== "object" || value === null) {
      return { plain: value, count: 1 };
    }
    const before = this.#made.get(value);
    if (before !== undefined) return before;
    if (this.#open.has(value)) throw this.#error("contains itself");
    if (this.#open.size >= MOST_DEPTH) throw this.#error(`is nested more than ${MOST_DEPTH} deep`);
    this.#open.add(value);
    const made = this.#makeObject(value);
    this.#open.delete(value);
    if (made.count > this.#options.pickleBytes + MOST_REPEATED) {
      throw this.#error("refers to the same values too often: written out it would be very large");
    }
    this.#made.set(value, made);
    return made;
  }

  #makeObject(value: Exclude<Value, null | boolean | number | bigint | string>): Made {
    if (value instanceof StoredTensor) return { plain: this.#tensor(value), count: 1 };
    if (value instanceof StoredStorage) return { plain: this.#tensor(wholeOf(value)), count: 1 };
    if (value instanceof Dict) return this.#dict(value);
    if (value instanceof Items) {
      const { plain, count } = this.#list(value.items);
      return { plain: new Set(plain), count };
    }
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Tuple) return this.#list(value.items);
    if (value instanceof Named) return { plain: value.name, count: 1 };
    if (value instanceof Callable) throw this.#error(`is ${kindOf(value)} itself, expected what it makes`);
    return { plain: value, count: 1 };
  }

  #list(items: readonly Value[]): { plain: PyTorchValue[]; count: number } {
    let count = 1;
    const plain = items.map((item, i) => {
      const made = this.#within(String(i), item);
      count += made.count;
      return made.plain;
    });
    return { plain, count };
  }

  #dict({ pairs }: Dict): Made {
    const entries = new Map<PyTorchValue, PyTorchValue>();
    let count = 1;
    for (let i = 0; i < pairs.length; i += 2) {
      const key = this.make(pairs[i] as Value);
      const made = this.#within(nameOf(key.plain), pairs[i + 1] as Value);
      entries.set(key.plain, made.plain);
      count += key.count + made.count;
    }
    return { plain: isNamed(entries) ? namedObject(entries) : entries, count };
  }

  #within(name: string, value: Value): Made {
    this.#path.push(name);
    const made = this.make(value);
    this.#path.pop();
    return made;
  }

  #tensor(tensor: StoredTensor): Tensor {
    const { storage, dtype, offset, shape, strides, requiresGrad } = tensor;
    const id = JSON.stringify([storage.key, dtype, offset, shape, strides]);
    const before = this.#tensors.get(id);
    const made =
      before === undefined ? this.#newTensor(tensor) : new Tensor(before.storage, before.shape, before.dtype);
    this.#tensors.set(id, made);
    if (requiresGrad && (made.dtype === "float32" || made.dtype === "float64")) made.requiresGrad = true;
    return made;
  }

  #newTensor(tensor: StoredTensor): Tensor {
    const { where, maxBytes, toTensor } = this.#options;
    const name = this.#path.join(".");
    // A tensor of another dtype has at most 8 bytes an element.
    const width = Math.max(4, widthOf(tensor.dtype));
    this.#bytes += sizeOf(tensor.shape) * width;
    if (this.#bytes > maxBytes) {
      throw new DataError(
        `${where}: ${name}: the tensors need more than ${maxBytes} bytes; the option maxBytes allows more`,
      );
    }
    return toTensor(name, elementsOf(`${where}: ${name}`, tensor));
  }

  #error(what: string): DataError {
    const place = this.#path.slice(0, 8).join(".");
    return new DataError(`${this.#options.where}: ${place === "" ? "the value" : place} ${what}`);
  }
}

/** A key as a part of a path, for error messages. */
const nameOf = (key: PyTorchValue): string =>
  typeof key === "object" && key !== null ? `(entry ${describe(key)})` : String(key);

/** A storage that stands for itself: all its elements. */
function wholeOf({ view }: StoredStorage): StoredTensor {
  const shape = [Math.floor(view.length / widthOf(view.dtype))];
  return new StoredTensor({
    dtype: view.dtype,
    storage: view,
    offset: 0,
    shape,
    strides: [1],
    requiresGrad: false,
  });
}

/** Whether all keys are text or whole numbers, and different as names. */
function isNamed(entries: ReadonlyMap<PyTorchValue, PyTorchValue>): boolean {
  const names = new Set<string>();
  for (const key of entries.keys()) {
    if (typeof key !== "string" && !Number.isSafeInteger(key)) return false;
    names.add(String(key));
  }
  return names.size === entries.size;
}

/** Without a prototype, so that the name `__proto__` is one like any other. */
function namedObject(entries: ReadonlyMap<PyTorchValue, PyTorchValue>): { [name: string]: PyTorchValue } {
  const object: { [name: string]: PyTorchValue } = Object.create(null);
  for (const [key, value] of entries) object[String(key)] = value;
  return object;
}
