import { types as kinds } from "node:util";
import * as zlib from "node:zlib";
import type * as Hyparquet from "hyparquet";
import { DataError, PackageError, ThalwegError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { checkPath } from "../../files/path.js";
import { readWhole } from "../../files/read.js";
import { checkNumber, checkOptions, describe } from "../../options.js";
import type { Column, ColumnKind } from "./column.js";
import { columnOfValues } from "./infer.js";
import { checkTyped, noColumn, readTableOptions, type TableOptions } from "./source.js";
import { type Table, tableOf } from "./table.js";

export interface ParquetOptions extends TableOptions {
  /** The columns that are taken; others are not read. Default: all. */
  readonly columns?: readonly string[];
  /** The kinds of some columns. Default: what the values are. */
  readonly types?: Readonly<Record<string, ColumnKind>>;
  /** Texts that stand for a missing value, besides null and NaN. Default: none. */
  readonly missing?: readonly string[];
  /**
   * The most bytes that pages and values may take after decompression: a small file may promise a large table.
   * Default: 128 MiB and 64 times the size of the file. A value counts as 16 bytes.
   */
  readonly maxBytes?: number;
}

const LEAST_LIMIT = 1 << 27;
const TIMES_FILE = 64;
// Where it is read, and where it stays: a number or a reference each.
const BYTES_PER_VALUE = 16;

type Reader = typeof Hyparquet & {
  readonly parquetHeader: (reader: Hyparquet.DataReader) => Hyparquet.PageHeader;
};

/**
 * Reads the table of a Parquet file. Needs the package hyparquet. Pages may be compressed by Snappy, gzip or Brotli, and
 * by Zstandard where Node.js has it (22.15). Columns have the kinds that a `Table` of their values has: whole numbers
 * and decimals are numbers, time stamps and days are dates, texts are a category or text. Lists, maps and structures are
 * refused; leave them out with `columns`.
 * @param source a path, a `file:` URL, or the bytes of the file.
 * @throws DataError if it is not such a file, has a column of another kind, or is compressed beyond `maxBytes`;
 *   FileError, PackageError, ArgumentError, OptionError
 * @example const table = await data.readParquet("trips.parquet", { columns: ["distance", "fare"] });
 */
export async function readParquet(
  source: FilePath | Uint8Array,
  options: ParquetOptions = {},
): Promise<Table> {
  const where = "readParquet";
  checkOptions(where, options, ["columns", "types", "missing", "maxBytes"]);
  const { names, types, missing } = readTableOptions(where, options);
  const { maxBytes } = options;
  if (maxBytes !== undefined) checkNumber(where, "maxBytes", maxBytes, { min: 0, integer: true });
  const isBytes = kinds.isUint8Array(source);
  const place = isBytes ? `${where}: the bytes` : `${where}: ${checkPath(where, source)}`;
  const reader = await loadReader(where);
  // A buffer of its own, which the reader takes as the file.
  const bytes = isBytes ? new Uint8Array(source) : await readWhole(where, source as FilePath);
  const limit = maxBytes ?? LEAST_LIMIT + TIMES_FILE * bytes.length;
  const file = await refusing(place, () => open(reader, place, bytes));
  checkTyped(place, types, file.columns.keys());
  for (const name of names ?? []) {
    if (!file.columns.has(name)) throw noColumn(place, "columns: ", name, file.columns.keys());
  }
  const wanted = names ?? [...file.columns.keys()];
  const nested = wanted.find((name) => file.columns.get(name) === "nested");
  if (nested !== undefined) {
    throw new DataError(
      `${place}: column ${describe(nested)} holds lists or structures, which a table cannot; leave it out with columns`,
    );
  }
  await refusing(place, () => checkPages(reader, place, { ...file, bytes, wanted, limit }));
  const values = await refusing(place, () => readColumns(reader, bytes, file, wanted));
  const columns = new Map<string, Column>();
  for (const column of wanted) {
    const cells = values.get(column) as unknown[];
    values.delete(column);
    const row = (at: number) => `row ${at}`;
    columns.set(
      column,
      columnOfValues({ where: place, column, place: row }, cells, types.get(column), missing),
    );
  }
  return tableOf(columns);
}

async function loadReader(where: string): Promise<Reader> {
  try {
    const [main, column] = await Promise.all([import("hyparquet"), import("hyparquet/src/column.js")]);
    return { ...main, parquetHeader: column.parquetHeader };
  } catch (cause) {
    const message = `${where}: needs the package hyparquet, which is not installed or could not be loaded; npm install hyparquet`;
    throw new PackageError(message, { cause });
  }
}

/** The reader's errors, all of which tell of the file, as one of the library. */
async function refusing<T>(where: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ThalwegError) throw error;
    throw new DataError(`${where}: not a Parquet file that can be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

interface OpenFile {
  readonly metadata: Hyparquet.FileMetaData;
  readonly rows: number;
  /** The columns at the top, in order. */
  readonly columns: ReadonlyMap<string, "flat" | "nested">;
}

function open(reader: Reader, where: string, bytes: Uint8Array): OpenFile {
  const metadata = reader.parquetMetadata(bytes.buffer as ArrayBuffer);
  const columns = new Map<string, "flat" | "nested">();
  for (const { element, children } of reader.parquetSchema(metadata).children) {
    const isFlat =
      children.length === 0 && element.repetition_type !== "REPEATED" && element.type !== undefined;
    if (typeof element.name !== "string" || columns.has(element.name)) {
      throw new DataError(`${where}: two columns have the name ${describe(element.name)}`);
    }
    columns.set(element.name, isFlat ? "flat" : "nested");
  }
  const rows = Number(metadata.num_rows);
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const isWhole = groups.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!isWhole || groups.reduce((sum, count) => sum + count, 0) !== rows) {
    throw new DataError(`${where}: its groups of rows have not together the ${rows} rows of the file`);
  }
  return { metadata, rows, columns };
}

/** The pages that will be read, checked before memory is taken for them. */
function checkPages(
  reader: Reader,
  where: string,
  file: OpenFile & { readonly bytes: Uint8Array; readonly wanted: readonly string[]; readonly limit: number },
): void {
  let total = file.rows * file.wanted.length * BYTES_PER_VALUE;
  const spend = (bytes: number) => {
    total += bytes;
    if (total > file.limit) {
      throw new DataError(
        `${where}: it holds more than ${file.limit} bytes after decompression; allow them with maxBytes if you trust it`,
      );
    }
  };
  spend(0);
  const wanted = new Set(file.wanted);
  for (const { columns, num_rows } of file.metadata.row_groups) {
    const left = new Set(wanted);
    for (const { meta_data } of columns) {
      const name = meta_data?.path_in_schema.join(".") as string;
      if (meta_data === undefined || !wanted.has(name)) continue;
      left.delete(name);
      const begin = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
      const part = file.bytes.subarray(begin, begin + Number(meta_data.total_compressed_size));
      const values = checkChunk(reader, part, Number(num_rows), spend);
      if (values !== Number(num_rows)) {
        throw new DataError(
          `${where}: column ${describe(name)} has ${values} values in a group of ${num_rows} rows`,
        );
      }
    }
    if (left.size > 0)
      throw new DataError(`${where}: column ${describe([...left][0])} is not in all groups of rows`);
  }
}

/** The number of values in a column's pages, up to the number of rows. */
function checkChunk(reader: Reader, part: Uint8Array, rows: number, spend: (bytes: number) => void): number {
  const at = { view: new DataView(part.buffer, part.byteOffset, part.byteLength), offset: 0 };
  let values = 0;
  while (values < rows && at.offset < part.length - 1) {
    const header = reader.parquetHeader(at);
    const { compressed_page_size: compressed, uncompressed_page_size: size } = header;
    const page = header.data_page_header ?? header.data_page_header_v2;
    const count = page?.num_values ?? header.dictionary_page_header?.num_values ?? 0;
    const nulls = header.data_page_header_v2?.num_nulls ?? 0;
    const isRight =
      [compressed, size, count, nulls].every((one) => Number.isSafeInteger(one) && one >= 0) &&
      at.offset + compressed <= part.length &&
      nulls <= count;
    if (!isRight) throw new Error("a page does not lie in its column");
    const isData = header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2";
    if (!isData && count > size) throw new Error("a page has more values than bytes");
    if (isData && (count > rows - values || (count === 0 && compressed === 0))) {
      throw new Error(`a page has ${count} values, ${rows - values} are left`);
    }
    spend(size);
    if (isData) values += count;
    at.offset += compressed;
  }
  return values;
}

async function readColumns(
  reader: Reader,
  bytes: Uint8Array,
  { metadata, rows }: OpenFile,
  wanted: readonly string[],
): Promise<Map<string, unknown[]>> {
  const columns = new Map<string, unknown[]>(wanted.map((name) => [name, new Array<unknown>(rows)]));
  if (rows === 0) return columns;
  await reader.parquetRead({
    file: bytes.buffer as ArrayBuffer,
    metadata,
    columns: [...wanted],
    compressors: COMPRESSORS,
    geoparquet: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = columns.get(columnName);
      if (column === undefined) return;
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
    },
  });
  return columns;
}

const most = (length: number) => ({ maxOutputLength: Math.max(length, 1) });
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: typeof zlib.gunzipSync };
const COMPRESSORS: Hyparquet.Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, most(length)),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, most(length)),
  ...(zstdDecompressSync && {
    ZSTD: (input: Uint8Array, length: number) => zstdDecompressSync(input, most(length)),
  }),
};
