import { types as kinds } from "node:util";
import type * as Hyparquet from "hyparquet";
import type * as HyparquetColumn from "hyparquet/src/column.js";
import { DataError, ThalwegError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { checkPath } from "../../files/path.js";
import { readWhole } from "../../files/read.js";
import { optionalModule } from "../../optional-package.js";
import { checkNumber, checkOptions, describe } from "../../options.js";
import type { Column, ColumnKind } from "./column.js";
import { columnOfValues, placeOf } from "./infer.js";
import { openPages, type ParquetReader } from "./parquet-pages.js";
import { checkTyped, checkWanted, readTableOptions, TABLE_OPTIONS, type TableOptions } from "./source.js";
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

/**
 * Reads the table of a Parquet file. Needs the package hyparquet. Pages may be compressed by Snappy, gzip or Brotli, and
 * by Zstandard where Node.js has it (22.15). Columns have the kinds that a `Table` of their values has: whole numbers
 * and decimals are numbers, time stamps and days are dates, texts are a category or text. Lists, maps and structures are
 * refused; leave them out with `columns`. So are values in the encodings DELTA_BYTE_ARRAY and DELTA_LENGTH_BYTE_ARRAY.
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
  checkOptions(where, options, [...TABLE_OPTIONS, "maxBytes"]);
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
  for (const name of names ?? []) checkWanted(place, name, file.columns);
  const wanted = names ?? [...file.columns.keys()];
  const nested = wanted.find((name) => file.columns.get(name) === "nested");
  if (nested !== undefined) {
    throw new DataError(
      `${place}: column ${describe(nested)} holds lists or structures, which a table cannot; leave it out with columns`,
    );
  }
  const spend = budgetOf(place, limit);
  spend(file.rows * wanted.length * BYTES_PER_VALUE);
  const columns = new Map<string, Column>();
  for (const column of wanted) {
    const cells = await refusing(place, () => readColumn(reader, bytes, file, column, spend));
    columns.set(
      column,
      columnOfValues({ where: place, column, place: placeOf }, cells, types.get(column), missing),
    );
  }
  return tableOf(columns);
}

async function loadReader(where: string): Promise<ParquetReader> {
  const [main, column] = await Promise.all([
    optionalModule<typeof Hyparquet>(where, "hyparquet"),
    optionalModule<typeof HyparquetColumn>(where, "hyparquet/src/column.js"),
  ]);
  return { ...main, parquetHeader: column.parquetHeader };
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
  readonly columns: ReadonlyMap<string, "required" | "optional" | "nested">;
}

function open(reader: ParquetReader, where: string, bytes: Uint8Array): OpenFile {
  const metadata = reader.parquetMetadata(bytes.buffer as ArrayBuffer);
  const columns = new Map<string, "required" | "optional" | "nested">();
  for (const { element, children } of reader.parquetSchema(metadata).children) {
    const isFlat =
      children.length === 0 && element.repetition_type !== "REPEATED" && element.type !== undefined;
    if (typeof element.name !== "string" || columns.has(element.name)) {
      throw new DataError(`${where}: two columns have the name ${describe(element.name)}`);
    }
    const flat = element.repetition_type === "OPTIONAL" ? "optional" : "required";
    columns.set(element.name, isFlat ? flat : "nested");
  }
  const rows = Number(metadata.num_rows);
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const isWhole = groups.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!isWhole || groups.reduce((sum, count) => sum + count, 0) !== rows) {
    throw new DataError(`${where}: its groups of rows have not together the ${rows} rows of the file`);
  }
  return { metadata, rows, columns };
}

/** Counts bytes. @throws DataError beyond the limit. */
function budgetOf(where: string, limit: number): (bytes: number) => void {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total <= limit) return;
    throw new DataError(
      `${where}: it holds more than ${limit} bytes after decompression; allow them with maxBytes if you trust it`,
    );
  };
}

async function readColumn(
  reader: ParquetReader,
  bytes: Uint8Array,
  { metadata, rows, columns }: OpenFile,
  name: string,
  spend: (bytes: number) => void,
): Promise<unknown[]> {
  const values = new Array<unknown>(rows);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const groupRows = Number(group.num_rows);
    const own = group.columns.filter(({ meta_data }) => meta_data?.path_in_schema.join(".") === name);
    const meta = own[0]?.meta_data;
    if (own.length !== 1 || meta === undefined)
      throw new Error(`a group of rows has not one column ${describe(name)}`);
    const begin = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const pages = openPages(
      reader,
      {
        bytes: bytes.subarray(begin, begin + Number(meta.total_compressed_size)),
        codec: meta.codec,
        type: meta.type,
        isOptional: columns.get(name) === "optional",
        rows: groupRows,
      },
      spend,
    );
    // The pages are decompressed already: they are given one after the other.
    const next = (_: Uint8Array, length: number): Uint8Array => {
      const page = pages.shift();
      if (page?.length === length) return page;
      throw new Error("a page has another length than its header says");
    };
    if (groupRows > 0) {
      await reader.parquetRead({
        file: bytes.buffer as ArrayBuffer,
        metadata,
        columns: [name],
        rowStart,
        rowEnd: rowStart + groupRows,
        compressors: { SNAPPY: next, GZIP: next, BROTLI: next, ZSTD: next },
        geoparquet: false,
        onChunk: ({ columnData, rowStart: start }) => {
          for (let i = 0; i < columnData.length; i++) values[start + i] = columnData[i];
        },
      });
    }
    rowStart += groupRows;
  }
  if (values.length === rows) return values;
  throw new Error(`column ${describe(name)} has ${values.length} values, the file has ${rows} rows`);
}
