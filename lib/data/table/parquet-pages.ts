import process from "node:process";
import type * as NodeZlib from "node:zlib";
import type * as Hyparquet from "hyparquet";

// Pages are checked before hyparquet decodes them: it trusts the lengths of runs, and one of 2^31 values in a few bytes
// would take all memory.

export type ParquetReader = typeof Hyparquet & {
  readonly parquetHeader: (reader: Hyparquet.DataReader) => Hyparquet.PageHeader;
};

/** A column in a group of rows. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly codec: Hyparquet.CompressionCodec;
  readonly type: Hyparquet.ParquetType;
  /** Whether values may be missing: then levels stand before them. */
  readonly isOptional: boolean;
  readonly rows: number;
}

/**
 * The pages of a column, decompressed, in the order in which they are read.
 * @param spend is told the bytes that each page takes, before it takes them.
 * @throws Error for pages that do not hold together
 */
export function openPages(reader: ParquetReader, chunk: Chunk, spend: (bytes: number) => void): Uint8Array[] {
  const { bytes, rows } = chunk;
  const at = { view: viewOf(bytes), offset: 0 };
  const pages: Uint8Array[] = [];
  let left = rows;
  while (left > 0 && at.offset < bytes.length - 1) {
    const header = reader.parquetHeader(at);
    const { compressed_page_size: size, uncompressed_page_size: length } = header;
    const page = header.data_page_header ?? header.data_page_header_v2;
    const dictionary = header.dictionary_page_header;
    const count = header.type === "DICTIONARY_PAGE" ? dictionary?.num_values : page?.num_values;
    if (!isCount(size) || !isCount(length) || !isCount(count) || at.offset + size > bytes.length) {
      throw new Error("a page does not lie in its column");
    }
    spend(length);
    const stored = bytes.subarray(at.offset, at.offset + size);
    at.offset += size;
    if (header.type === "DICTIONARY_PAGE") {
      if (count > length) throw new Error("a dictionary has more values than bytes");
      pages.push(...inflated(reader, chunk, stored, length));
      continue;
    }
    if (count > left || count === 0) throw new Error(`a page has ${count} values, ${left} are left`);
    left -= count;
    if (header.data_page_header_v2 === undefined) pages.push(...firstVersion(reader, chunk, header, stored));
    else pages.push(...secondVersion(reader, chunk, header, stored));
  }
  if (left > 0) throw new Error(`a column has ${rows - left} values in a group of ${rows} rows`);
  return pages;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const zlib = () => process.getBuiltinModule("node:zlib");
const most = (length: number) => ({ maxOutputLength: Math.max(length, 1) });

/** The page decompressed, in a list; none for a page that is not compressed, which hyparquet takes as it is. */
function inflated(reader: ParquetReader, { codec }: Chunk, stored: Uint8Array, length: number): Uint8Array[] {
  switch (codec) {
    case "UNCOMPRESSED":
      return [];
    case "SNAPPY": {
      const page = new Uint8Array(length);
      reader.snappyUncompress(stored, page);
      return [page];
    }
    case "GZIP":
      return [zlib().gunzipSync(stored, most(length))];
    case "BROTLI":
      return [zlib().brotliDecompressSync(stored, most(length))];
    case "ZSTD": {
      const { zstdDecompressSync } = zlib() as { zstdDecompressSync?: (typeof NodeZlib)["gunzipSync"] };
      if (zstdDecompressSync !== undefined) return [zstdDecompressSync(stored, most(length))];
      throw new Error("it is compressed by Zstandard, which Node.js has from 22.15 on");
    }
    default:
      throw new Error(`it is compressed by ${codec}, which is not supported`);
  }
}

function firstVersion(
  reader: ParquetReader,
  chunk: Chunk,
  header: Hyparquet.PageHeader,
  stored: Uint8Array,
): Uint8Array[] {
  const pages = inflated(reader, chunk, stored, header.uncompressed_page_size);
  const page = pages[0] ?? stored;
  const { num_values: count, encoding } = header.data_page_header as Hyparquet.DataPageHeader;
  let start = 0;
  if (chunk.isOptional) {
    start = 4 + viewOf(page).getUint32(0, true);
    checkRuns(page.subarray(4, start), 1, count);
  }
  checkValues(page.subarray(start), chunk, encoding, count);
  return pages;
}

function secondVersion(
  reader: ParquetReader,
  chunk: Chunk,
  header: Hyparquet.PageHeader,
  stored: Uint8Array,
): Uint8Array[] {
  const page = header.data_page_header_v2 as NonNullable<Hyparquet.PageHeader["data_page_header_v2"]>;
  const { num_values: count, num_nulls: nulls, definition_levels_byte_length: levels } = page;
  // Some writers have such levels in columns without lists too.
  const lists = page.repetition_levels_byte_length ?? 0;
  const isRight = [nulls, levels, lists].every(isCount) && nulls <= count && lists + levels <= stored.length;
  if (!isRight) throw new Error("a page has levels that do not lie in it");
  if (chunk.isOptional) checkRuns(stored.subarray(lists, lists + levels), 1, count);
  const length = header.uncompressed_page_size - lists - levels;
  const body = stored.subarray(lists + levels);
  const isCompressed = page.is_compressed !== false && length !== 0;
  const pages = isCompressed ? inflated(reader, chunk, body, length) : [];
  checkValues(pages[0] ?? body, chunk, page.encoding, count - nulls);
  return pages;
}

/** Checks the values' encoding. @throws Error for one whose lengths are not checked here */
function checkValues(bytes: Uint8Array, { type }: Chunk, encoding: Hyparquet.Encoding, count: number): void {
  switch (encoding) {
    case "PLAIN":
      return;
    case "BYTE_STREAM_SPLIT":
      // Of another type the schema says how many bytes a value has.
      if (type === "FIXED_LEN_BYTE_ARRAY") break;
      return;
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      const width = bytes[0] ?? 0;
      if (width > 32) throw new Error(`indices of ${width} bits`);
      if (width > 0) checkRuns(bytes.subarray(1), width, count);
      return;
    }
    case "RLE":
      if (type !== "BOOLEAN") break;
      checkRuns(bytes.subarray(4), 1, count);
      return;
    case "DELTA_BINARY_PACKED":
      checkDeltas(bytes, count);
      return;
  }
  throw new Error(`its values have the encoding ${encoding}, which is not supported for ${type}`);
}

// A varint of 64 bits has at most 10 bytes.
const VARINT = 10;

/** The varint at `at`, which it moves on. */
function readVarint(bytes: Uint8Array, at: { offset: number }): number {
  let value = 0;
  for (let i = 0; i < VARINT; i++) {
    const byte = bytes[at.offset++];
    if (byte === undefined) break;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return value;
  }
  throw new Error("a number of the encoding DELTA_BINARY_PACKED does not end");
}

/** Checks the blocks of differences of at most `count` values: their sizes and the bit widths of their parts. */
function checkDeltas(bytes: Uint8Array, count: number): void {
  if (count === 0) return;
  const at = { offset: 0 };
  const [block, parts, total] = [readVarint(bytes, at), readVarint(bytes, at), readVarint(bytes, at)];
  readVarint(bytes, at);
  const isRight =
    block > 0 && block < 2 ** 31 && block % 128 === 0 && parts > 0 && (block / parts) % 32 === 0;
  if (!isRight || total > count) {
    throw new Error(
      `the encoding DELTA_BINARY_PACKED with blocks of ${block} in ${parts} parts, ${total} of ${count} values`,
    );
  }
  for (let left = count - 1; left > 0 && at.offset < bytes.length; ) {
    readVarint(bytes, at);
    const widths = bytes.subarray(at.offset, at.offset + parts);
    at.offset += parts;
    for (let i = 0; i < parts && left > 0; i++, left -= block / parts) {
      const width = widths[i] ?? 255;
      if (width > 64) throw new Error(`differences of ${width} bits in the encoding DELTA_BINARY_PACKED`);
      at.offset += (width * block) / parts / 8;
    }
  }
}

// A run of packed values is filled up; some writers fill up more than they have to.
const FILLING = 512;

/** Checks that runs of the RLE and bit-packed hybrid encoding have at most `count` values. */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  let at = 0;
  let left = count;
  while (left > 0) {
    let header = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 2 ** 35) return;
      header += (byte & 127) * shift;
      if (byte < 128) break;
    }
    const isPacked = header % 2 === 1;
    const run = isPacked ? 8 * Math.floor(header / 2) : header / 2;
    if (run > left + (isPacked ? FILLING : 0)) throw new Error(`a run has ${run} values, ${left} are left`);
    at += isPacked ? (run / 8) * width : Math.ceil(width / 8);
    left -= run;
  }
}
