import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../../errors.js";
import { checkList, checkOptions, describe, isInstance, isPlainObject } from "../../options.js";
import { format } from "../../tensor/shape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { Column, type ColumnKind, checkKind } from "./column.js";
import { type CellSource, columnOfValues, placeOf } from "./infer.js";

/** A value that a table takes: bigints become numbers if a number holds all of the column, and categories otherwise. */
export type CellLike = number | bigint | string | boolean | Date | null | undefined;
/** A column that a table takes; of a tensor [P]. */
export type ColumnLike = Column | Iterable<CellLike> | Tensor;

/** What a table is made of: objects, rows of values with the names in `columns`, columns by name, a tensor [P, D]. */
export type TableSource =
  | Iterable<Readonly<Record<string, unknown>>>
  | Iterable<Iterable<CellLike>>
  | Readonly<Record<string, ColumnLike>>
  | ReadonlyMap<string, ColumnLike>
  | Tensor;

export interface TableOptions {
  /** The columns' names, for rows of values and for a tensor. Of objects: the columns that are taken. */
  readonly columns?: readonly string[];
  /** The kinds of some columns. Default: what the values are. */
  readonly types?: Readonly<Record<string, ColumnKind>>;
  /** Texts that stand for a missing value, besides null, undefined and NaN. Default: none. */
  readonly missing?: readonly string[];
}

/** Options that all ways to make a table have. */
export interface ColumnOptions {
  readonly names: readonly string[] | null;
  readonly types: ReadonlyMap<string, ColumnKind>;
  readonly missing: ReadonlySet<string>;
}

export const TABLE_OPTIONS = ["columns", "types", "missing"] as const;

/** The options of a table, checked. */
export function readTableOptions(
  where: string,
  options: TableOptions,
  missing: readonly string[] = [],
): ColumnOptions {
  const { columns } = options;
  return {
    names: columns === undefined ? null : checkNames(where, "columns", columns),
    types: readTypes(where, options.types),
    missing: new Set(checkTexts(where, "missing", options.missing ?? missing)),
  };
}

function readTypes(where: string, given: unknown): Map<string, ColumnKind> {
  if (given === undefined) return new Map();
  if (!isPlainObject(given)) {
    throw new ArgumentError(`${where}: expected types to be an object by columns, got ${describe(given)}`);
  }
  return new Map(Object.entries(given).map(([name, kind]) => [name, checkKind(where, name, kind)]));
}

/** @throws ArgumentError unless it is a list of texts. */
function checkTexts(where: string, name: string, value: unknown): string[] {
  const list = checkList(where, `${name} to be a list of texts`, value);
  const other = list.find((text) => typeof text !== "string");
  if (other === undefined && !list.includes(undefined)) return list as string[];
  throw new ArgumentError(`${where}: expected ${name} to be a list of texts, got ${describe(other)} in it`);
}

/** @throws ArgumentError unless it is a list of different texts. */
export function checkNames(where: string, name: string, value: unknown): string[] {
  const list = checkTexts(where, name, value);
  const twice = firstTwice(list);
  if (twice === undefined) return list;
  throw new ArgumentError(`${where}: ${name} has ${describe(twice)} twice`);
}

/** The first text that was there before, if any. */
export function firstTwice(list: readonly string[]): string | undefined {
  const known = new Set<string>();
  return list.find((text) => known.size === known.add(text).size);
}

/** @throws ArgumentError if types name a column that there is not. */
export function checkTyped(
  where: string,
  types: ReadonlyMap<string, ColumnKind>,
  names: Iterable<string>,
): void {
  const known = new Set(names);
  for (const name of types.keys()) {
    if (!known.has(name)) throw noColumn(where, "types: ", name, known);
  }
}

/** @throws ArgumentError if the option `columns` names a column that there is not. */
export function checkWanted(
  where: string,
  name: string,
  known: ReadonlySet<string> | ReadonlyMap<string, unknown>,
): void {
  if (!known.has(name)) throw noColumn(where, "columns: ", name, known.keys());
}

/** The error for a column that there is not. */
export function noColumn(where: string, what: string, name: unknown, known: Iterable<string>): ArgumentError {
  const names = Array.from(known, (one) => JSON.stringify(one));
  const list = names.length > 12 ? `${names.slice(0, 12).join(", ")}, …` : names.join(", ");
  return new ArgumentError(
    `${where}: ${what}there is no column ${describe(name)}; there are ${list || "none"}`,
  );
}

/** The columns of a source, in order. */
export function columnsOf(where: string, source: unknown, options: TableOptions): Map<string, Column> {
  checkOptions(where, options, TABLE_OPTIONS);
  const read = readTableOptions(where, options);
  const columns = isTensor(source)
    ? fromTensor(where, source, read)
    : types.isMap(source) || (isPlainObject(source) && !(Symbol.iterator in source))
      ? fromColumns(where, types.isMap(source) ? source : new Map(Object.entries(source)), read)
      : fromRows(where, checkList(where, "rows or columns", source), read);
  checkTyped(where, read.types, columns.keys());
  return columns;
}

function fromRows(where: string, rows: readonly unknown[], options: ColumnOptions): Map<string, Column> {
  const isList = rows.length > 0 && (Array.isArray(rows[0]) || ArrayBuffer.isView(rows[0]));
  const names = options.names ?? (isList ? null : namesOf(where, rows));
  if (names === null) {
    throw new ArgumentError(`${where}: expected the names of the columns for rows of values (columns)`);
  }
  const cells = names.map(() => new Array<unknown>(rows.length));
  rows.forEach((row, at) => {
    const values = isList ? valuesOf(where, row, at, names) : fieldsOf(where, row, at, names);
    for (let i = 0; i < names.length; i++) (cells[i] as unknown[])[at] = values[i];
  });
  return new Map(
    names.map((column, i) => {
      const source: CellSource = { where, column, place: placeOf };
      return [
        column,
        columnOfValues(source, cells[i] as unknown[], options.types.get(column), options.missing),
      ];
    }),
  );
}

/** All names of the objects, in the order in which they appear. */
function namesOf(where: string, rows: readonly unknown[]): string[] {
  const names = new Set<string>();
  let given = 0;
  rows.forEach((row, at) => {
    const own = Object.keys(checkRow(where, row, at));
    for (const name of own) names.add(name);
    given += own.length;
    checkSparse(`${where}: ${placeOf(at)}`, { rows: at + 1, columns: names.size, given });
  });
  return [...names];
}

const LEAST_CELLS = 1 << 24;
const TIMES_GIVEN = 32;

/** @throws DataError if nearly all cells of a large table would be missing, as where each row has fields of its own. */
export function checkSparse(
  where: string,
  { rows, columns, given }: { readonly rows: number; readonly columns: number; readonly given: number },
): void {
  if (rows * columns <= Math.max(LEAST_CELLS, TIMES_GIVEN * given)) return;
  throw new DataError(
    `${where}: ${rows} rows with ${columns} different fields, of which ${given} values are given, are too many; take some with columns`,
  );
}

/** @throws ArgumentError unless the row is an object with values by names. */
export function checkRow(where: string, row: unknown, at: number): Readonly<Record<string, unknown>> {
  const isObject = typeof row === "object" && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row);
  if (isObject && !types.isProxy(row) && !isTensor(row)) return row as Readonly<Record<string, unknown>>;
  throw new ArgumentError(
    `${where}: expected row ${at} to be an object with values by names, got ${describe(row)}`,
  );
}

function fieldsOf(where: string, row: unknown, at: number, names: readonly string[]): unknown[] {
  const object = checkRow(where, row, at);
  return names.map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
}

function valuesOf(where: string, row: unknown, at: number, names: readonly string[]): ArrayLike<unknown> {
  const isList = Array.isArray(row) || (ArrayBuffer.isView(row) && !types.isDataView(row));
  const values = isList && !types.isProxy(row) ? (row as ArrayLike<unknown>) : null;
  if (values?.length === names.length) return values;
  const got = values === null ? describe(row) : `${values.length}`;
  throw new DataError(`${where}: row ${at}: expected ${names.length} values, got ${got}`);
}

function fromTensor(where: string, x: Tensor, options: ColumnOptions): Map<string, Column> {
  const names = options.names ?? [];
  if (x.rank !== 2 || names.length !== x.shape[1]) {
    throw new ShapeError(
      `${where}: expected a tensor [P, D] and D names (columns), got ${format(x.shape)} and ${names.length} names`,
    );
  }
  const [rows, width] = x.shape as [number, number];
  const values = x.storage.forReading();
  return new Map(
    names.map((column, i) => {
      const cells = Array.from({ length: rows }, (_, row) => cellOf(x, values[row * width + i] as number));
      const source: CellSource = { where, column, place: placeOf };
      return [column, columnOfValues(source, cells, options.types.get(column), options.missing)];
    }),
  );
}

const cellOf = ({ dtype }: Tensor, value: number): number | boolean =>
  dtype === "bool" ? value !== 0 : value;

function fromColumns(
  where: string,
  source: ReadonlyMap<unknown, unknown>,
  options: ColumnOptions,
): Map<string, Column> {
  const columns = new Map<string, Column>();
  const keys = new Set(checkTexts(where, "the columns' names", [...source.keys()]));
  for (const name of options.names ?? keys) {
    checkWanted(where, name, keys);
    const column = fromColumn(where, name, source.get(name), options);
    const [first] = columns;
    if (first !== undefined && first[1].length !== column.length) {
      throw new ShapeError(
        `${where}: column ${describe(name)} has ${column.length} values, ${describe(first[0])} has ${first[1].length}`,
      );
    }
    columns.set(name, column);
  }
  return columns;
}

function fromColumn(where: string, column: string, value: unknown, options: ColumnOptions): Column {
  const wanted = options.types.get(column);
  if (isInstance(value, Column) && (wanted === undefined || wanted === value.kind)) return value;
  const source: CellSource = { where, column, place: placeOf };
  return columnOfValues(source, listOf(where, column, value), wanted, options.missing);
}

function listOf(where: string, column: string, value: unknown): ArrayLike<unknown> {
  if (isInstance(value, Column)) return value.toArray();
  if (isTensor(value)) {
    if (value.rank === 1) return Array.from(value.storage.forReading(), (one) => cellOf(value, one));
    throw new ShapeError(`${where}: column ${describe(column)}: expected [P], got ${format(value.shape)}`);
  }
  if (types.isTypedArray(value)) return value;
  return checkList(where, `column ${describe(column)} to be a list of values`, value);
}
