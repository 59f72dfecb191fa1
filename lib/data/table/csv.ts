import { ArgumentError, DataError } from "../../errors.js";
import { optionalPackage } from "../../optional-package.js";
import { checkChoice, checkFlag, checkOptions, describe } from "../../options.js";
import { type TextOptions, type TextSource, type Texts, textsOf } from "./chunks.js";
import type { Column, ColumnKind } from "./column.js";
import { columnOfTexts, placeOf } from "./infer.js";
import {
  checkNames,
  checkTyped,
  checkWanted,
  firstTwice,
  readTableOptions,
  TABLE_OPTIONS,
  type TableOptions,
} from "./source.js";
import { type Table, tableOf } from "./table.js";

export interface CsvOptions extends TableOptions, TextOptions {
  /** The columns that are taken. Default: all. */
  readonly columns?: readonly string[];
  /** The kinds of some columns. Default: what follows from all their values. */
  readonly types?: Readonly<Record<string, ColumnKind>>;
  /** Texts that stand for a missing value. Default: `data.MISSING`. */
  readonly missing?: readonly string[];
  /** What stands between values. Default: a tab for a path that ends in .tsv or .tab (or .tsv.gz), a comma otherwise. */
  readonly separator?: string;
  /** Whether the first row has the names; false names the columns "0", "1", …; a list names them. Default: true. */
  readonly header?: boolean | readonly string[];
  /** What stands around values that have separators or line breaks in them; null for none. Default: `"`. */
  readonly quote?: string | null;
  /** What begins a line that is left out. Default: none. */
  readonly comment?: string;
  /** What stands before the decimals of a number: "." or ",". Default: ".". */
  readonly decimal?: "." | ",";
  /** Whether spaces around values are left out. Default: true. */
  readonly trim?: boolean;
  /** The encoding of bytes, as TextDecoder names them. Default: "utf-8". */
  readonly encoding?: string;
}

const OPTIONS = [
  ...TABLE_OPTIONS,
  "separator",
  "header",
  "quote",
  "comment",
  "decimal",
  "trim",
  "encoding",
  "maxBytes",
] as const;

/** The texts that stand for a missing value in files, if none are given. */
export const MISSING: readonly string[] = Object.freeze([
  "",
  "?",
  "NA",
  "N/A",
  "n/a",
  "#N/A",
  "<NA>",
  "NaN",
  "nan",
  "NULL",
  "null",
  "None",
]);

// A quote that never ends makes all that follows one value.
const LONGEST_ROW = 1 << 24;
const MOST_COLUMNS = 1 << 17;
const LEAST_BLOCK = 1 << 18;
// This many different texts of a column are kept once.
const SHARED = 1024;

/**
 * Reads a table of comma-separated or otherwise separated values (RFC 4180). Needs the package papaparse.
 *
 * The kind of a column follows from all of its values that are not missing: all are numbers, or all are true or false
 * (in any case), or all are dates of ISO 8601 (`2024-12-31`, `2024-12-31T23:59:59.5+02:00`; in UTC without a zone).
 * Others are texts: a category if there are at most 20 different ones, or at most half as many as values, and text
 * otherwise. Numbers with leading zeros (007) and whole numbers beyond 2⁵³ are codes, so a column with one is texts. If
 * at least 95 % of 20 or more values are numbers, but one is no number, that is an error: name it in `missing`, or say
 * the column's kind in `types`. Nothing else is converted: 0 and 1 are numbers, "yes" and "no" are categories.
 *
 * @param source a path, a `file:` URL, the bytes, or a stream of bytes or texts. A path that ends in .gz is decompressed.
 * @throws DataError with row and line for a row with too many or too few values, a quote out of place, or a value that is
 *   not of its column's kind; FileError, PackageError, ArgumentError, OptionError
 * @example
 * const table = await data.readCsv(Buffer.from("age,sex\n22,male\n?,female\n"));
 * table.column("age").toArray()   // [22, null]
 */
export async function readCsv(source: TextSource, options: CsvOptions = {}): Promise<Table> {
  return readCsvAs(source, options, () => undefined);
}

/** As `readCsv`, with the kind of each column that `types` has not; undefined: what follows from its values. */
export async function readCsvAs(
  source: TextSource,
  options: CsvOptions,
  kindOf: (name: string) => ColumnKind | undefined,
): Promise<Table> {
  const where = "readCsv";
  checkOptions(where, options, OPTIONS);
  const { names, types, missing } = readTableOptions(where, options, MISSING);
  const decimal = checkChoice(where, "decimal", options.decimal ?? ".", [".", ","]);
  const header = readHeader(where, options.header ?? true);
  const texts = textsOf(where, source, options);
  const style = readStyle(where, texts.path, options);
  const records = new Records(texts.where, header, { missing, ...style });
  await parse(texts, records, style);
  const { place } = records;
  checkTyped(texts.where, types, records.names);
  const columns = new Map<string, Column>();
  for (const column of names ?? records.names) {
    const cells = records.take(column);
    columns.set(
      column,
      columnOfTexts(
        { where: texts.where, column, place },
        cells,
        types.get(column) ?? kindOf(column),
        decimal,
      ),
    );
  }
  return tableOf(columns);
}

function readHeader(where: string, value: unknown): boolean | readonly string[] {
  return typeof value === "object" ? checkNames(where, "header", value) : checkFlag(where, "header", value);
}

/** How the values of a file are written. */
interface Style {
  readonly separator: string;
  readonly quote: string | null;
  readonly comment: string | null;
  readonly trim: boolean;
}

function readStyle(where: string, path: string | null, options: CsvOptions): Style {
  const usual = path !== null && /\.(?:tsv|tab)$/i.test(path) ? "\t" : ",";
  const separator = checkText(where, "separator", options.separator ?? usual, 8);
  const quote = options.quote === null ? null : checkText(where, "quote", options.quote ?? '"', 1);
  const comment = options.comment === undefined ? null : checkText(where, "comment", options.comment, 8);
  const marks = [separator, quote, comment, "\n", "\r", "\ufeff"].filter((mark) => mark !== null);
  if (new Set(marks).size < marks.length) {
    throw new ArgumentError(
      `${where}: expected separator, quote and comment to be different, and none a line break`,
    );
  }
  return { separator, quote, comment, trim: checkFlag(where, "trim", options.trim ?? true) };
}

function checkText(where: string, name: string, value: unknown, most: number): string {
  if (typeof value === "string" && value !== "" && value.length <= most) return value;
  throw new ArgumentError(
    `${where}: expected ${name} to be a text of 1 to ${most} characters, got ${describe(value)}`,
  );
}

/** The part of papaparse that is used: a parser of a text, whose last row may go on in the next one. */
interface Papa {
  readonly Parser: new (config: {
    readonly delimiter: string;
    readonly newline: string;
    readonly quoteChar: string;
    readonly comments: string | false;
    readonly fastMode?: boolean;
    readonly step?: (row: Parsed) => void;
  }) => {
    parse(input: string, base: number, ignoreLastRow: boolean): Parsed;
  };
}
interface Parsed {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly code: string; readonly row: number }[];
  readonly meta: { readonly cursor: number };
}

/** Gives the rows to `records`, block by block. */
async function parse(texts: Texts, records: Records, style: Style): Promise<void> {
  const parser = makeParser(style);
  let text = "";
  let block = LEAST_BLOCK;
  const read = (isEnd: boolean) => {
    text = withLineFeeds(text, style, isEnd);
    const { data, errors, meta } = parser.parse(text, 0, !isEnd);
    const wrong = errors[0];
    const isBlank = data.some(isEmpty) ? blanksOf(text, style) : () => false;
    data.forEach((record, i) => {
      if (wrong !== undefined && i >= wrong.row) return;
      if (isEmpty(record) && isBlank(i)) records.skip();
      else records.add(record);
    });
    if (wrong !== undefined) records.refuse(MISTAKES[wrong.code] ?? wrong.code);
    text = isEnd ? "" : text.slice(meta.cursor);
    // A long row is not parsed again for each block that it takes.
    block = Math.min(Math.max(LEAST_BLOCK, 2 * text.length), LONGEST_ROW + 1);
    if (text.length > LONGEST_ROW) {
      records.refuse(`a row is longer than ${LONGEST_ROW} characters; is a quote not closed?`);
    }
  };
  let isStart = true;
  for await (const part of texts.texts) {
    text += isStart && part.startsWith("\ufeff") ? part.slice(1) : part;
    isStart &&= part === "";
    if (text.length >= block) read(false);
  }
  if (text !== "") read(true);
  records.end();
}

const MISTAKES: Readonly<Record<string, string>> = {
  MissingQuotes: "a quote is not closed before the end",
  InvalidQuotes: "a quote closes before the end of the value; double it within a value",
};

const isEmpty = (record: readonly string[]): boolean =>
  record.length === 1 && (record[0] as string).trim() === "";

/** Tells of a row with one empty value whether its line is blank: one with quotes is a value. */
function blanksOf(text: string, style: Style): (row: number) => boolean {
  if (style.quote === null || !text.includes(style.quote)) return () => true;
  const ends: number[] = [];
  makeParser(style, ({ meta }) => ends.push(meta.cursor)).parse(text, 0, false);
  return (row) => {
    const lines = text.slice(ends[row - 1] ?? 0, ends[row]).replace(/\n$/, "");
    // Comments may stand before it.
    return lines.slice(lines.lastIndexOf("\n") + 1).trim() === "";
  };
}

/**
 * The text with line feeds as line ends, however they are mixed; those in quotes stay. It begins at the start of a row,
 * and a carriage return at its end waits for what follows.
 */
function withLineFeeds(text: string, { separator, quote, comment }: Style, isEnd: boolean): string {
  if (!text.includes("\r")) return text;
  const parts: string[] = [];
  let [from, line, at] = [0, 0, 0];
  const next = new RegExp(quote === null ? "[\\r\\n]" : `[\\r\\n${escaped(quote)}]`, "gu");
  for (;;) {
    next.lastIndex = at;
    const found = next.exec(text);
    if (found === null) break;
    const mark = found.index;
    at = mark + 1;
    if (found[0] === "\r") {
      if (at === text.length && !isEnd) break;
      parts.push(text.slice(from, mark), "\n");
      if (text[at] === "\n") at++;
      [from, line] = [at, at];
    } else if (found[0] === "\n") {
      line = at;
    } else if (comment === null || !text.startsWith(comment, line)) {
      const isOpening = mark === line || text.endsWith(separator, mark);
      if (isOpening) at = endOfQuoted(text, quote as string, at);
    }
  }
  parts.push(text.slice(from));
  return parts.join("");
}

const escaped = (mark: string): string => `\\u{${(mark.codePointAt(0) as number).toString(16)}}`;

/** The place after the quote that closes, or the end of the text. */
function endOfQuoted(text: string, quote: string, begin: number): number {
  let end = text.indexOf(quote, begin);
  while (end >= 0 && text[end + 1] === quote) end = text.indexOf(quote, end + 2);
  return end < 0 ? text.length : end + 1;
}

/** @param step is told each row, which the result then lacks. */
function makeParser(
  { separator, quote, comment }: Style,
  step?: (row: Parsed) => void,
): InstanceType<Papa["Parser"]> {
  const { Parser } = optionalPackage<Papa>("readCsv", "papaparse");
  return new Parser({
    delimiter: separator,
    newline: "\n",
    quoteChar: quote ?? '"',
    comments: comment ?? false,
    ...(step === undefined ? {} : { step }),
    ...(quote === null ? { fastMode: true } : {}),
  });
}

/** The values of a file by columns, as texts. */
class Records {
  readonly #where: string;
  readonly #missing: ReadonlySet<string>;
  #header: boolean | readonly string[];
  #names: readonly string[] | null = null;
  #places: ReadonlyMap<string, number> = new Map();
  #columns: (string | null)[][] = [];
  #shared: Map<string, string>[] = [];
  readonly #trim: boolean;
  /** The line of each row; null where comments are left out. */
  readonly #lines: number[] | null;
  #line = 1;
  #rows = 0;

  constructor(
    where: string,
    header: boolean | readonly string[],
    { missing, trim, comment }: Style & { readonly missing: ReadonlySet<string> },
  ) {
    this.#where = where;
    this.#header = header;
    this.#missing = missing;
    this.#trim = trim;
    this.#lines = comment === null ? [] : null;
  }

  get names(): readonly string[] {
    return this.#names ?? [];
  }

  readonly place = (row: number): string => placeOf(row, this.#lines?.[row]);

  /** @throws DataError at the row that would come next. */
  refuse(what: string): never {
    const place = placeOf(this.#rows, this.#lines === null ? undefined : this.#line);
    throw new DataError(`${this.#where}: ${place}: ${what}`);
  }

  /** Passes a line without a row. */
  skip(): void {
    this.#line++;
  }

  add(record: readonly string[]): void {
    const line = this.#line;
    const isNames = this.#names === null && this.#header === true;
    if (this.#names === null) {
      const trimmed = record.map((name) => (this.#trim ? name.trim() : name));
      this.#begin(
        isNames ? trimmed : ((this.#header || record.map((_, i) => `${i}`)) as readonly string[]),
        isNames,
      );
    }
    if (!isNames) this.#addRow(record, line);
    this.#pass(record);
  }

  #addRow(record: readonly string[], line: number): void {
    const columns = this.#columns;
    if (record.length !== columns.length) {
      this.refuse(`expected ${columns.length} values, got ${record.length}`);
    }
    for (let i = 0; i < columns.length; i++) {
      (columns[i] as (string | null)[]).push(this.#cell(i, record[i] as string));
    }
    this.#lines?.push(line);
    this.#rows++;
  }

  /** Counts the lines of a row. */
  #pass(record: readonly string[]): void {
    this.#line++;
    for (const text of record) {
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#line++;
    }
  }

  #cell(column: number, given: string): string | null {
    const text = this.#trim ? given.trim() : given;
    if (this.#missing.has(text)) return null;
    const shared = this.#shared[column] as Map<string, string>;
    const known = shared.get(text);
    if (known !== undefined) return known;
    if (shared.size < SHARED) shared.set(text, text);
    return text;
  }

  #begin(given: readonly string[], isRow: boolean): void {
    const names = given.map((name, i) => (name === "" ? `${i}` : name));
    if (names.length > MOST_COLUMNS) {
      throw new DataError(
        `${this.#where}: line ${this.#line}: expected at most ${MOST_COLUMNS} columns, got ${names.length}`,
      );
    }
    const twice = firstTwice(names);
    if (isRow && twice !== undefined) {
      throw new DataError(`${this.#where}: line ${this.#line}: two columns have the name ${describe(twice)}`);
    }
    this.#names = names;
    this.#places = new Map(names.map((name, i) => [name, i]));
    this.#columns = names.map(() => []);
    this.#shared = names.map(() => new Map());
  }

  /** @throws DataError if there was no row, not even that of the names. */
  end(): void {
    if (this.#names === null && Array.isArray(this.#header)) this.#begin(this.#header, false);
    if (this.#names === null) throw new DataError(`${this.#where}: expected rows, got an empty file`);
  }

  /** The values of a column. They are forgotten. */
  take(name: string): readonly (string | null)[] {
    checkWanted(this.#where, name, this.#places);
    const at = this.#places.get(name) as number;
    const cells = this.#columns[at] as (string | null)[];
    this.#columns[at] = [];
    return cells;
  }
}
