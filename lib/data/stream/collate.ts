import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../../errors.js";
import {
  checkChoice,
  checkFlag,
  checkList,
  checkNumber,
  checkOptions,
  describe,
  isPlainObject,
} from "../../options.js";
import { fromTypedArray, tensor } from "../../tensor/create.js";
import { allocate, allocateUnset, type DType, kindOf } from "../../tensor/dtype.js";
import { format, sameShape, sizeOf } from "../../tensor/shape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

/**
 * The values of samples stacked; of samples that are objects, each name by itself.
 * @throws as `stackOne`; DataError for a sample without one of the names
 */
export function stack(where: string, values: readonly unknown[], dtype?: DType): Tensor | Stacked {
  const [first] = values;
  if (isTensor(first) || types.isProxy(first) || !isPlainObject(first)) return stackOne(where, values, dtype);
  const names = Object.keys(first);
  values.forEach((value, i) => {
    checkNames(where, value, i, names);
  });
  return Object.fromEntries(
    names.map((name) => {
      const own = values.map((value) => (value as Readonly<Record<string, unknown>>)[name]);
      return [name, stackOne(`${where}.${name}`, own, dtype)];
    }),
  );
}

/** The values of samples that are objects, by name. */
type Stacked = { readonly [name: string]: Tensor };

function checkNames(where: string, value: unknown, sample: number, names: readonly string[]): void {
  const isObject = !types.isProxy(value) && isPlainObject(value);
  if (isObject && Object.keys(value).length === names.length && names.every((name) => name in value)) return;
  const got = isObject ? Object.keys(value).join(", ") || "none" : describe(value);
  throw new DataError(
    `${where}: expected the names ${names.join(", ")} in sample ${sample}, as in sample 0, got ${got}`,
  );
}

/**
 * The values of samples as one tensor with an axis more: numbers, nested lists of one shape, typed arrays of one length or
 * tensors of one shape. bigints become int32.
 * @throws ShapeError that names the sample whose shape is another; ArgumentError, DataError
 */
export function stackOne(where: string, values: readonly unknown[], dtype?: DType): Tensor {
  const [first] = values;
  if (isTensor(first)) return stackTensors(where, values, first, dtype);
  if (types.isTypedArray(first) && !types.isBigInt64Array(first) && !types.isBigUint64Array(first)) {
    return stackArrays(where, values, first, dtype);
  }
  const isBig = typeof first === "bigint";
  const plain = isBig ? values.map((value) => (typeof value === "bigint" ? Number(value) : value)) : values;
  return tensor(plain as number[], { dtype: dtype ?? (isBig ? "int32" : undefined) } as { dtype: DType });
}

function stackTensors(where: string, values: readonly unknown[], first: Tensor, dtype?: DType): Tensor {
  const all = allocateUnset(first.dtype, values.length * first.size, where);
  values.forEach((value, i) => {
    if (!isTensor(value) || !sameShape(value.shape, first.shape) || value.dtype !== first.dtype) {
      const got = isTensor(value) ? `${value.dtype} ${format(value.shape)}` : describe(value);
      throw new ShapeError(
        `${where}: expected ${first.dtype} ${format(first.shape)} in sample ${i}, as in sample 0, got ${got}`,
      );
    }
    all.set(value.storage.forReading(), i * first.size);
  });
  const shape = [values.length, ...first.shape];
  if (dtype !== undefined && dtype !== first.dtype) return tensor(all, { shape, dtype });
  return fromTypedArray(all, shape, { dtype: first.dtype });
}

type Floats = Float32Array | Float64Array | Int32Array;

function stackArrays(
  where: string,
  values: readonly unknown[],
  first: NodeJS.TypedArray,
  dtype?: DType,
): Tensor {
  const natural = types.isInt32Array(first)
    ? "int32"
    : types.isFloat64Array(first) || types.isUint32Array(first)
      ? "float64"
      : "float32";
  const type = kindOf.call(first);
  const all = allocateUnset(natural, values.length * first.length, where) as Floats;
  values.forEach((value, i) => {
    if (!types.isTypedArray(value) || value.length !== first.length) {
      const got = types.isTypedArray(value) ? `${value.length}` : describe(value);
      throw new ShapeError(
        `${where}: expected ${first.length} values in sample ${i}, as in sample 0, got ${got}; pad gives ragged samples one length`,
      );
    }
    const own = kindOf.call(value);
    if (own !== type) {
      throw new DataError(`${where}: expected a ${type} in sample ${i}, as in sample 0, got a ${own}`);
    }
    all.set(value as Floats, i * first.length);
  });
  const shape = [values.length, first.length];
  const wanted = dtype ?? (types.isUint32Array(first) ? "float32" : natural);
  if (wanted === natural) return fromTypedArray(all, shape);
  const inexact =
    wanted === "float32" && types.isUint32Array(first)
      ? (all as Float64Array).findIndex((value) => Math.fround(value) !== value)
      : -1;
  if (inexact < 0) return tensor(all, { shape, dtype: wanted });
  throw new DataError(
    `${where}: sample ${Math.floor(inexact / first.length)} has ${all[inexact]}, which float32 does not hold; say another dtype`,
  );
}

/** What the samples of rows count, 1 where a row has no w; null where none has. */
export function weightsOf(rows: readonly Readonly<Record<string, unknown>>[]): number[] | null {
  const weights = rows.map(({ w }) => w);
  return weights.every((w) => w === undefined)
    ? null
    : weights.map((w) => (w === undefined ? 1 : (w as number)));
}

export interface PadOptions {
  /** What stands where a sample has no value. Default: 0. */
  readonly value?: number;
  /** The length of all; longer samples lose their ends. Default: the longest one's. */
  readonly length?: number;
  /** The length is the longest one's rounded up to a multiple of this, so that there are few lengths. Default: 1. */
  readonly multipleOf?: number;
  /** Where the values that are added stand. Default: "right". */
  readonly side?: "left" | "right";
  /** Whether the values are int32, such as tokens, and not float32. Default: false. */
  readonly integers?: boolean;
}

/** What `pad` gives: values [P, L], lengths int32 [P], mask bool [P, L]. */
export type Padded = { readonly values: Tensor; readonly lengths: Tensor; readonly mask: Tensor };

/**
 * Samples of different lengths as one tensor [P, L], with their lengths. All three together may be the x of a set, for a
 * model whose `forward` takes an object.
 * @returns `values` [P, L], float32, or int32 with `integers`; `lengths` int32 [P]; `mask` bool [P, L], true where a
 *   value is one of the sample's.
 * @throws ArgumentError for what is not a list of lists of numbers; DataError for an empty list; OptionError
 * @example
 * const { values, mask } = data.pad([[5, 6, 7], [8]], { integers: true });
 * values.toArray()   // [[5, 6, 7], [8, 0, 0]]
 * mask.toArray()     // [[true, true, true], [true, false, false]]
 */
export function pad(samples: Iterable<ArrayLike<number>>, options: PadOptions = {}): Padded {
  const where = "pad";
  checkOptions(where, options, ["value", "length", "multipleOf", "side", "integers"]);
  const dtype = checkFlag(where, "integers", options.integers ?? false) ? "int32" : "float32";
  const value = checkNumber(where, "value", options.value ?? 0, { integer: dtype === "int32" });
  const side = checkChoice(where, "side", options.side ?? "right", ["left", "right"]);
  const rows = checkList(where, "a list of samples", samples).map((sample, i) =>
    numbersOf(where, sample, i, dtype),
  );
  if (rows.length === 0) throw new DataError(`${where}: expected at least one sample, got none`);
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const multiple = checkNumber(where, "multipleOf", options.multipleOf ?? 1, { min: 1, integer: true });
  const usual = Math.ceil(longest / multiple) * multiple;
  const length = checkNumber(where, "length", options.length ?? usual, { min: 0, integer: true });
  const shape = [rows.length, length];
  const values = allocate(dtype, sizeOf(shape), where);
  const mask = allocate("bool", sizeOf(shape), where);
  values.fill(value);
  rows.forEach((row, i) => {
    const own = row.length > length ? row.slice(0, length) : row;
    const at = i * length + (side === "left" ? length - own.length : 0);
    values.set(own, at);
    mask.fill(1, at, at + own.length);
  });
  return {
    values: fromTypedArray(values, shape),
    lengths: fromTypedArray(Int32Array.from(rows, (row) => Math.min(row.length, length))),
    mask: fromTypedArray(mask, shape, { dtype: "bool" }),
  };
}

function numbersOf(where: string, sample: unknown, at: number, dtype: DType): number[] {
  const isList = !types.isProxy(sample) && (Array.isArray(sample) || types.isTypedArray(sample));
  const list: unknown[] | null = isList ? Array.from(sample as ArrayLike<unknown>) : null;
  const isRight = (one: unknown) => typeof one === "number" && (dtype !== "int32" || one === (one | 0));
  if (list?.every(isRight)) return list as number[];
  const what = dtype === "int32" ? "whole numbers" : "numbers";
  throw new ArgumentError(`${where}: expected sample ${at} to be a list of ${what}, got ${describe(sample)}`);
}
