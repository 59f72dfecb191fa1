import { ArgumentError, DataError } from "../errors.js";
import { describe } from "../options.js";
import type { Shape } from "../tensor/shape.js";
import { JsonMistake, JsonReader } from "./json-reader.js";
import {
  type ArrayFile,
  checkStored,
  HALF_A_PAIR,
  MOST_AXES,
  quote,
  STORED_SIZES,
  type StoredArray,
  type StoredDType,
  storedBytes,
} from "./stored-array.js";

// The format is described in the README of github.com/huggingface/safetensors:
//   N, the length of the header, in 8 bytes; the header, JSON in N bytes; the bytes of the arrays.

const CODES: Readonly<Record<StoredDType, string>> = {
  bool: "BOOL",
  uint8: "U8",
  int8: "I8",
  uint16: "U16",
  int16: "I16",
  uint32: "U32",
  int32: "I32",
  uint64: "U64",
  int64: "I64",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
};
const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as StoredDType]));

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
// The limit of the reference implementation.
const MOST_HEADER_BYTES = 100_000_000;

/**
 * The file, in pieces: the header and then the bytes of the arrays, which are not copied. The same arrays and metadata
 * give the same bytes.
 *
 * The header names the arrays in the given order. Their bytes are ordered by the size of an element, the largest
 * first, so that each array is aligned in memory.
 * @throws ArgumentError for a name or metadata that the format cannot hold, or a header of more than 100 MB.
 */
export function encodeSafetensors(
  arrays: ReadonlyMap<string, StoredArray>,
  metadata: Readonly<Record<string, string>> = {},
  where = "safetensors",
): Uint8Array[] {
  const ordered = [...arrays].sort(([, a], [, b]) => STORED_SIZES[b.dtype] - STORED_SIZES[a.dtype]);
  const begins = new Map<string, number>();
  let end = 0;
  for (const [name, array] of ordered) {
    checkName(where, name);
    checkStored(where, name, array);
    begins.set(name, end);
    end += array.bytes.length;
  }
  if (!Number.isSafeInteger(end)) throw new ArgumentError(`${where}: the arrays have more than 2^53 bytes`);
  const entries = Array.from(arrays, ([name, { dtype, shape, bytes }]) => {
    const begin = begins.get(name) as number;
    const offsets = `${begin},${begin + bytes.length}`;
    return `${JSON.stringify(name)}:{"dtype":"${CODES[dtype]}","shape":[${shape}],"data_offsets":[${offsets}]}`;
  });
  const header = encodeHeader(where, [...encodeMetadata(where, metadata), ...entries]);
  return [header, ...ordered.map(([, { bytes }]) => bytes)];
}

function checkName(where: string, name: string): void {
  if (name === METADATA) throw new ArgumentError(`${where}: ${METADATA} cannot be the name of an array`);
  if (HALF_A_PAIR.test(name)) {
    throw new ArgumentError(`${where}: ${quote(name)}: the name has half of a surrogate pair`);
  }
}

function encodeMetadata(where: string, metadata: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(metadata);
  for (const [key, value] of entries) {
    if (typeof value !== "string") {
      throw new ArgumentError(
        `${where}: metadata: expected ${quote(key)} to be a text, got ${describe(value)}`,
      );
    }
    if (key.length + value.length > MOST_HEADER_BYTES) throw tooLong(where, key.length + value.length);
    if (HALF_A_PAIR.test(key) || HALF_A_PAIR.test(value)) {
      throw new ArgumentError(`${where}: metadata: ${quote(key)} has half of a surrogate pair`);
    }
  }
  const pairs = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return pairs.length === 0 ? [] : [`"${METADATA}":{${pairs}}`];
}

function tooLong(where: string, length: number): ArgumentError {
  return new ArgumentError(
    `${where}: names, shapes and metadata take ${length} bytes; the format allows ${MOST_HEADER_BYTES}`,
  );
}

/** The length and the header, filled with spaces so that the arrays begin at a multiple of 8. */
function encodeHeader(where: string, entries: readonly string[]): Uint8Array {
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const length = Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES;
  if (length > MOST_HEADER_BYTES) throw tooLong(where, length);
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}

/**
 * The arrays of a file, as views of its bytes, in the order of the header. Refuses all that the reference
 * implementation refuses, and names that stand twice.
 * @param where the function and the file, as errors begin: `"load: model.safetensors"`.
 * @throws DataError
 */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): ArrayFile {
  const { text, start } = readHeader(where, bytes);
  const { entries, metadata } = parseHeader(where, text);
  checkCovered(where, entries, bytes.length - start);
  const arrays = new Map<string, StoredArray>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + start + begin, end - begin);
    arrays.set(name, { dtype, shape, bytes: view });
  }
  return { arrays, metadata };
}

/** The text of the header, and where the arrays begin. */
function readHeader(where: string, bytes: Uint8Array): { text: string; start: number } {
  const refuse = (what: string): never => {
    throw new DataError(`${where}: not a safetensors file: ${what}`);
  };
  if (bytes.length < LENGTH_BYTES) refuse(`expected at least 8 bytes, got ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MOST_HEADER_BYTES) {
    refuse(`its first 8 bytes promise a header of ${length} bytes, more than ${MOST_HEADER_BYTES}`);
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > bytes.length) {
    refuse(`its first 8 bytes promise a header of ${length} bytes, ${bytes.length - LENGTH_BYTES} follow`);
  }
  if (bytes[LENGTH_BYTES] !== 0x7b || length === 0n) refuse("expected { at byte 8");
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    // A copy, since a decoder refuses shared memory.
    return { text: decoder.decode(new Uint8Array(bytes.subarray(LENGTH_BYTES, start))), start };
  } catch {
    return refuse("its header is not UTF-8");
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function parseHeader(where: string, text: string): { entries: Entry[]; metadata: Record<string, string> } {
  const reader = new JsonReader(text);
  const entries: Entry[] = [];
  const metadata: Record<string, string> = Object.create(null);
  try {
    reader.object((name) => {
      if (name !== METADATA) entries.push(readEntry(where, reader, name));
      else if (!reader.null()) {
        reader.object((key) => {
          metadata[key] = reader.text();
        });
      }
    });
    reader.end();
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    throw new DataError(
      `${where}: the header is not that of a safetensors file: ${error.message} of the header`,
    );
  }
  return { entries, metadata };
}

/** Reads `{ "dtype": …, "shape": […], "data_offsets": [begin, end] }`, in any order; skips other names. */
function readEntry(where: string, reader: JsonReader, name: string): Entry {
  let code: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  const numbers = () => {
    const list: number[] = [];
    reader.array(() => {
      if (list.push(reader.wholeNumber()) > MOST_AXES) reader.fail(`more than ${MOST_AXES} axes`);
    });
    return list;
  };
  reader.object((key) => {
    if (key === "dtype") code = reader.text();
    else if (key === "shape") shape = numbers();
    else if (key === "data_offsets") offsets = numbers();
    else reader.skip();
  });
  const place = `${where}: ${quote(name)}`;
  if (code === undefined || shape === undefined || offsets?.length !== 2) {
    throw new DataError(`${place}: expected dtype, shape and two data_offsets in its entry of the header`);
  }
  const dtype = DTYPES.get(code);
  if (dtype === undefined) {
    const known = [...DTYPES.keys()].join(", ");
    throw new DataError(`${place}: dtype ${quote(code)} cannot be read; expected one of ${known}`);
  }
  const [begin, end] = offsets as [number, number];
  const size = storedBytes(dtype, shape);
  if (size === undefined) throw new DataError(`${place}: [${shape}] of ${code} has more than 2^53 bytes`);
  if (end - begin !== size) {
    const found = `its data_offsets [${begin}, ${end}] hold ${end - begin}`;
    throw new DataError(`${place}: [${shape}] of ${code} takes ${size} bytes, ${found}`);
  }
  return { name, dtype, shape, begin, end };
}

/** @throws DataError unless the arrays follow each other, without a hole, from the first byte to the last. */
function checkCovered(where: string, entries: readonly Entry[], length: number): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) {
      const what = begin < at ? "bytes of another array" : "bytes of no array before it";
      throw new DataError(
        `${where}: ${quote(name)}: has ${what}: it begins at byte ${begin}, expected ${at}`,
      );
    }
    at = end;
  }
  if (at === length) return;
  throw new DataError(`${where}: the header promises ${at} bytes of arrays, the file has ${length}`);
}
