import { types } from "node:util";
import { ArgumentError, DataError } from "../../errors.js";
import { checkList, describe, isInstance } from "../../options.js";
import { checkRow } from "../table/source.js";
import { Table } from "../table/table.js";

/** What a schema encodes: a table, or objects as a service receives them. */
export type RowsLike = Table | Iterable<Readonly<Record<string, unknown>>>;

/** Rows of a table or of objects, read by column. */
export interface Rows {
  readonly length: number;
  has(name: string): boolean;
  /** The value of a row; undefined where the row has no such field. */
  at(name: string, row: number): unknown;
}

/** The rows of a user's value. @throws ArgumentError; DataError if there are none */
export function rowsOf(where: string, value: unknown): Rows {
  const rows = isInstance(value, Table) ? ofTable(value) : ofObjects(where, value);
  if (rows.length === 0) throw new DataError(`${where}: expected at least one row, got none`);
  return rows;
}

function ofTable(table: Table): Rows {
  const columns = new Map(table.names.map((name) => [name, table.column(name)]));
  return {
    length: table.length,
    has: (name) => columns.has(name),
    at: (name, row) => columns.get(name)?.at(row),
  };
}

function ofObjects(where: string, value: unknown): Rows {
  if (typeof value !== "object" || value === null || types.isProxy(value) || !(Symbol.iterator in value)) {
    throw new ArgumentError(`${where}: expected a Table or a list of objects, got ${describe(value)}`);
  }
  const list = checkList(where, "a Table or a list of objects", value);
  const rows = list.map((row, at) => checkRow(where, row, at));
  return {
    length: rows.length,
    has: (name) => rows.some((row) => Object.hasOwn(row, name)),
    at: (name, row) => {
      const object = rows[row] as Readonly<Record<string, unknown>>;
      return Object.hasOwn(object, name) ? (object[name] ?? null) : undefined;
    },
  };
}
