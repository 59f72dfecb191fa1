import { constants } from "node:buffer";
import process from "node:process";
import type { InflateRaw } from "node:zlib";
import { DataError, MemoryError, ThalwegError } from "../errors.js";
import { checkNumber } from "../options.js";
import { quote } from "./stored-array.js";

// The format is PKWARE's APPNOTE.TXT, 6.3: the entries, each after a local header; the central directory, which has a
// header for each entry; the end record. All numbers are little-endian.

/** A file in a zip file. */
export interface ZipEntry {
  readonly name: string;
  /** Number of bytes of its contents. */
  readonly size: number;
  /**
   * Its contents, checked against their CRC-32: a view of the zip file if they are stored, new memory if compressed.
   * @throws DataError if they are not what the directory says.
   */
  read(): Uint8Array;
}

export interface ZipLimits {
  /**
   * Most bytes that compressed entries may have together after decompression. Default: 16 MiB and 20 times the length
   * of the zip file.
   */
  readonly maxBytes?: number | undefined;
}

/**
 * The entries of a zip file by their names, in the order of its directory. Folders are left out.
 *
 * Refuses what could surprise: an entry twice, a name that leads outside the folder, entries that share bytes,
 * encryption, several disks, other methods than "stored" and "deflate", sizes that the bytes cannot have, and a
 * directory that does not end where the end record begins. Reads zip64.
 * @param where the function and the file, as errors begin: `"readNpz: a.npz"`.
 * @throws DataError; ArgumentError for a wrong limit
 */
export function openZip(
  where: string,
  bytes: Uint8Array,
  limits: ZipLimits = {},
): ReadonlyMap<string, ZipEntry> {
  const most = readLimit(where, limits, bytes.length);
  const refuse = (what: string): never => {
    throw new DataError(`${where}: not a zip file that can be read: ${what}`);
  };
  const file: File = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), refuse };
  const directory = findDirectory(file);
  const headers = readHeaders(file, directory);
  const places = headers.map((header) => locate(file, header, directory.start));
  checkApart(file, places);
  const inflated = headers.reduce((sum, { method, size }) => sum + (method === DEFLATE ? size : 0), 0);
  if (inflated > most) {
    const limit = `more than the limit of ${most}; a larger maxBytes allows them`;
    throw new DataError(`${where}: the entries have ${inflated} bytes after decompression, ${limit}`);
  }
  const entries = new Map<string, ZipEntry>();
  for (const { header, begin, end } of places) {
    const { name, size } = header;
    if (entries.has(name)) refuse(`two entries have the name ${quote(name)}`);
    const read = () => contents(where, header, plain(bytes.subarray(begin, end)));
    entries.set(name, { name, size, read });
  }
  for (const name of entries.keys()) if (name.endsWith("/")) entries.delete(name);
  return entries;
}

/** The most bytes after decompression. */
export function readLimit(where: string, { maxBytes }: ZipLimits, length: number): number {
  if (maxBytes !== undefined) return checkNumber(where, "maxBytes", maxBytes, { min: 0, integer: true });
  return 2 ** 24 + 20 * length;
}

const STORED = 0;
const DEFLATE = 8;
const METHODS: Readonly<Record<number, string>> = {
  1: "shrunk",
  6: "imploded",
  9: "deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  99: "AES encryption",
};
// One byte of deflate gives at most this many: 258 bytes in two bits.
const MOST_PER_BYTE = 1032;

const SIGNATURES = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;
const END_BYTES = 22;
const LOCATOR64_BYTES = 20;
const END64_BYTES = 56;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const ZIP64_FIELD = 1;
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;

interface File {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  refuse(what: string): never;
}

/** The central directory: its bytes [start, end), and its number of headers. */
interface Directory {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

interface Header {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  /** Bytes in the file. */
  readonly stored: number;
  /** Bytes after decompression. */
  readonly size: number;
  /** Where its local header begins. */
  readonly at: number;
}

/** An entry, and where its local header and its contents are. */
interface Place {
  readonly header: Header;
  readonly begin: number;
  readonly end: number;
}

function findDirectory({ bytes, view, refuse }: File): Directory {
  const end = findEnd(view);
  if (end < 0) refuse(bytes.length < END_BYTES ? `it has ${bytes.length} bytes` : "it has no end record");
  let at = end;
  const fields = {
    disks: view.getUint16(end + 4, true) + view.getUint16(end + 6, true),
    here: view.getUint16(end + 8, true),
    count: view.getUint16(end + 10, true),
    length: view.getUint32(end + 12, true),
    start: view.getUint32(end + 16, true),
  };
  const locator = end - LOCATOR64_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === SIGNATURES.locator64) {
    at = wide(view, locator + 8);
    const fits = at <= locator - END64_BYTES && view.getUint32(at, true) === SIGNATURES.end64;
    if (!fits) refuse(`there is no zip64 end record at byte ${at}`);
    fields.disks =
      view.getUint32(locator + 4, true) + view.getUint32(at + 16, true) + view.getUint32(at + 20, true);
    fields.here = wide(view, at + 24);
    fields.count = wide(view, at + 32);
    fields.length = wide(view, at + 40);
    fields.start = wide(view, at + 48);
  }
  const { disks, here, count, length, start } = fields;
  if (disks !== 0 || here !== count) refuse("it is one of several disks");
  if (start + length !== at) {
    refuse(`its directory of ${length} bytes at byte ${start} does not end at the end record, at byte ${at}`);
  }
  if (count > length / CENTRAL_BYTES) refuse(`${count} entries do not fit a directory of ${length} bytes`);
  return { start, end: at, count };
}

/** Where the end record begins: the last place from which record and comment reach to the end. −1 if nowhere. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - MOST_16);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) !== SIGNATURES.end) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return -1;
}

/** A number of 64 bits. From 2^53 on it is rounded, and fits no file. */
function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function readHeaders(file: File, { start, end, count }: Directory): Header[] {
  const headers: Header[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const { header, next } = readHeader(file, at, end);
    headers.push(header);
    at = next;
  }
  if (at !== end) file.refuse(`its directory has ${end - at} bytes after the last of ${count} headers`);
  return headers;
}

function readHeader(
  { bytes, view, refuse }: File,
  at: number,
  end: number,
): { header: Header; next: number } {
  if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== SIGNATURES.central) {
    refuse(`expected a header of its directory at byte ${at}`);
  }
  const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > end) refuse(`the header at byte ${at} is longer than the directory`);
  const nameBytes = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
  const wides = zip64Fields(view, nameEnd, extraEnd);
  // Numbers that do not fit stand in the zip64 field, in this order.
  const widen = (value: number) => {
    if (value !== MOST_32) return value;
    return wides.shift() ?? refuse(`the header at byte ${at} lacks a number of its zip64 field`);
  };
  const size = widen(view.getUint32(at + 24, true));
  const stored = widen(view.getUint32(at + 20, true));
  const place = widen(view.getUint32(at + 42, true));
  const disk = view.getUint16(at + 34, true);
  if (disk !== 0 && disk !== MOST_16) refuse("it is one of several disks");
  const header: Header = {
    name: decodeName(nameBytes) ?? refuse(`the name in the header at byte ${at} is not UTF-8`),
    nameBytes,
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    stored,
    size,
    at: place,
  };
  const fault = faultOf(header);
  if (fault !== null) refuse(`${quote(header.name)} ${fault}`);
  return { header, next };
}

/** The numbers of the zip64 field among the extra fields. */
function zip64Fields(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== ZIP64_FIELD) continue;
    const count = Math.floor(Math.min(view.getUint16(at + 2, true), end - at - 4) / 8);
    return Array.from({ length: count }, (_, i) => wide(view, at + 4 + 8 * i));
  }
  return [];
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeName(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Whether a name is that of a file or folder within the folder. */
export function isInside(name: string): boolean {
  const parts = name.split(/[/\\]/);
  return !name.includes("\0") && parts[0] !== "" && !parts.includes("..") && !/^[A-Za-z]:/.test(name);
}

// zlib takes the length of a piece in 32 bits.
const MOST_PIECE = 2 ** 30;

/** The CRC-32 of pieces. */
export function crcOf(pieces: Iterable<Uint8Array>): number {
  const { crc32 } = process.getBuiltinModule("node:zlib");
  let crc = 0;
  for (const piece of pieces) {
    for (let start = 0; start < piece.length; start += MOST_PIECE) {
      crc = crc32(piece.subarray(start, start + MOST_PIECE), crc);
    }
  }
  return crc;
}

const ENCRYPTED = 0x2041; // bits 0, 6 and 13

/** What is wrong with an entry; null if nothing is. */
function faultOf({ name, flags, method, stored, size }: Header): string | null {
  if (!isInside(name)) return "is not the name of a file within the folder";
  if ((flags & ENCRYPTED) !== 0) return "is encrypted";
  if (method !== STORED && method !== DEFLATE) {
    return `has the method ${METHODS[method] ?? method}; expected stored or deflate`;
  }
  if (method === STORED && stored !== size) return `is stored, but has ${size} bytes in ${stored}`;
  if (method === DEFLATE && stored > MOST_32) return `has ${stored} compressed bytes, more than 2^32`;
  if (size > MOST_PER_BYTE * stored) return `promises ${size} bytes from ${stored} compressed ones`;
  if (name.endsWith("/") && size !== 0) return `is a folder, but has ${size} bytes`;
  return null;
}

/** Compares the local header with the directory's, and finds the contents. */
function locate({ bytes, view, refuse }: File, header: Header, limit: number): Place {
  const { at, nameBytes } = header;
  const name = quote(header.name);
  if (!(at + LOCAL_BYTES <= limit) || view.getUint32(at, true) !== SIGNATURES.local) {
    refuse(`there is no entry at byte ${at}, where the directory has ${name}`);
  }
  const nameEnd = at + LOCAL_BYTES + view.getUint16(at + 26, true);
  const begin = nameEnd + view.getUint16(at + 28, true);
  const end = begin + header.stored;
  if (!(end <= limit)) refuse(`${name} reaches beyond the entries, to byte ${end}`);
  const sameName = Buffer.compare(bytes.subarray(at + LOCAL_BYTES, nameEnd), nameBytes) === 0;
  const sameMethod = view.getUint16(at + 8, true) === header.method;
  const sameSecret = ((view.getUint16(at + 6, true) ^ header.flags) & ENCRYPTED) === 0;
  // 0 in an entry that was written before its size was known, 2³² − 1 in one with zip64.
  const sameSize = [0, MOST_32, header.stored].includes(view.getUint32(at + 18, true));
  if (!(sameName && sameMethod && sameSecret && sameSize)) {
    refuse(`the header of the entry at byte ${at} is not that of ${name} in the directory`);
  }
  return { header, begin, end };
}

/** @throws DataError if two entries share bytes: a few bytes could stand for many entries. */
function checkApart({ refuse }: File, places: readonly Place[]): void {
  let free = 0;
  for (const { header, end } of [...places].sort((a, b) => a.header.at - b.header.at)) {
    if (header.at < free) refuse(`${quote(header.name)} has bytes of another entry`);
    free = end;
  }
}

function contents(where: string, { name, method, size, crc }: Header, stored: Uint8Array): Uint8Array {
  const bytes = method === STORED ? stored : inflate(where, name, size, stored);
  const found = crcOf([bytes]);
  if (found === crc) return bytes;
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  throw new DataError(
    `${where}: ${quote(name)}: its bytes were changed: CRC-32 ${hex(found)}, expected ${hex(crc)}`,
  );
}

function inflate(where: string, name: string, size: number, stored: Uint8Array): Uint8Array {
  if (size >= constants.MAX_LENGTH) {
    throw new MemoryError(`${where}: ${quote(name)}: there is no memory for ${size} bytes`);
  }
  try {
    // One byte of room too many, so that zlib finds the end without a second buffer.
    const options = {
      chunkSize: Math.min(Math.max(64, size + 1), MOST_PIECE),
      maxOutputLength: Math.max(1, size),
      info: true,
    };
    const { inflateRawSync } = process.getBuiltinModule("node:zlib");
    const result: object = inflateRawSync(stored, options);
    const { buffer, engine } = result as Inflated;
    if (buffer.length !== size || engine.bytesWritten !== stored.length) {
      const found = `${buffer.length} bytes from ${engine.bytesWritten} compressed ones`;
      throw new DataError(
        `${where}: ${quote(name)}: expected ${size} bytes from ${stored.length}, found ${found}`,
      );
    }
    return plain(buffer);
  } catch (error) {
    if (error instanceof ThalwegError) throw error;
    const { message } = error as Error;
    throw new DataError(`${where}: ${quote(name)} cannot be decompressed: ${message}`, { cause: error });
  }
}

/** What zlib gives with `info`: the bytes, and the engine that counted what it read. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: InflateRaw;
}

/** Not a Buffer, whose slice() is no copy. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
