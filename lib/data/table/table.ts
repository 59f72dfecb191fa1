import { types } from "node:util";
import { ArgumentError, IndexError, ShapeError } from "../../errors.js";
import { checkFlag, checkFunction, checkList, checkNumber, checkOptions, describe } from "../../options.js";
import { byCodeUnits, type Cell, type Column } from "./column.js";
import { QUANTILES, summarize } from "./describe.js";
import { showTable } from "./show.js";
import {
  type ColumnLike,
  checkNames,
  columnsOf,
  noColumn,
  type TableOptions,
  type TableSource,
} from "./source.js";

/** A row of a table: its values by column, null for the missing ones. */
export type Row = Readonly<Record<string, Cell>>;

/**
 * Rows of named columns. Each column has one kind: number, category (one of few texts), boolean, date or text, and may
 * miss values. A table does not change; its methods give other tables.
 *
 * Made of objects, of rows of values with names, of columns by name, or of a tensor [P, D] with names. The kind of a
 * column follows from all of its values, unless `types` says it: numbers and bigints are numbers, true and false are
 * booleans, dates are dates. Texts are a category if there are at most 20 different ones, or at most half as many as
 * values; otherwise they are text, which models do not use. Nothing is converted: a text among numbers is an error. Of
 * bigints that a number does not hold, a category is made. null, undefined, NaN and absent fields are missing.
 *
 * `readCsv`, `readJsonLines` and `readParquet` read tables from files; `Schema` turns them into tensors.
 *
 * @example
 * const table = new data.Table([
 *   { age: 22, sex: "male", survived: false },
 *   { age: 38, sex: "female", survived: true },
 *   { age: null, sex: "female", survived: true },
 * ]);
 * table.column("age").toArray()                              // [22, 38, null]
 * table.filter(({ sex }) => sex === "female").length         // 2
 * new data.Table([[1, "a"], [2, "b"]], { columns: ["n", "c"] }).column("c").toArray()   // ["a", "b"]
 * @throws DataError for a value that is not of its column's kind, with row and column; ArgumentError, ShapeError,
 *   OptionError
 */
export class Table implements Iterable<Row> {
  readonly #columns: ReadonlyMap<string, Column>;
  /** Number of rows. */
  readonly length: number;

  constructor(source: TableSource, options: TableOptions = {}) {
    this.#columns = columnsOf("Table", source, options);
    const [first] = this.#columns.values();
    this.length = first?.length ?? 0;
  }

  /** The columns' names, in order. */
  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** @throws ArgumentError if there is no such column. */
  column(name: string): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw noColumn("Table", "", name, this.#columns.keys());
    return column;
  }

  /** Whether there is a column of that name. */
  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /**
   * The values of a row, by column.
   * @throws IndexError for a row outside [0, `length`).
   */
  row(row: number): Row {
    this.#checkRow("row", row);
    return Object.fromEntries(Array.from(this.#columns, ([name, column]) => [name, column.at(row)]));
  }

  /** All rows, as objects. */
  rows(): Row[] {
    return Array.from(this);
  }

  *[Symbol.iterator](): Iterator<Row> {
    for (let row = 0; row < this.length; row++) yield this.row(row);
  }

  /** These columns, in this order. @throws ArgumentError */
  select(names: readonly string[]): Table {
    return tableOf(new Map(checkNames("select", "names", names).map((name) => [name, this.column(name)])));
  }

  /** All but these columns. @throws ArgumentError */
  drop(names: readonly string[]): Table {
    const dropped = checkNames("drop", "names", names);
    for (const name of dropped) this.column(name);
    return tableOf(new Map(Array.from(this.#columns).filter(([name]) => !dropped.includes(name))));
  }

  /**
   * The table with more columns, or others in place of those of these names.
   * @param columns lists of values as the constructor takes them, or functions of a row.
   * @example
   * const table = new data.Table({ a: [1, 2] }).with({ b: ["x", "y"], double: ({ a }) => 2 * Number(a) });
   * table.column("double").toArray()   // [2, 4]
   * @throws as the constructor
   */
  with(
    columns: Readonly<Record<string, ColumnLike | ((row: Row, at: number) => Cell)>>,
    options: TableOptions = {},
  ): Table {
    if (typeof columns !== "object" || columns === null || Array.isArray(columns)) {
      throw new ArgumentError(`with: expected an object of columns, got ${describe(columns)}`);
    }
    const lists = Object.entries(columns).map(
      ([name, value]) =>
        [name, typeof value === "function" ? Array.from(this, (row, at) => value(row, at)) : value] as const,
    );
    const more = columnsOf("with", new Map(lists), options);
    for (const [name, column] of more) {
      if (this.#columns.size > 0 && column.length !== this.length) {
        throw new ShapeError(
          `with: column ${describe(name)} has ${column.length} values, the table has ${this.length} rows`,
        );
      }
    }
    return tableOf(new Map([...this.#columns, ...more]));
  }

  /** The rows for which the function gives true. @throws ArgumentError unless it gives true or false */
  filter(keep: (row: Row, at: number) => boolean): Table {
    checkFunction("filter", "keep", keep);
    const rows = Array.from({ length: this.length }, (_, row) => row).filter((row) =>
      checkFlag("filter", `the result for row ${row}`, keep(this.row(row), row)),
    );
    return this.#take(Int32Array.from(rows));
  }

  /**
   * The rows sorted by a column: numbers, dates and booleans by size, texts by their code units. Missing values come
   * last; rows of equal values keep their order.
   * @throws ArgumentError, OptionError
   */
  sort(by: string, options: { readonly descending?: boolean } = {}): Table {
    checkOptions("sort", options, ["descending"]);
    const sign = checkFlag("sort", "descending", options.descending ?? false) ? -1 : 1;
    const { data } = this.column(by);
    const column = this.column(by);
    const compare =
      data.kind === "text"
        ? (a: number, b: number) => byCodeUnits(data.values[a] as string, data.values[b] as string)
        : (a: number, b: number) => (data.values[a] as number) - (data.values[b] as number) || 0;
    const rows = Int32Array.from({ length: this.length }, (_, row) => row);
    rows.sort((a, b) => {
      const [noA, noB] = [column.isMissing(a), column.isMissing(b)];
      return (noA || noB ? Number(noA) - Number(noB) : sign * compare(a, b)) || a - b;
    });
    return this.#take(rows);
  }

  /** The rows [begin, end). @throws ArgumentError unless 0 ≤ begin ≤ end ≤ `length` */
  slice(begin: number, end: number = this.length): Table {
    checkNumber("slice", "begin", begin, { min: 0, max: this.length, integer: true });
    checkNumber("slice", "end", end, { min: begin, max: this.length, integer: true });
    return this.#take(Int32Array.from({ length: end - begin }, (_, i) => begin + i));
  }

  /** The first rows, at most all. Default: 5. @throws ArgumentError */
  head(count = 5): Table {
    checkNumber("head", "count", count, { min: 0, integer: true });
    return this.slice(0, Math.min(count, this.length));
  }

  /** Some rows, in the given order. @throws IndexError for a row outside [0, `length`); ArgumentError */
  take(rows: Iterable<number>): Table {
    const isArray = types.isInt32Array(rows);
    const list = isArray ? rows : checkList("take", "a list of rows", rows);
    for (const row of list) this.#checkRow("take", row);
    return this.#take(Int32Array.from(list as Iterable<number>));
  }

  #take(rows: Int32Array): Table {
    return tableOf(new Map(Array.from(this.#columns, ([name, column]) => [name, column.take(rows)])));
  }

  #checkRow(where: string, row: unknown): void {
    if (Number.isInteger(row) && (row as number) >= 0 && (row as number) < this.length) return;
    throw new IndexError(`${where}: expected a row in [0, ${this.length}), got ${describe(row)}`);
  }

  /**
   * A table with a row for each column: its kind, the values that are there and that are missing, different values, the
   * most frequent text; of numbers the mean, the standard deviation (of a sample, with count − 1), minimum, quartiles
   * (by linear interpolation) and maximum. For dates the figures are left out but for the first and the last.
   * @example
   * const table = new data.Table({ age: [1, 2, null, 6] });
   * table.describe().row(0)["mean"]   // 3
   */
  describe(): Table {
    const rows = Array.from(this.#columns, ([name, column]) => {
      const { count, missing, distinct, top, mean, deviation, quantiles } = summarize(column);
      const isNumber = column.kind === "number";
      const ends = quantiles?.map((value, i) =>
        isNumber
          ? value
          : column.kind === "date" && (i === 0 || i === QUANTILES.length - 1)
            ? new Date(value).toISOString().slice(0, 10)
            : null,
      );
      return {
        column: name,
        kind: column.kind,
        count,
        missing,
        distinct,
        top: top ?? (isNumber || ends === undefined ? null : `${ends[0]} … ${ends.at(-1)}`),
        mean: column.kind === "date" ? null : mean,
        std: column.kind === "date" ? null : deviation,
        ...Object.fromEntries(
          QUANTILES.map((_, i) => [QUANTILE_NAMES[i], isNumber ? (ends?.[i] ?? null) : null] as const),
        ),
      };
    });
    const figures = ["count", "missing", "distinct", "mean", "std", ...QUANTILE_NAMES];
    const kinds = Object.fromEntries(figures.map((name) => [name, "number"] as const));
    const names = ["column", "kind", "count", "missing", "distinct", "top", "mean", "std"];
    return new Table(rows, {
      columns: [...names, ...QUANTILE_NAMES],
      types: { column: "text", kind: "category", top: "text", ...kinds },
    });
  }

  toString(): string {
    return showTable(this.#columns, this.length);
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const QUANTILE_NAMES = ["min", "25%", "50%", "75%", "max"] as const;

/** A table of columns of one length. */
export function tableOf(columns: ReadonlyMap<string, Column>): Table {
  return new Table(columns);
}
