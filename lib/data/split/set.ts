import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../../errors.js";
import { describe, isInstance, isPlainObject } from "../../options.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { Bytes } from "../bytes.js";
import { type AnyDataset, Dataset } from "../dataset.js";
import { select } from "../samples.js";
import { Column } from "../table/column.js";
import { Table } from "../table/table.js";

/** Typed arrays of a number a sample, as labels are. */
export type Numbers =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Samples along the first axis: of one part of a set. */
export type SetPart = Table | Tensor | Bytes | Numbers | readonly unknown[];
/**
 * What can be split: a part, or an object of parts of one length, such as `{ x, y }`; those may be objects too, or lists
 * of tensors and `Bytes`.
 */
export type SplittableSet = SetPart | AnyDataset | { readonly [name: string]: SplittableSet };

/** What a part of the set is: of the same kind. A `Dataset` becomes `{ x, y }`, or `{ x, y, w }`. */
export type PartOf<S> =
  S extends Dataset<infer X, infer Y>
    ? { readonly x: PartOf<X>; readonly y: PartOf<Y>; readonly w?: Tensor }
    : S extends Tensor | Bytes | Table | Numbers
      ? S
      : S extends readonly (infer T)[]
        ? T extends Tensor | Bytes
          ? { [K in keyof S]: S[K] }
          : T[]
        : { readonly [name in keyof S]: PartOf<S[name]> };

/** The number of samples of a set, all of whose parts must have it. @throws ArgumentError, ShapeError, DataError */
export function checkSet(where: string, set: unknown): number {
  const length = lengthOf(where, "the set", set, 0);
  if (length === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
  return length;
}

const MOST_LEVELS = 8;

function lengthOf(where: string, name: string, set: unknown, level: number): number {
  if (isInstance(set, Table) || isInstance(set, Bytes) || isInstance(set, Dataset)) return set.length;
  if (isTensor(set)) {
    if (set.rank > 0) return set.shape[0] as number;
    throw new ShapeError(`${where}: expected ${name} to have samples along its first axis, got []`);
  }
  if (types.isTypedArray(set)) return set.length;
  if (types.isProxy(set)) throw new ArgumentError(`${where}: expected ${name} to be a set, got a proxy`);
  if (Array.isArray(set)) {
    if (!hasParts(set)) return set.length;
    if (level === 0) {
      // It is not known whether they are samples or parts.
      throw new ArgumentError(`${where}: ${name} is a list of tensors; give them names: { a, b }`);
    }
  }
  if ((!Array.isArray(set) && !isPlainObject(set)) || level === MOST_LEVELS) {
    throw new ArgumentError(
      `${where}: expected ${name} to be a table, a tensor, Bytes, an array, or an object of them, got ${describe(set)}`,
    );
  }
  const lengths = Object.entries(set).map(
    ([key, part]) => [key, lengthOf(where, key, part, level + 1)] as const,
  );
  const [first] = lengths;
  if (first === undefined) throw new ArgumentError(`${where}: expected ${name} to have parts, got {}`);
  const other = lengths.find(([, length]) => length !== first[1]);
  if (other === undefined) return first[1];
  throw new ShapeError(
    `${where}: expected parts of one length, ${describe(first[0])} has ${first[1]} samples, ${describe(other[0])} has ${other[1]}`,
  );
}

/** Whether a list is one of parts, not of samples. */
const hasParts = (list: readonly unknown[]): boolean =>
  list.some((one) => isTensor(one) || isInstance(one, Bytes));

/** Some samples of a set that was checked, in the given order. Bytes stay bytes. */
export function takeFrom(set: unknown, samples: Int32Array): unknown {
  if (isInstance(set, Table)) return set.take(samples);
  if (isInstance(set, Bytes)) return takeBytes(set, samples);
  if (isInstance(set, Dataset)) {
    const { x, y, w } = set;
    return takeFrom({ x, y, ...(w === null ? {} : { w }) }, samples);
  }
  if (isTensor(set)) return select(set, samples);
  if (types.isTypedArray(set)) return takeNumbers(set as Numbers, samples);
  if (Array.isArray(set)) {
    return hasParts(set)
      ? set.map((part) => takeFrom(part, samples))
      : Array.from(samples, (sample) => set[sample] as unknown);
  }
  return Object.fromEntries(
    Object.entries(set as object).map(([name, part]) => [name, takeFrom(part, samples)]),
  );
}

function takeBytes({ values, shape, scale, zeroPoint, dtype }: Bytes, samples: Int32Array): Bytes {
  const size = values.length / (shape[0] as number);
  const taken = new Uint8Array(samples.length * size);
  samples.forEach((sample, i) => {
    taken.set(values.subarray(sample * size, (sample + 1) * size), i * size);
  });
  return new Bytes(taken, [samples.length, ...shape.slice(1)], { scale, zeroPoint, dtype });
}

function takeNumbers(from: Numbers, samples: Int32Array): Numbers {
  const taken = from.slice(0, samples.length);
  samples.forEach((sample, i) => {
    taken[i] = from[sample] as never;
  });
  return taken;
}

/**
 * A label for each sample: a column of the table by its name, or a list, typed array, tensor or column of that length.
 * Equal labels have equal numbers, from 0 in the order in which they appear.
 * @throws ArgumentError, ShapeError, DataError
 */
export function labelsOf(
  where: string,
  name: string,
  given: unknown,
  set: unknown,
  length: number,
): { readonly codes: Int32Array; readonly names: readonly unknown[] } {
  const list = listOf(where, name, given, set);
  if (list.length !== length) {
    throw new ShapeError(`${where}: expected ${length} values for ${name}, got ${list.length}`);
  }
  const known = new Map<unknown, number>();
  const codes = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const raw = list[i];
    const label = types.isDate(raw) ? Date.prototype.getTime.call(raw) : raw;
    const isLabel = ["string", "number", "bigint", "boolean"].includes(typeof label) && !Number.isNaN(label);
    if (!isLabel) {
      throw new DataError(
        `${where}: ${name}: expected a number, a text, true or false for sample ${i}, got ${describe(raw)}`,
      );
    }
    const code = known.get(label) ?? known.size;
    known.set(label, code);
    codes[i] = code;
  }
  return { codes, names: [...known.keys()] };
}

/** The values of a column by name, or of a list, one a sample. @throws ArgumentError, ShapeError */
export function listOf(where: string, name: string, given: unknown, set: unknown): ArrayLike<unknown> {
  if (typeof given === "string") {
    if (isInstance(set, Table)) return set.column(given).toArray();
    const part = isPlainObject(set) && Object.hasOwn(set, given) ? set[given] : undefined;
    if (part !== undefined) return listOf(where, name, part, null);
    throw new ArgumentError(
      `${where}: ${name}: there is no column or part ${describe(given)}; give a list of values otherwise`,
    );
  }
  if (isInstance(given, Column)) return given.toArray();
  if (types.isTypedArray(given)) return given;
  if (!types.isProxy(given) && Array.isArray(given)) return given;
  if (isTensor(given) && given.rank > 0 && given.size === given.shape[0]) return given.storage.forReading();
  throw new ArgumentError(
    `${where}: expected ${name} to be the name of a column, or a value for each sample, got ${describe(given)}`,
  );
}
