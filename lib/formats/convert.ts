import { types } from "node:util";
import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { allocateUnset, type DType, type TypedArray } from "../tensor/dtype.js";
import { format, MAX_RANK, sizeOf } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { HALVES, oddBitsOf } from "./half.js";
import { checkStored, quote, STORED_SIZES, type StoredArray, type StoredDType } from "./stored-array.js";

export interface ToTensorOptions {
  /**
   * The dtype of the tensor. Default: float32 for float16, bfloat16 and float32; float64 for float64; int32 for whole
   * numbers; bool for bool.
   */
  readonly dtype?: DType | undefined;
  /** How a user asks for float64, for errors. Default: `dtype: "float64"`. */
  readonly wide?: string;
}

/**
 * A tensor with the values of an array of a file, in memory of its own.
 *
 * From one type of floats to another, values are rounded to the nearest, of two the even one. All other conversions
 * are exact. What does not fit is refused: a whole number out of range, a finite number that would become infinite, a
 * byte of bool other than 0 and 1.
 * @param where the function and the file, as errors begin: `"load: model.safetensors"`.
 * @throws DataError that names the entry and the value; MemoryError
 */
export function toTensor(
  where: string,
  name: string,
  stored: StoredArray,
  options: ToTensorOptions = {},
): Tensor {
  checkStored(where, name, stored);
  const { dtype: from, shape, bytes } = stored;
  const place = `${where}: ${quote(name)}`;
  if (shape.length > MAX_RANK) {
    throw new DataError(`${place}: expected at most ${MAX_RANK} axes, got ${shape.length}`);
  }
  const to = options.dtype ?? NATURAL[from];
  const refuse: Refusal = (i, value) => {
    // A bigint shows all digits.
    const shown = isFloating(from) ? value : BigInt(value);
    const element = `${place}: ${shown} at position ${i} of ${format(shape)}`;
    if (from === "bool") throw new DataError(`${element}: expected bytes of 0 and 1 for bool`);
    throw new DataError(`${element}, stored as ${from}, does not fit ${to}${hint(to, value, options)}`);
  };
  const numbers = exactNumbers(where, stored, refuse);
  if (to === "float32" && from !== to && types.isFloat32Array(numbers)) {
    return new Tensor(numbers, [...shape], to);
  }
  if (from === "bool") checkAll(numbers, from, false, refuse);
  else if (from !== to) checkAll(numbers, to, isFloating(from), refuse);
  const data = allocateUnset(to, sizeOf(shape), where);
  if (from === to) bytesIn(data).set(bytes);
  else data.set(numbers);
  return new Tensor(data, [...shape], to);
}

/**
 * The values of a tensor as an array for a file. The conversions are those of `toTensor`.
 *
 * Without a conversion, the bytes are the tensor's own memory: use them at once, or copy them.
 * @param dtype default: the tensor's.
 * @param place how errors begin: `"save: m0.weight"`.
 * @throws ArgumentError that names the value if it does not fit; DetachedError, BusyError, TraceError if the memory
 *   cannot be read now
 */
export function toStored(tensor: Tensor, dtype: StoredDType = tensor.dtype, place = "toStored"): StoredArray {
  const { shape, dtype: from } = tensor;
  // The library must not use this memory for other tensors from now on.
  tensor.storage.isPrivate = false;
  const values = truths(from, valuesOf(tensor, place));
  if (dtype === from) return { dtype, shape, bytes: bytesIn(values) };
  const refuse: Refusal = (i, value) => {
    throw new ArgumentError(
      `${place}: ${value} at position ${i} of ${format(shape)}, of ${from}, does not fit ${dtype}`,
    );
  };
  const bytes = reserve(place, dtype, values.length);
  if (isHalf(dtype)) encodeHalves(values, dtype, isFloating(from), elements("uint16", bytes), refuse);
  else {
    checkAll(values, dtype, isFloating(from), refuse);
    const into = elements(dtype, bytes);
    if (types.isBigInt64Array(into) || types.isBigUint64Array(into)) {
      for (let i = 0; i < values.length; i++) into[i] = BigInt(values[i] as number);
    } else into.set(values);
  }
  return { dtype, shape, bytes };
}

/** The elements, to be read at once. An error says whose they are. */
function valuesOf({ storage }: Tensor, place: string): TypedArray {
  try {
    return storage.forReading();
  } catch (error) {
    if (error instanceof ThalwegError) error.message = error.message.replace(/^tensor: /, `${place}: `);
    throw error;
  }
}

/** Throws an error that names the element. */
type Refusal = (position: number, value: number | bigint) => never;

const NATURAL: Readonly<Record<StoredDType, DType>> = {
  bool: "bool",
  uint8: "int32",
  int8: "int32",
  uint16: "int32",
  int16: "int32",
  uint32: "int32",
  int32: "int32",
  uint64: "int32",
  int64: "int32",
  float16: "float32",
  bfloat16: "float32",
  float32: "float32",
  float64: "float64",
};

type Half = "float16" | "bfloat16";
type Plain = Exclude<StoredDType, Half>;

interface Arrays {
  bool: Uint8Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  uint32: Uint32Array;
  int32: Int32Array;
  uint64: BigUint64Array;
  int64: BigInt64Array;
  float32: Float32Array;
  float64: Float64Array;
}
type Numbers = Exclude<Arrays[Plain], BigInt64Array | BigUint64Array>;
type Kinds = {
  readonly [D in Plain]: new (
    buffer: ArrayBufferLike,
    at?: number,
    size?: number,
  ) => Arrays[D];
};

const KINDS: Kinds = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
};

const isHalf = (dtype: StoredDType): dtype is Half => dtype === "float16" || dtype === "bfloat16";
const isFloating = (dtype: StoredDType) => isHalf(dtype) || dtype === "float32" || dtype === "float64";

/** [least, first above] of the whole numbers that a dtype holds. */
const RANGES: Partial<Record<StoredDType, readonly [number, number]>> = {
  bool: [0, 2],
  uint8: [0, 2 ** 8],
  int8: [-(2 ** 7), 2 ** 7],
  uint16: [0, 2 ** 16],
  int16: [-(2 ** 15), 2 ** 15],
  uint32: [0, 2 ** 32],
  int32: [-(2 ** 31), 2 ** 31],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
};

/** What to ask for instead of a dtype that does not hold the value. */
function hint(to: DType, value: number | bigint, { wide = 'dtype: "float64"' }: ToTensorOptions): string {
  // A value that float64 would round comes as a bigint.
  const fits = to !== "float64" && typeof value === "number";
  return fits ? `; ${wide} holds it` : ", nor any other dtype of tensors";
}

/** The bytes as elements of that type; a copy where the memory is not aligned for it. */
function elements<D extends Plain>(dtype: D, bytes: Uint8Array): Arrays[D] {
  const size = STORED_SIZES[dtype];
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new KINDS[dtype](buffer, byteOffset, length / size);
}

function bytesIn({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Memory for the elements, not set. */
function reserve(where: string, dtype: StoredDType, size: number): Uint8Array {
  return bytesIn(allocateUnset("bool", size * STORED_SIZES[dtype], where));
}

/** The values; those of bool as 0 and 1, since JavaScript may have written any byte for true. */
function truths(dtype: DType, values: TypedArray): TypedArray {
  if (dtype !== "bool" || values.every((byte) => byte <= 1)) return values;
  return values.map((byte) => Number(byte !== 0));
}

/** The values as numbers without rounding: float16 and bfloat16 as float32, 64-bit whole numbers as float64. */
function exactNumbers(where: string, { dtype, shape, bytes }: StoredArray, refuse: Refusal): Numbers {
  if (isHalf(dtype)) {
    const data = allocateUnset("float32", sizeOf(shape), where) as Float32Array;
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    HALVES[dtype].decode(elements("uint16", bytes), bits);
    return data;
  }
  if (dtype === "int64" || dtype === "uint64") {
    const data = allocateUnset("float64", sizeOf(shape), where) as Float64Array;
    const values = elements(dtype, bytes);
    const lows = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    const high = new KINDS[dtype === "int64" ? "int32" : "uint32"](lows.buffer, lows.byteOffset, lows.length);
    for (let i = 0; i < values.length; i++) {
      data[i] = (high[2 * i + 1] as number) * 2 ** 32 + (lows[2 * i] as number);
      // Below 2^53 the sum is exact.
      if (Math.abs(data[i] as number) >= 2 ** 53 && BigInt(data[i] as number) !== values[i]) {
        refuse(i, values[i] as bigint);
      }
    }
    return data;
  }
  return elements(dtype, bytes);
}

/** @throws by `refuse` unless the dtype holds all values; a float may round another float (`rounds`). */
function checkAll(values: Numbers, dtype: Plain, rounds: boolean, refuse: Refusal): void {
  const range = RANGES[dtype];
  if (range !== undefined) {
    const [least, above] = range;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!(value >= least && value < above && Number.isInteger(value))) refuse(i, value);
    }
  } else if (dtype === "float32") {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const rounded = Math.fround(value);
      const isHeld = rounds ? Number.isFinite(rounded) || !Number.isFinite(value) : rounded === value;
      if (!isHeld) refuse(i, value);
    }
  }
}

/** Writes the values as float16 or bfloat16; rounded if `rounds`, otherwise exactly or not at all. */
function encodeHalves(
  values: Numbers,
  dtype: Half,
  rounds: boolean,
  into: Uint16Array,
  refuse: Refusal,
): void {
  const { encode, decode, infinity } = HALVES[dtype];
  const bits = types.isFloat32Array(values)
    ? new Uint32Array(values.buffer, values.byteOffset, values.length)
    : Uint32Array.from(values, oddBitsOf);
  encode(bits, into);
  for (let i = 0; i < into.length; i++) {
    const isInfinite = ((into[i] as number) & infinity) === infinity;
    if (isInfinite && Number.isFinite(values[i])) refuse(i, values[i] as number);
  }
  if (rounds) return;
  const back = new Uint32Array(bits.length);
  decode(into, back);
  const other = back.findIndex((found, i) => found !== bits[i]);
  if (other >= 0) refuse(other, values[other] as number);
}
