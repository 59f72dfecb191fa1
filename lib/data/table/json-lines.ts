import { DataError } from "../../errors.js";
import { checkOptions, describe, isPlainObject } from "../../options.js";
import { type TextOptions, type TextSource, textsOf } from "./chunks.js";
import type { Column, ColumnKind } from "./column.js";
import { columnOfValues, placeOf } from "./infer.js";
import {
  checkSparse,
  checkTyped,
  checkWanted,
  readTableOptions,
  TABLE_OPTIONS,
  type TableOptions,
} from "./source.js";
import { type Table, tableOf } from "./table.js";

export interface JsonLinesOptions extends TableOptions, TextOptions {
  /** The columns that are taken. Default: all. */
  readonly columns?: readonly string[];
  /** The kinds of some columns; `"number"` and `"date"` read texts. Default: what the values are. */
  readonly types?: Readonly<Record<string, ColumnKind>>;
  /** Texts that stand for a missing value, besides null and absent fields. Default: none. */
  readonly missing?: readonly string[];
}

const LONGEST_LINE = 1 << 24;

/**
 * Reads a table of JSON lines: an object a line. Columns have the kinds that a `Table` of the objects has. A field that
 * is absent is missing.
 * @param source a path, a `file:` URL, the bytes, or a stream of bytes or texts, in UTF-8. A path that ends in
 *   .gz is decompressed.
 * @throws DataError with the line for what is not an object of numbers, texts, true, false and null, and for a value that
 *   is not of its column's kind, and where lines have so many different fields that nearly all of a large table is missing;
 *   FileError, ArgumentError, OptionError
 * @example
 * const table = await data.readJsonLines(Buffer.from('{"age":22,"sex":"male"}\n{"sex":"female"}\n'));
 * table.column("age").toArray()   // [22, null]
 */
export async function readJsonLines(source: TextSource, options: JsonLinesOptions = {}): Promise<Table> {
  const where = "readJsonLines";
  checkOptions(where, options, [...TABLE_OPTIONS, "maxBytes"]);
  const { names, types, missing } = readTableOptions(where, options);
  const texts = textsOf(where, source, options);
  const wanted = names === null ? null : new Set(names);
  const known = new Set<string>();
  const columns = new Map<string, unknown[]>();
  const lines: number[] = [];
  let given = 0;
  for await (const [line, text] of linesOf(texts.where, texts.texts)) {
    if (text.trim() === "") continue;
    for (const [name, value] of Object.entries(parse(texts.where, line, text))) {
      known.add(name);
      if (wanted?.has(name) === false) continue;
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      column[lines.length] = value;
      given++;
    }
    lines.push(line);
    checkSparse(`${texts.where}: line ${line}`, { rows: lines.length, columns: columns.size, given });
  }
  checkTyped(texts.where, types, known);
  const place = (row: number) => placeOf(row, lines[row]);
  const read = new Map<string, Column>();
  for (const column of names ?? columns.keys()) {
    checkWanted(texts.where, column, known);
    const values = columns.get(column) as unknown[];
    values.length = lines.length;
    read.set(
      column,
      columnOfValues({ where: texts.where, column, place }, values, types.get(column), missing),
    );
  }
  return tableOf(read);
}

function parse(where: string, line: number, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${where}: line ${line}: ${(cause as Error).message}`, { cause });
  }
  if (isPlainObject(value)) {
    checkWholes(where, line, text, value);
    return value;
  }
  throw new DataError(`${where}: line ${line}: expected an object, got ${describe(value)}`);
}

const isInexact = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

/** @throws DataError for a whole number that JSON.parse has rounded */
function checkWholes(where: string, line: number, text: string, value: object): void {
  if (!Object.values(value).some(isInexact)) return;
  // 1e300 is of that size too, but is exact as it is written.
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [, digits = ""] of bare.matchAll(/:\s*(-?\d{16,})(?=\s*[,}])/g)) {
    if (!isInexact(Number(digits))) continue;
    throw new DataError(
      `${where}: line ${line}: the whole number ${digits.slice(0, 40)} is beyond 2^53, which a number does not hold; write it as a text`,
    );
  }
}

/** The lines with their numbers, from 1. */
async function* linesOf(
  where: string,
  texts: AsyncIterable<string>,
): AsyncGenerator<readonly [line: number, text: string]> {
  let parts: string[] = [];
  let length = 0;
  let line = 1;
  for await (const text of texts) {
    let begin = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", begin)) {
      parts.push(text.slice(begin, end));
      yield [line++, parts.join("")];
      [parts, length, begin] = [[], 0, end + 1];
    }
    parts.push(text.slice(begin));
    length += text.length - begin;
    if (length > LONGEST_LINE) {
      throw new DataError(`${where}: line ${line} is longer than ${LONGEST_LINE} characters`);
    }
  }
  yield [line, parts.join("")];
}
