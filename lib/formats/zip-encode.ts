import process from "node:process";
import { ArgumentError } from "../errors.js";
import { quote } from "./stored-array.js";
import { crcOf, isInside } from "./zip.js";

export interface ZipOptions {
  /** Whether the entries are compressed, by deflate. Default: false. */
  readonly compressed?: boolean | undefined;
  /** The contents of each entry begin at a multiple of this many bytes, at most 4096. Default: 1. */
  readonly alignment?: number | undefined;
}

// The first day that the format can express, so that the same entries give the same bytes.
const DATE = (1 << 5) | 1; // 1980-01-01
const VERSION = 20;
const VERSION_ZIP64 = 45;
const UTF8 = 0x0800;
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;

/**
 * A zip file of these entries, in pieces. The contents of an entry are pieces too; without compression they are not
 * copied. The same entries give the same bytes. Uses zip64 where a number needs it.
 * @throws ArgumentError for a name that is no name of a file within the folder.
 */
export function encodeZip(
  where: string,
  entries: ReadonlyMap<string, readonly Uint8Array[]>,
  { compressed = false, alignment = 1 }: ZipOptions = {},
): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const push = (list: Uint8Array[], ...pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) list.push(piece);
    return pieces.reduce((sum, { length }) => sum + length, 0);
  };
  for (const [name, contents] of entries) {
    const entry = makeEntry(where, name, contents, compressed);
    push(directory, centralHeader(entry, at));
    at += push(chunks, localHeader(entry, at, alignment), ...entry.chunks);
  }
  const length = directory.reduce((sum, piece) => sum + piece.length, 0);
  push(chunks, ...directory, ...endRecords(entries.size, length, at));
  return chunks;
}

interface Entry {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly stored: number;
  readonly chunks: readonly Uint8Array[];
}

const encoder = new TextEncoder();

function makeEntry(where: string, name: string, contents: readonly Uint8Array[], compressed: boolean): Entry {
  const bytes = encoder.encode(name);
  if (!isInside(name) || /[/\\]$|\p{Surrogate}/u.test(name) || bytes.length > MOST_16) {
    throw new ArgumentError(`${where}: ${quote(name)} cannot be the name of an entry of a zip file`);
  }
  const size = contents.reduce((sum, { length }) => sum + length, 0);
  if (compressed && size > MOST_32) {
    throw new ArgumentError(`${where}: ${quote(name)} has ${size} bytes; only 2^32 - 1 can be compressed`);
  }
  const chunks = compressed
    ? [process.getBuiltinModule("node:zlib").deflateRawSync(Buffer.concat(contents))]
    : contents;
  return {
    name: bytes,
    flags: bytes.length === name.length ? 0 : UTF8,
    method: compressed ? 8 : 0,
    crc: crcOf(contents),
    size,
    stored: chunks.reduce((sum, { length }) => sum + length, 0),
    chunks,
  };
}

/** Little-endian numbers of these widths in bytes. */
function pack(...numbers: readonly (readonly [value: number, width: 2 | 4 | 8])[]): Buffer {
  const bytes = Buffer.alloc(numbers.reduce((sum, [, width]) => sum + width, 0));
  let at = 0;
  for (const [value, width] of numbers) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}

/** The zip64 field with the numbers that do not fit 32 bits. */
function zip64Field(numbers: readonly number[]): Buffer {
  const wide = numbers.filter((value) => value >= MOST_32);
  if (wide.length === 0) return Buffer.alloc(0);
  return pack([1, 2], [8 * wide.length, 2], ...wide.map((value) => [value, 8] as const));
}

const narrow = (value: number, most: number) => Math.min(value, most);
const versionFor = (extra: Uint8Array) => (extra.length === 0 ? VERSION : VERSION_ZIP64);

const LOCAL_BYTES = 30;
// PyTorch's number for the field.
const PADDING = 0x4246;

/** A field that fills a header, which would end at a place, up to a multiple. */
function padding(end: number, alignment: number): Uint8Array {
  if (end % alignment === 0) return Buffer.alloc(0);
  const fill = (alignment - ((end + 4) % alignment)) % alignment;
  return Buffer.concat([pack([PADDING, 2], [fill, 2]), Buffer.alloc(fill)]);
}

function localHeader(
  { name, flags, method, crc, size, stored }: Entry,
  at: number,
  alignment: number,
): Uint8Array {
  // Both sizes, if there is the field: the local header may not leave one out.
  const isWide = size >= MOST_32 || stored >= MOST_32;
  const sizes = isWide ? pack([1, 2], [16, 2], [size, 8], [stored, 8]) : Buffer.alloc(0);
  const extra = Buffer.concat([sizes, padding(at + LOCAL_BYTES + name.length + sizes.length, alignment)]);
  const head = pack(
    [0x04034b50, 4],
    [versionFor(sizes), 2],
    [flags, 2],
    [method, 2],
    [0, 2],
    [DATE, 2],
    [crc, 4],
    [isWide ? MOST_32 : stored, 4],
    [isWide ? MOST_32 : size, 4],
    [name.length, 2],
    [extra.length, 2],
  );
  return Buffer.concat([head, name, extra]);
}

function centralHeader({ name, flags, method, crc, size, stored }: Entry, at: number): Uint8Array {
  const extra = zip64Field([size, stored, at]);
  const head = pack(
    [0x02014b50, 4],
    [VERSION_ZIP64, 2],
    [versionFor(extra), 2],
    [flags, 2],
    [method, 2],
    [0, 2],
    [DATE, 2],
    [crc, 4],
    [narrow(stored, MOST_32), 4],
    [narrow(size, MOST_32), 4],
    [name.length, 2],
    [extra.length, 2],
    [0, 2], // comment
    [0, 2], // disk
    [0, 2], // internal attributes
    [0, 4], // external attributes
    [narrow(at, MOST_32), 4],
  );
  return Buffer.concat([head, name, extra]);
}

function endRecords(count: number, length: number, start: number): Uint8Array[] {
  const end = pack(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [narrow(count, MOST_16), 2],
    [narrow(count, MOST_16), 2],
    [narrow(length, MOST_32), 4],
    [narrow(start, MOST_32), 4],
    [0, 2],
  );
  if (count < MOST_16 && length < MOST_32 && start < MOST_32) return [end];
  const end64 = pack(
    [0x06064b50, 4],
    [44, 8], // bytes of this record from here on
    [VERSION_ZIP64, 2],
    [VERSION_ZIP64, 2],
    [0, 4],
    [0, 4],
    [count, 8],
    [count, 8],
    [length, 8],
    [start, 8],
  );
  const locator = pack([0x07064b50, 4], [0, 4], [start + length, 8], [1, 4]);
  return [end64, locator, end];
}
