import { constants } from "node:buffer";
import { promises } from "node:fs";
import process from "node:process";
import { promisify, types } from "node:util";
import { ArgumentError, DataError } from "../errors.js";
import { STORED_SIZES, type StoredDType } from "../formats/stored-array.js";
import { describe } from "../options.js";
import { MAX_RANK, sizeOf } from "../tensor/shape.js";

/** The contents of an IDX file: numbers in row-major order, and their shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

type Reader = {
  readonly dtype: StoredDType;
  read(view: DataView, count: number, start: number): IdxArray["values"];
};

const fill = <T extends { [index: number]: number }>(
  array: T,
  count: number,
  read: (i: number) => number,
): T => {
  for (let i = 0; i < count; i++) array[i] = read(i);
  return array;
};

// Types by the third byte of the magic number. All numbers are big-endian.
const READERS: Readonly<Record<number, Reader>> = {
  8: { dtype: "uint8", read: (v, n, at) => new Uint8Array(v.buffer, v.byteOffset + at, n).slice() },
  9: { dtype: "int8", read: (v, n, at) => new Int8Array(v.buffer, v.byteOffset + at, n).slice() },
  11: { dtype: "int16", read: (v, n, at) => fill(new Int16Array(n), n, (i) => v.getInt16(at + 2 * i)) },
  12: { dtype: "int32", read: (v, n, at) => fill(new Int32Array(n), n, (i) => v.getInt32(at + 4 * i)) },
  13: { dtype: "float32", read: (v, n, at) => fill(new Float32Array(n), n, (i) => v.getFloat32(at + 4 * i)) },
  14: { dtype: "float64", read: (v, n, at) => fill(new Float64Array(n), n, (i) => v.getFloat64(at + 8 * i)) },
};

/**
 * Reads the IDX format of the MNIST files: two zero bytes, a type, the number of axes, their sizes as
 * 32-bit numbers, then the values; all big-endian.
 * @param source where the bytes come from, for error messages.
 * @throws ArgumentError unless they are bytes; DataError if they are not such a file, end too early, or continue after
 *   the last value.
 * @example const { shape, values } = data.parseIdx(bytes);
 */
export function parseIdx(bytes: Uint8Array, source = "IDX data"): IdxArray {
  if (!types.isUint8Array(bytes)) {
    throw new ArgumentError(`parseIdx: expected the bytes of a file as a Uint8Array, got ${describe(bytes)}`);
  }
  if (typeof source !== "string") {
    throw new ArgumentError(`parseIdx: expected source to be a text, got ${describe(source)}`);
  }
  return parse(`parseIdx: ${source}`, bytes);
}

interface Header {
  readonly shape: readonly number[];
  /** Number of values. */
  readonly count: number;
  readonly reader: Reader;
  readonly dtype: StoredDType;
  /** The byte offset of the first value. */
  readonly start: number;
  /** Bytes of the whole file. */
  readonly bytes: number;
}

const LONGEST_HEADER = 4 + 4 * MAX_RANK;
// A byte of deflate expands to at most this many bytes: 258 bytes in two bits.
const MOST_PER_BYTE = 1032;

/** Whether a file with these first bytes may be an IDX file. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && READERS[bytes[2] as number] !== undefined;

/** The header of an IDX file, which is at the begin of these bytes. @throws DataError */
export function readHeader(where: string, bytes: Uint8Array): Header {
  const refuse = (what: string): never => {
    throw new DataError(`${where}: ${what}`);
  };
  if (bytes.length < 4) refuse(`expected at least 4 bytes of header, got ${bytes.length}`);
  if (bytes[0] !== 0 || bytes[1] !== 0) refuse("the first two bytes are not zero: not an IDX file");
  const type = bytes[2] as number;
  const rank = bytes[3] as number;
  const reader = READERS[type] ?? refuse(`unknown type 0x${type.toString(16).padStart(2, "0")}`);
  if (rank < 1 || rank > MAX_RANK) refuse(`expected 1 to ${MAX_RANK} axes, got ${rank}`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) refuse(`expected ${start} bytes of header for ${rank} axes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  const count = sizeOf(shape);
  const { dtype } = reader;
  return { shape, count, reader, dtype, start, bytes: start + count * STORED_SIZES[dtype] };
}

function parse(where: string, bytes: Uint8Array): IdxArray {
  const header = readHeader(where, bytes);
  if (bytes.length !== header.bytes) throw wrongLength(where, header, `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { shape: header.shape, values: header.reader.read(view, header.count, header.start) };
}

function wrongLength(where: string, { shape, bytes }: Header, found: string): DataError {
  return new DataError(
    `${where}: the header promises ${bytes} bytes for [${shape.join(", ")}], the file has ${found}`,
  );
}

/** Unzips an IDX file, at most to the length in its header: a zipped megabyte may expand to a gigabyte. */
async function unzip(where: string, zipped: Uint8Array): Promise<Uint8Array> {
  const header = readHeader(where, await unzipStart(zipped, LONGEST_HEADER));
  const most = MOST_PER_BYTE * zipped.length;
  if (header.bytes > most) throw wrongLength(where, header, `less than ${most}`);
  const { gunzip } = process.getBuiltinModule("node:zlib");
  try {
    return await promisify(gunzip)(zipped, { maxOutputLength: Math.min(header.bytes, constants.MAX_LENGTH) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw wrongLength(where, header, "more");
  }
}

/** The first `count` or more unzipped bytes, or all if there are fewer. */
async function unzipStart(zipped: Uint8Array, count: number): Promise<Uint8Array> {
  const stream = process.getBuiltinModule("node:zlib").createGunzip({ chunkSize: 64 });
  stream.end(zipped);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part as Uint8Array);
    length += (part as Uint8Array).length;
    if (length >= count) break;
  }
  return Buffer.concat(parts);
}

/**
 * Reads an IDX file, gzipped or not.
 * @throws ArgumentError unless it is a path; DataError if the file cannot be read or does not match its header.
 * @example const { shape, values } = await data.readIdx("train-images-idx3-ubyte");
 */
export async function readIdx(path: string): Promise<IdxArray> {
  if (typeof path !== "string" || path === "") {
    throw new ArgumentError(`readIdx: expected the path of a file, got ${describe(path)}`);
  }
  const where = `readIdx: ${path}`;
  let bytes: Uint8Array;
  try {
    bytes = await promises.readFile(path);
    if (isGzip(bytes)) bytes = await unzip(where, bytes);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${where}: ${(error as Error).message}`, { cause: error });
  }
  return parse(where, bytes);
}

/** Whether a file begins as gzip's do. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
