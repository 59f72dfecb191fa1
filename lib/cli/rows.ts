// Tables in files of any kind.
import { basename, extname } from "node:path";
import { Schema, type SchemaInputs } from "../data/schema/schema.js";
import type { ColumnKind } from "../data/table/column.js";
import { MISSING, readCsvAs } from "../data/table/csv.js";
import { readJsonLines } from "../data/table/json-lines.js";
import { readParquet } from "../data/table/parquet.js";
import type { Table } from "../data/table/table.js";
import { ThalwegError } from "../errors.js";
import { reword } from "../nn/place.js";
import { read, sourceOf } from "./read.js";

export interface RowsOptions {
  /** What stands between the values of CSV. */
  readonly separator?: string;
  /** Texts that stand for a missing value in CSV, besides the usual ones. */
  readonly missing?: readonly string[];
  /** The kind of a column of CSV; undefined: what follows from its values. */
  readonly kindOf?: (name: string) => ColumnKind | undefined;
}

type Format = "csv" | "jsonl" | "parquet";

const SUFFIXES: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".tab": "csv",
  ".txt": "csv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
};

/** The path without the suffix of a compressed text. */
const plain = (path: string): string => path.replace(/\.gz$/i, "");

/** The name of a file of rows without folder and suffixes. */
export const stemOf = (path: string): string => basename(plain(path), extname(plain(path)));

const byName = (path: string): Format | undefined => SUFFIXES[extname(plain(path)).toLowerCase()];

/** By the first bytes, for a name that says nothing. */
function byBytes(bytes: Uint8Array): Format {
  const start = Buffer.from(bytes.subarray(0, 64)).toString("latin1").trimStart();
  if (start.startsWith("PAR1")) return "parquet";
  return start.startsWith("{") ? "jsonl" : "csv";
}

/** Whether rows of that file have tabs between their values. */
export const isTabbed = (path: string): boolean => /\.(?:tsv|tab)$/i.test(plain(path));

/** The rows of a file. @throws DataError, FileError, PackageError, ArgumentError */
export async function readRows(command: string, path: string, options: RowsOptions): Promise<Table> {
  const known = path === "-" ? undefined : byName(path);
  const source = known === undefined ? read(command, path) : path;
  const format = known ?? byBytes(source as Uint8Array);
  return asCommand(command, path, async () => {
    const { separator, missing = [], kindOf = () => undefined } = options;
    if (format === "parquet") return readParquet(source);
    if (format === "jsonl") return readJsonLines(source, { missing });
    const style = { missing: [...MISSING, ...missing], ...(separator === undefined ? {} : { separator }) };
    return readCsvAs(source, style, kindOf);
  });
}

/** The schema with another answer to what was not in training. */
export const withUnknown = (
  schema: Schema<SchemaInputs>,
  unknown: "error" | "stand-in",
): Schema<SchemaInputs> => Schema.fromJSON<SchemaInputs>({ ...schema.toJSON(), unknown });

/** How errors of the library's functions begin, and how the command says it. */
const BEGINNINGS: readonly (readonly [RegExp, (command: string, source: string) => string])[] = [
  [/^\w+: the bytes: /, (command, source) => `${command}: ${source}: `],
  [/^(?:Schema\.learn|encode|transform|predict|evaluate): /, (command, source) => `${command}: ${source}: `],
  [/^(?:read\w+|Table|Predictor\.load|split|drop): /, (command) => `${command}: `],
];

/** What functions take as options, and how the command line says it. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/unknown: "stand-in"/, "--unknown stand-in"],
  [/say task: "classification" or task: "regression"/, "say --task classification or --task regression"],
  [/name it in missing/, "name it in --missing"],
  [/say types: \{ (".*?"): "category" \}/, "say --category $1"],
];

/** Runs what throws errors in the name of the library's functions; they are told in the name of the command. */
export async function asCommand<T>(command: string, path: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ThalwegError) {
      const [pattern, begin] = BEGINNINGS.find(([known]) => known.test(error.message)) ?? [/^/, () => ""];
      const own = error.message.replace(pattern, () => begin(command, sourceOf(path)));
      reword(
        error,
        HINTS.reduce((text, [option, hint]) => text.replace(option, hint), own),
      );
    }
    throw error;
  }
}
