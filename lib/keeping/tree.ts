// Trees of plain values, tensors and typed arrays as JSON text and a list of arrays. It is the one form in which states
// are kept in files.
//
// null, true, numbers, strings, lists and objects are themselves in the text. What JSON lacks is an object with one
// key that begins with one "$": { "$number": "NaN" }, { "$tensor": "model.0.weight" }, … A user's key that begins
// with "$" gets another one in front.

import { Buffer, constants } from "node:buffer";
import { types } from "node:util";
import { ArgumentError, DataError, DetachedError, MemoryError } from "../errors.js";
import { toTensor } from "../formats/convert.js";
import { quote, type StoredArray, type StoredDType } from "../formats/stored-array.js";
import { describe, isPlainObject } from "../options.js";
import { bytesOf } from "../tensor/dtype.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

// UTF-8, and so a name in a file, cannot express it.
const HALF_A_PAIR = /\p{Surrogate}/gu;
/** Lists and objects within each other, for writing and for reading. */
const MOST_LEVELS = 100;

const TYPED_ARRAYS = {
  Int8Array: { dtype: "int8", make: Int8Array },
  Uint8Array: { dtype: "uint8", make: Uint8Array },
  Uint8ClampedArray: { dtype: "uint8", make: Uint8ClampedArray },
  Int16Array: { dtype: "int16", make: Int16Array },
  Uint16Array: { dtype: "uint16", make: Uint16Array },
  Int32Array: { dtype: "int32", make: Int32Array },
  Uint32Array: { dtype: "uint32", make: Uint32Array },
  BigInt64Array: { dtype: "int64", make: BigInt64Array },
  BigUint64Array: { dtype: "uint64", make: BigUint64Array },
  Float32Array: { dtype: "float32", make: Float32Array },
  Float64Array: { dtype: "float64", make: Float64Array },
} as const;
/** A text of millions of digits takes minutes to be read. */
const MOST_DIGITS = 1000;
const DIGITS = new RegExp(`^-?\\d{1,${MOST_DIGITS}}$`);
const MOST_BIGINT = 10n ** BigInt(MOST_DIGITS);

type TypedArrayName = keyof typeof TYPED_ARRAYS;
type AnyTypedArray = InstanceType<(typeof TYPED_ARRAYS)[TypedArrayName]["make"]>;

/** What a state may hold, at any depth. */
export type StateValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Tensor
  | AnyTypedArray
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

type ArraySource = Tensor | AnyTypedArray;

/** A tree as text, with the arrays that the text names. They are the tree's own, not copies. */
export interface WrittenTree {
  readonly text: string;
  readonly arrays: ReadonlyMap<string, ArraySource>;
}

/**
 * Arrays are named by their place: `model.0.weight`. If two places have that name, the second is `model.0.weight#2`.
 * @throws ArgumentError that names the place of a value that cannot be kept, such as a function or an object of a
 *   class.
 */
export function writeTree(where: string, tree: unknown): WrittenTree {
  const arrays = new Map<string, ArraySource>();
  const nameFor = (place: string): string => {
    const wanted = (place === "" ? "value" : place).replace(HALF_A_PAIR, "\uFFFD");
    for (let i = 1; ; i++) {
      const name = i === 1 ? wanted : `${wanted}#${i}`;
      if (!arrays.has(name) && name !== "__metadata__") return name;
    }
  };
  const refuse = (place: string, what: string): never => {
    throw new ArgumentError(
      `${where}: expected plain values, typed arrays and tensors, got ${what}${place === "" ? "" : ` at ${quote(place)}`}`,
    );
  };
  const written = (value: unknown, place: string, level: number): unknown => {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: specialNumber(value) };
      case "bigint":
        if (value >= MOST_BIGINT || value <= -MOST_BIGINT) {
          return refuse(place, `a bigint of more than ${MOST_DIGITS} digits`);
        }
        return { $bigint: String(value) };
      case "undefined":
        return { $undefined: true };
      case "object":
        break;
      default:
        return refuse(place, describe(value));
    }
    if (value === null) return null;
    const own = arrayIn(value);
    if (own !== null) {
      const name = nameFor(place);
      arrays.set(name, own.source);
      return own.kind === null ? { $tensor: name } : { $array: [own.kind, name] };
    }
    if (level === MOST_LEVELS) return refuse(place, `lists or objects more than ${MOST_LEVELS} deep`);
    const below = (key: string | number): string => (place === "" ? String(key) : `${place}.${key}`);
    if (types.isProxy(value)) return refuse(place, describe(value));
    if (Array.isArray(value)) return Array.from(value, (one, i) => written(one, below(i), level + 1));
    if (!isPlainObject(value)) return refuse(place, describe(value));
    const entries = Object.entries(value).map(([key, one]) => [
      key.startsWith("$") ? `$${key}` : key,
      written(one, below(key), level + 1),
    ]);
    return Object.fromEntries(entries);
  };
  const text = JSON.stringify(written(tree, "", 0));
  return { text, arrays };
}

const specialNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** A tensor, or a typed array with its name; null for any other object. */
function arrayIn(value: object): { source: ArraySource; kind: TypedArrayName | null } | null {
  if (isTensor(value)) return { source: value, kind: null };
  if (!types.isTypedArray(value)) return null;
  const kind = value[Symbol.toStringTag] as TypedArrayName;
  return Object.hasOwn(TYPED_ARRAYS, kind) ? { source: value as AnyTypedArray, kind } : null;
}

const byteLength = (source: ArraySource): number => (isTensor(source) ? bytesOf(source) : source.byteLength);

/**
 * Copies arrays, each byte once, as views of one buffer.
 * @param spares buffers that may be used, if one has the right size.
 * @throws DetachedError, BusyError for a tensor that cannot be read now; MemoryError
 */
export function copyArrays(
  where: string,
  sources: ReadonlyMap<string, ArraySource>,
  spares: readonly ArrayBuffer[] = [],
): Map<string, StoredArray> {
  let bytes = 0;
  for (const source of sources.values()) bytes += byteLength(source);
  const buffer = spares.find((spare) => spare.byteLength === bytes) ?? allocate(where, bytes);
  const copies = new Map<string, StoredArray>();
  let at = 0;
  for (const [name, source] of sources) {
    const target = new Uint8Array(buffer, at, byteLength(source));
    at += target.length;
    if (isTensor(source)) {
      source.storage.copyTo(target);
      // Any byte but 0 means true; files have 1.
      if (source.dtype === "bool") for (const [i, byte] of target.entries()) target[i] = byte === 0 ? 0 : 1;
      copies.set(name, { dtype: source.dtype, shape: source.shape, bytes: target });
    } else {
      target.set(bytesIn(where, name, source));
      const { dtype } = TYPED_ARRAYS[source[Symbol.toStringTag]];
      copies.set(name, { dtype, shape: [source.length], bytes: target });
    }
  }
  return copies;
}

function bytesIn(where: string, name: string, { buffer, byteOffset, byteLength }: AnyTypedArray): Uint8Array {
  try {
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch {
    throw new DetachedError(`${where}: the buffer of ${quote(name)} was transferred or detached`);
  }
}

function allocate(where: string, bytes: number): ArrayBuffer {
  try {
    if (bytes > constants.MAX_LENGTH) throw new RangeError("longer than an ArrayBuffer");
    // Not zeroed, and not a part of Node's pool, so that it can be transferred.
    return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
  } catch {
    throw new MemoryError(`${where}: there is no memory for a copy of ${bytes} bytes`);
  }
}

/**
 * The tree that `writeTree` wrote.
 * @param where The calling function and the file, for messages.
 * @throws DataError where the text is not one that `writeTree` writes, or an array is missing or of another type.
 */
export function readTree(where: string, text: string, arrays: ReadonlyMap<string, StoredArray>): StateValue {
  const refuse = (what: string): never => {
    throw new DataError(`${where}: ${what}`);
  };
  // Each may be named once, so that what is read is not larger than the file.
  const named = new Set<StoredArray>();
  const arrayNamed = (name: unknown, dtype?: StoredDType): StoredArray => {
    const found = typeof name === "string" ? arrays.get(name) : undefined;
    if (found === undefined)
      return refuse(`the state names an array ${describe(name)}, which the file lacks`);
    if (named.has(found)) return refuse(`the state names the array ${describe(name)} more than once`);
    named.add(found);
    if (dtype === undefined || (found.dtype === dtype && found.shape.length === 1)) return found;
    return refuse(`expected array ${describe(name)} to be [n] of ${dtype}, got ${found.dtype}`);
  };
  const special: Readonly<Record<string, (value: unknown) => StateValue>> = {
    $number: (value) => {
      const known = ["NaN", "Infinity", "-Infinity", "-0"].includes(value as string);
      return known
        ? Number(value)
        : refuse(`expected $number to be NaN, ±Infinity or -0, got ${describe(value)}`);
    },
    $bigint: (value) =>
      typeof value === "string" && DIGITS.test(value)
        ? BigInt(value)
        : refuse(`expected $bigint to be at most ${MOST_DIGITS} digits, got ${describe(value)}`),
    $undefined: () => undefined,
    $tensor: (value) => toTensor(where, String(value), arrayNamed(value)),
    $array: (value) => {
      const [kind, name] = Array.isArray(value) ? value : [];
      if (typeof kind !== "string" || !Object.hasOwn(TYPED_ARRAYS, kind)) {
        return refuse(`expected $array to name a typed array, got ${describe(kind)}`);
      }
      const { dtype, make } = TYPED_ARRAYS[kind as TypedArrayName];
      // A copy: the bytes may be unaligned.
      return new make(new Uint8Array(arrayNamed(name, dtype).bytes).buffer);
    },
  };
  const read = (value: unknown, level: number): StateValue => {
    if (typeof value !== "object" || value === null) return value as null | boolean | number | string;
    const entries = Object.entries(value);
    const marked = Array.isArray(value) ? undefined : entries.find(([key]) => /^\$(?!\$)/.test(key));
    if (marked !== undefined) {
      const [key, only] = marked;
      return entries.length === 1 && Object.hasOwn(special, key)
        ? (special[key] as (value: unknown) => StateValue)(only)
        : refuse(`unknown kind of value ${quote(key)} in the state`);
    }
    if (level === MOST_LEVELS) return refuse(`the state is more than ${MOST_LEVELS} levels deep`);
    if (Array.isArray(value)) return value.map((one) => read(one, level + 1));
    // `fromEntries` makes `__proto__` a key as any other.
    return Object.fromEntries(
      entries.map(([name, one]) => [name.startsWith("$") ? name.slice(1) : name, read(one, level + 1)]),
    );
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: the state is not JSON`, { cause: error });
  }
  return read(parsed, 0);
}
