import { types } from "node:util";
import { DataError } from "../../errors.js";
import { describe } from "../../options.js";
import { Column, type ColumnKind, columnOfBooleans, columnOfCategories } from "./column.js";

/** Where cells come from, for errors, and what is asked of them. */
export interface CellSource {
  /** The function and the file, as errors begin: `"readCsv: iris.csv"`. */
  readonly where: string;
  readonly column: string;
  /** Names the place of a row: `"row 4 (line 6)"`. */
  readonly place: (row: number) => string;
}

/** The place of a row, and the line of the file where it is known: `"row 4 (line 6)"`. */
export const placeOf = (row: number, line?: number): string =>
  line === undefined ? `row ${row}` : `row ${row} (line ${line})`;

/** The kind that is wanted, or undefined to find it. */
type Wanted = ColumnKind | undefined;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
// Codes begin like this and numbers do not: 007, a postcode.
const LEADING_ZERO = /^[+-]?0\d/;
const BOOLEAN = /^(?:true|false)$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;
// A column is a category if it has few values, or if they come up again.
const FEW = 20;
// So nearly all numbers that the others are mistakes, or stand for missing ones.
const NEARLY_ALL = 0.95;
const ENOUGH = 20;

/**
 * A number that is written with digits, or infinity; undefined for another text, for one with leading zeros, and for
 * whole numbers beyond 2⁵³, which a number does not hold: those are codes.
 */
function parseNumber(text: string): number | undefined {
  if (NUMBER.test(text)) {
    if (LEADING_ZERO.test(text)) return undefined;
    const value = Number(text);
    return !Number.isSafeInteger(value) && /^[+-]?\d+$/.test(text) ? undefined : value;
  }
  if (!INFINITE.test(text)) return undefined;
  return text.startsWith("-") ? -Infinity : Infinity;
}

/** Milliseconds since 1970 of a date of ISO 8601, in UTC if it names no zone; undefined for another text. */
export function parseDate(text: string): number | undefined {
  const found = DATE.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const [, , , , , , , fraction = "", zone = "Z"] = found;
  const time = new Date(0);
  time.setUTCFullYear(year as number, (month as number) - 1, day);
  const isDay = time.getUTCMonth() === (month as number) - 1 && time.getUTCDate() === day;
  const isTime = (hour as number) < 24 && (minute as number) < 60 && (second as number) < 60;
  const offset = offsetOf(zone);
  if (!isDay || !isTime || offset === undefined) return undefined;
  time.setUTCHours(hour as number, minute, second, Math.floor(Number(`0.${fraction || 0}`) * 1000));
  return time.getTime() - offset;
}

/** Milliseconds by which a zone such as +02:00 is before UTC; undefined beyond 23:59. */
function offsetOf(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -60_000 : 60_000) * (60 * hours + minutes);
}

/**
 * The column of texts from a file, null where one is missing. Its kind follows from all of them: see `readCsv`.
 * @throws DataError that names the place of a text that is not of the wanted kind.
 */
export function columnOfTexts(
  source: CellSource,
  texts: readonly (string | null)[],
  wanted: Wanted,
  decimal: "." | "," = ".",
): Column {
  // 1.500 with a decimal comma has a point between thousands.
  const withComma = (text: string) => (text.includes(".") ? undefined : parseNumber(text.replace(",", ".")));
  const numberOf = decimal === "." ? parseNumber : withComma;
  const kind = wanted ?? kindOfTexts(source, texts, numberOf);
  switch (kind) {
    case "number":
      return new Column({ kind, values: parsed(source, texts, numberOf, "a number") });
    case "date":
      return new Column({ kind, values: parsed(source, texts, parseDate, "a date (2024-12-31T23:59:59Z)") });
    case "boolean": {
      const read = (text: string) => (BOOLEAN.test(text) ? Number(/^t/i.test(text)) : undefined);
      const values = parsed(source, texts, read, "true or false");
      return columnOfBooleans(Array.from(values, (value) => (Number.isNaN(value) ? null : value === 1)));
    }
    case "category":
      return columnOfCategories(texts);
    case "text":
      return new Column({ kind, values: texts });
  }
}

function parsed(
  { where, column, place }: CellSource,
  texts: readonly (string | null)[],
  read: (text: string) => number | undefined,
  expected: string,
): Float64Array {
  const values = new Float64Array(texts.length);
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row] as string | null;
    const value = text === null ? Number.NaN : read(text);
    if (value === undefined) {
      throw new DataError(
        `${where}: ${place(row)}, column ${describe(column)}: expected ${expected}, got ${describe(text)}`,
      );
    }
    values[row] = value;
  }
  return values;
}

function kindOfTexts(
  source: CellSource,
  texts: readonly (string | null)[],
  numberOf: (text: string) => number | undefined,
): ColumnKind {
  let [present, numbers, booleans, dates] = [0, 0, 0, 0];
  let other = -1;
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row] as string | null;
    if (text === null) continue;
    present++;
    if (numberOf(text) !== undefined) numbers++;
    else if (BOOLEAN.test(text)) booleans++;
    else if (parseDate(text) !== undefined) dates++;
    else if (other < 0 && !NUMBER.test(text)) other = row;
  }
  if (present === 0) return "text";
  if (numbers === present) return "number";
  if (booleans === present) return "boolean";
  if (dates === present) return "date";
  if (other >= 0 && present >= ENOUGH && numbers >= NEARLY_ALL * present) {
    throw new DataError(
      `${source.where}: ${source.place(other)}, column ${describe(source.column)}: ${numbers} of ${present} values are numbers, but here is ${describe(texts[other])}; name it in missing, or say types: { ${JSON.stringify(source.column)}: "category" }`,
    );
  }
  return kindOfWords(texts, present);
}

/** Few values, or values that come up again, are categories; others are free text. */
function kindOfWords(texts: readonly (string | null)[], present: number): "category" | "text" {
  const most = Math.max(FEW, present / 2);
  const distinct = new Set<string>();
  for (const text of texts) {
    if (text !== null && distinct.add(text).size > most) return "text";
  }
  return distinct.size === 0 ? "text" : "category";
}

type Raw = number | bigint | string | boolean | Date | null;

/**
 * The column of JavaScript's values: numbers, bigints, booleans, dates or texts; null, undefined and NaN are missing,
 * and the texts of `missing`. Texts stay texts, unless another kind is wanted.
 * @throws DataError that names the place of a value that is not of the kind of the others.
 */
export function columnOfValues(
  source: CellSource,
  values: ArrayLike<unknown>,
  wanted: Wanted,
  missing: ReadonlySet<string>,
): Column {
  const cells: Raw[] = new Array(values.length);
  let first: { readonly kind: ColumnKind; readonly row: number } | null = null;
  for (let row = 0; row < values.length; row++) {
    const cell = rawOf(source, row, values[row], missing);
    cells[row] = cell;
    if (cell === null) continue;
    const kind = kindOfRaw(cell);
    if (first === null) first = { kind, row };
    else if (first.kind !== kind && wanted !== "category" && wanted !== "text") {
      const known = `${source.place(first.row)} has ${describeRaw(cells[first.row] as Raw)}`;
      throw new DataError(
        `${source.where}: ${source.place(row)}, column ${describe(source.column)}: expected a ${first.kind}, as ${known}, got ${describeRaw(cell)}`,
      );
    }
  }
  return columnOfRaw(source, cells, first?.kind ?? "text", wanted);
}

function columnOfRaw(source: CellSource, cells: readonly Raw[], own: ColumnKind, wanted: Wanted): Column {
  if (wanted === "category" || wanted === "text" || (own === "text" && wanted !== undefined)) {
    return columnOfTexts(source, cells.map(textOf), wanted);
  }
  if (own === "text") {
    const texts = cells as readonly (string | null)[];
    const present = texts.reduce((count, text) => count + Number(text !== null), 0);
    return columnOfTexts(source, texts, kindOfWords(texts, present));
  }
  const row = wanted === undefined || wanted === own ? -1 : cells.findIndex((cell) => cell !== null);
  if (row >= 0) {
    throw new DataError(
      `${source.where}: ${source.place(row)}, column ${describe(source.column)}: expected a ${wanted}, got ${describeRaw(cells[row] as Raw)}`,
    );
  }
  if (own === "boolean") return columnOfBooleans(cells as readonly (boolean | null)[]);
  const unsafe = own === "number" ? cells.findIndex((cell) => typeof cell === "bigint" && !isSafe(cell)) : -1;
  if (unsafe >= 0) {
    if (wanted === undefined) return columnOfCategories(cells.map(textOf));
    throw new DataError(
      `${source.where}: ${source.place(unsafe)}, column ${describe(source.column)}: expected a number, got ${describe(cells[unsafe])}, which a number does not hold`,
    );
  }
  const kind = own as "number" | "date";
  return new Column({
    kind,
    values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))),
  });
}

const isSafe = (value: bigint): boolean => Number.isSafeInteger(Number(value));

function rawOf(source: CellSource, row: number, value: unknown, missing: ReadonlySet<string>): Raw {
  switch (typeof value) {
    case "undefined":
      return null;
    case "number":
      return Number.isNaN(value) ? null : value;
    case "string":
      return missing.has(value) ? null : value;
    case "bigint":
    case "boolean":
      return value;
    default:
      if (value === null) return null;
      if (types.isDate(value)) return Number.isNaN(Date.prototype.getTime.call(value)) ? null : value;
  }
  throw new DataError(
    `${source.where}: ${source.place(row)}, column ${describe(source.column)}: expected a number, a text, true, false, a Date or null, got ${describe(value)}`,
  );
}

const kindOfRaw = (cell: Exclude<Raw, null>): ColumnKind =>
  typeof cell === "boolean"
    ? "boolean"
    : typeof cell === "string"
      ? "text"
      : types.isDate(cell)
        ? "date"
        : "number";

const describeRaw = (cell: Raw): string => (types.isDate(cell) ? cell.toISOString() : describe(cell));

/** A value as one writes it; null if it is missing. */
export const textOf = (cell: Raw): string | null =>
  cell === null ? null : types.isDate(cell) ? cell.toISOString() : String(cell);
