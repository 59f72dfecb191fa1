import { types } from "node:util";
import { ArgumentError, DataError } from "../errors.js";
import { format, type Shape, sizeOf } from "../tensor/shape.js";
import { LiteralMistake, parseLiteral } from "./python-literal.js";
import {
  checkStored,
  MOST_AXES,
  quote,
  STORED_SIZES,
  type StoredArray,
  type StoredDType,
  storedBytes,
} from "./stored-array.js";

// The format is described in numpy.lib.format: the magic string, the version in two bytes, the length of the header
// in 2 bytes (version 1) or 4, the header, which is a Python dict, and the elements.

// Version 2 without header and elements; a version 1 of these bytes has no dict.
const SHORTEST = 12;
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59); // "\x93NUMPY"
// NumPy's limit: longer headers are those of structured types.
const MOST_HEADER = 10_000;
// The elements begin at a multiple of this.
const ALIGNMENT = 64;

const CODES: Readonly<Record<Exclude<StoredDType, "bfloat16">, string>> = {
  bool: "|b1",
  uint8: "|u1",
  int8: "|i1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  int32: "<i4",
  uint64: "<u8",
  int64: "<i8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};
const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code.slice(1), dtype as StoredDType]));

/** The types that are refused, by NumPy's letter. */
const REFUSED: Readonly<Record<string, string>> = {
  O: "objects, which are pickles and could run code",
  S: "texts of bytes",
  a: "texts of bytes",
  U: "texts",
  M: "dates",
  m: "durations",
  c: "complex numbers",
  V: "raw bytes (bfloat16 is saved so; save it as float32)",
  f: "floats of another width",
};

/**
 * A `.npy` file of the array, in pieces, the same bytes as `numpy.save` writes. The elements are not copied.
 * @throws ArgumentError for bfloat16, which NumPy does not have.
 */
export function encodeNpy(where: string, name: string, array: StoredArray): Uint8Array[] {
  checkStored(where, name, array);
  const { dtype, shape, bytes } = array;
  if (dtype === "bfloat16") {
    throw new ArgumentError(`${where}: ${quote(name)}: NumPy has no bfloat16; float32 holds it exactly`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${CODES[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy leaves room for the first size to grow, when rows are appended.
  const room = shape.length === 0 ? 0 : GROWTH_DIGITS - String(shape[0]).length;
  const least = MAGIC.length + 4 + dict.length + room + 1;
  const length = (Math.floor(least / ALIGNMENT) + 1) * ALIGNMENT;
  const head = Buffer.alloc(length, " ");
  head.set(MAGIC);
  head.set([1, 0], MAGIC.length);
  head.writeUInt16LE(length - MAGIC.length - 4, MAGIC.length + 2);
  head.write(dict, MAGIC.length + 4, "latin1");
  head[length - 1] = NEWLINE;
  return [head, bytes];
}

const GROWTH_DIGITS = 21;
const NEWLINE = 0x0a;

/**
 * The array of a `.npy` file, of versions 1.0 to 3.0: a view of its bytes, or a copy where they are big-endian or in
 * Fortran's order.
 * @param where the function and the file, as errors begin: `"readNpy: a.npy"`.
 * @throws DataError, also for structured types, objects, texts, dates and complex numbers.
 */
export function decodeNpy(bytes: Uint8Array, where = "npy"): StoredArray {
  const { dtype, shape, start, isBigEndian, isFortran } = readNpyHeader(where, bytes);
  const size = storedBytes(dtype, shape);
  const found = bytes.length - start;
  if (size === undefined || size !== found) {
    const promised = size === undefined ? "more than 2^53" : size;
    throw new DataError(
      `${where}: the header promises ${promised} bytes for ${format(shape)} of ${dtype}, ${found} follow`,
    );
  }
  let elements = new Uint8Array(bytes.buffer, bytes.byteOffset + start, size);
  if (isBigEndian) elements = swapped(elements, STORED_SIZES[dtype]);
  if (isFortran) elements = rowMajor(elements, shape, STORED_SIZES[dtype]);
  return { dtype, shape, bytes: elements };
}

/** Whether a file with these first bytes may be a `.npy` file. */
export const isNpy = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** What the header of a `.npy` file says of the elements. */
export interface NpyHeader {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  /** The byte of the first element. */
  readonly start: number;
  readonly isBigEndian: boolean;
  readonly isFortran: boolean;
}

/**
 * The header of a `.npy` file.
 * @param bytes the file, or its begin with the whole header.
 * @throws DataError
 */
export function readNpyHeader(where: string, bytes: Uint8Array): NpyHeader {
  const { text, start } = readHeader(where, bytes);
  const { descr, isFortran, shape } = parseHeader(where, text);
  return { ...parseType(where, descr), shape, start, isFortran };
}

function readHeader(where: string, bytes: Uint8Array): { text: string; start: number } {
  const refuse = (what: string): never => {
    throw new DataError(`${where}: not a .npy file: ${what}`);
  };
  if (!isNpy(bytes)) refuse('it does not begin with "\\x93NUMPY"');
  if (bytes.length < SHORTEST) refuse(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [major, minor] = [bytes[6], bytes[7]];
  if (minor !== 0 || (major !== 1 && major !== 2 && major !== 3)) {
    refuse(`expected version 1.0, 2.0 or 3.0, got ${major}.${minor}`);
  }
  const begin = MAGIC.length + (major === 1 ? 4 : 6);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = begin + length;
  if (start > bytes.length) refuse(`its header has ${length} bytes, ${bytes.length - begin} follow`);
  if (length > MOST_HEADER) refuse(`its header has ${length} bytes, more than the limit of ${MOST_HEADER}`);
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset + begin, length).toString("utf8"), start };
}

interface Header {
  readonly descr: unknown;
  readonly isFortran: boolean;
  readonly shape: Shape;
}

function parseHeader(where: string, text: string): Header {
  const refuse = (what: string): never => {
    throw new DataError(`${where}: the header is not that of a .npy file: ${what}`);
  };
  let dict: unknown;
  try {
    dict = parseLiteral(text);
  } catch (error) {
    if (!(error instanceof LiteralMistake)) throw error;
    return refuse(`${error.message} of the header`);
  }
  const keys = types.isMap(dict) ? [...dict.keys()].sort().join(", ") : "no dict";
  if (!types.isMap(dict) || keys !== "descr, fortran_order, shape") {
    return refuse(`expected a dict with descr, fortran_order and shape, got ${keys}`);
  }
  const isFortran: unknown = dict.get("fortran_order");
  if (typeof isFortran !== "boolean") return refuse("expected fortran_order to be True or False");
  const shape: unknown = dict.get("shape");
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size));
  if (!isShape) return refuse("expected shape to be a tuple of whole numbers");
  if (shape.length > MOST_AXES) return refuse(`expected at most ${MOST_AXES} axes, got ${shape.length}`);
  return { descr: dict.get("descr"), isFortran, shape: shape as number[] };
}

function parseType(where: string, descr: unknown): { dtype: StoredDType; isBigEndian: boolean } {
  if (typeof descr !== "string") {
    throw new DataError(`${where}: structured arrays cannot be read; save each field as an array of its own`);
  }
  const [, order = "", code = ""] = /^([<>=|]?)(.*)$/s.exec(descr) ?? [];
  const dtype = DTYPES.get(code === "?" ? "b1" : code);
  if (dtype !== undefined) return { dtype, isBigEndian: order === ">" };
  const what = REFUSED[code[0] ?? ""];
  const kind = what === undefined ? "is unknown" : `is for ${what}`;
  throw new DataError(
    `${where}: the dtype ${quote(descr)} ${kind}; expected one of ${Object.keys(CODES).join(", ")}`,
  );
}

/** The elements with their bytes in the other order. */
function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (size === 2) copy.swap16();
  else if (size === 4) copy.swap32();
  else if (size === 8) copy.swap64();
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
}

/** Elements in Fortran's order, the first axis running fastest, in row-major order. */
function rowMajor(bytes: Uint8Array, shape: Shape, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  if (shape.filter((length) => length !== 1).length <= 1 || bytes.length === 0) return copy;
  // Words of at most 4 bytes; an element of 8 is an axis of two words.
  const word = Math.min(size, 4);
  const words = size / word;
  const Words = word === 1 ? Uint8Array : word === 2 ? Uint16Array : Uint32Array;
  const from = new Words(copy.buffer);
  const into = new Words(from.length);
  const lengths = words === 1 ? shape : [...shape, words];
  const strides = lengths.map((_, d) => (d === shape.length ? 1 : words * sizeOf(shape.slice(0, d))));
  const last = lengths.length - 1;
  let at = 0;
  const walk = (axis: number, place: number): void => {
    const length = lengths[axis] as number;
    const step = strides[axis] as number;
    if (axis < last) for (let i = 0; i < length; i++) walk(axis + 1, place + i * step);
    else for (let i = 0; i < length; i++) into[at++] = from[place + i * step] as number;
  };
  walk(0, 0);
  return new Uint8Array(into.buffer);
}
