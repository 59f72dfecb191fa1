import { types } from "node:util";
import { ArgumentError, IndexError, ShapeError } from "../errors.js";
import { checkList, checkNumber, checkRequired, describe, isInstance } from "../options.js";
import { allocate } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import { knownValues } from "./known-values.js";

/** Where the entries of a sparse matrix stand, as lists, arrays or tensors of int32, row by row. */
export interface SparsePatternOptions {
  /** The row of each entry; they must not descend. */
  readonly rows: Tensor | Int32Array | readonly number[];
  /** The column of each entry. */
  readonly columns: Tensor | Int32Array | readonly number[];
  /** The matrix's sizes [rows, columns]. */
  readonly shape: readonly [rows: number, columns: number];
}

const OPTIONS = ["rows", "columns", "shape"] as const;

/** The most rows, columns and entries: positions are int32. */
const MOST = 2 ** 31 - 2;

/**
 * Which entries a sparse matrix has: entry e stands in row `rows[e]` and column `columns[e]`. All others are 0 and stay
 * so. Rows do not descend; within a row the columns come in any order, each at most once.
 *
 * It keeps an index of the entries by rows (compressed sparse rows) and one by columns, which are made once, so that
 * products with the matrix and with its transpose are sums that no two threads share.
 * @throws IndexError for a row or a column outside the shape; ArgumentError for rows that descend or an entry that is
 *   there twice; ShapeError, OptionError; TraceError within `compile` and `vmap` for tensors, whose elements are not
 *   known there.
 * @example new nn.SparsePattern({ rows: [0, 0, 2], columns: [1, 3, 0], shape: [3, 4] }).entries   // 3
 */
export class SparsePattern {
  readonly shape!: readonly [rows: number, columns: number];
  /** Number of entries. */
  readonly entries!: number;
  /** The row of each entry: int32 [entries]. */
  readonly rows!: Tensor;
  /** The column of each entry: int32 [entries]. */
  readonly columns!: Tensor;
  /** By rows: the entries of row i are those from `rowStarts[i]` up to `rowStarts[i + 1]`. @internal */
  readonly rowStarts!: Tensor;
  /** The same for columns, of the entries in `order`. @internal */
  readonly columnStarts!: Tensor;
  /** The entries column by column. @internal */
  readonly order!: Tensor;
  /** Their rows. @internal */
  readonly rowsInOrder!: Tensor;

  constructor(options: SparsePatternOptions) {
    Object.assign(this, fieldsOf("SparsePattern", options));
  }

  /**
   * The pattern of a matrix: an entry where it is not 0, or true.
   * @param mask [rows, columns] of any dtype.
   * @throws ShapeError, ArgumentError; TraceError within `compile` and `vmap`
   * @example nn.SparsePattern.fromMask(tensor([[1, 0], [0, 1]])).entries   // 2
   */
  static fromMask(mask: Tensor): SparsePattern {
    return patternOfMask("SparsePattern.fromMask", mask);
  }

  /**
   * The pattern with these columns in each row, in their order.
   * @throws as the constructor
   * @example nn.SparsePattern.fromLists([[1, 3], [], [0]], 4).shape   // [3, 4]
   */
  static fromLists(lists: readonly (readonly number[])[], columns: number): SparsePattern {
    return patternOfLists("SparsePattern.fromLists", lists, columns);
  }
}

type Fields = { -readonly [K in keyof SparsePattern]: SparsePattern[K] };

/** What a pattern holds, made of what says it. @param where For errors. */
function fieldsOf(where: string, options: SparsePatternOptions): Fields {
  checkRequired(where, options, OPTIONS);
  const shape = readShape(where, options.shape);
  const rows = readIndex(where, "rows", options.rows);
  const columns = readIndex(where, "columns", options.columns);
  if (rows.length !== columns.length) {
    throw new ShapeError(
      `${where}: expected a column for each row, got ${rows.length} rows and ${columns.length} columns`,
    );
  }
  const rowStarts = startsOf(where, "row", rows, shape[0]);
  const columnStarts = startsOf(where, "column", columns, shape[1]);
  checkEntries(where, rows, columns, shape[1]);
  const order = byColumn(columns, columnStarts);
  return {
    shape,
    entries: rows.length,
    rows: list(rows),
    columns: list(columns),
    rowStarts: list(rowStarts),
    columnStarts: list(columnStarts),
    order: list(order),
    rowsInOrder: list(order.map((e) => rows[e] as number)),
  };
}

/** As the constructor. @param where For errors. */
export function newPattern(where: string, options: SparsePatternOptions): SparsePattern {
  return Object.assign(Object.create(SparsePattern.prototype) as SparsePattern, fieldsOf(where, options));
}

/** As `SparsePattern.fromMask`. */
export function patternOfMask(where: string, mask: Tensor): SparsePattern {
  const values = knownValues(
    where,
    "which entries there are depends on the mask; make the pattern before",
    mask,
  );
  if (mask.rank !== 2)
    throw new ShapeError(`${where}: expected a mask [rows, columns], got ${format(mask.shape)}`);
  const shape = mask.shape as readonly [number, number];
  const rows: number[] = [];
  const columns: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    rows.push(Math.floor(i / shape[1]));
    columns.push(i % shape[1]);
  }
  return newPattern(where, { rows, columns, shape });
}

/** As `SparsePattern.fromLists`. */
export function patternOfLists(where: string, lists: unknown, columns: number): SparsePattern {
  const all = checkList(where, "a list of columns for each row", lists).map((one, i) =>
    checkList(where, `the columns of row ${i} to be a list`, one),
  );
  const rows = all.flatMap((one, i) => one.map(() => i));
  return newPattern(where, { rows, columns: all.flat() as number[], shape: [all.length, columns] });
}

/** A pattern, or one made of what says it. */
export function checkPattern(where: string, pattern: unknown): SparsePattern {
  if (isInstance(pattern, SparsePattern)) return pattern;
  checkRequired(where, pattern, OPTIONS);
  return newPattern(where, pattern as SparsePatternOptions);
}

const list = (values: Int32Array): Tensor => new Tensor(values, [values.length], "int32");

function readShape(where: string, shape: unknown): readonly [number, number] {
  const sizes = checkList(where, "shape to be [rows, columns]", shape);
  if (sizes.length !== 2) {
    throw new ShapeError(`${where}: expected shape to be [rows, columns], got ${describe(shape)}`);
  }
  const bounds = { min: 0, max: MOST, integer: true };
  return [checkNumber(where, "shape[0]", sizes[0], bounds), checkNumber(where, "shape[1]", sizes[1], bounds)];
}

function readIndex(where: string, name: "rows" | "columns", given: unknown): Int32Array {
  if (isTensor(given)) {
    if (given.dtype !== "int32" || given.rank !== 1) {
      throw new ShapeError(
        `${where}: expected ${name} to be a list of int32, got ${given.dtype} ${format(given.shape)}`,
      );
    }
    const why = "the index by columns depends on the elements; make the pattern before";
    return Int32Array.from(knownValues(where, why, given));
  }
  if (types.isInt32Array(given)) return Int32Array.from(given);
  const items = checkList(where, `${name} to be a list of numbers or an int32 tensor`, given);
  const bounds = { min: 0, max: MOST, integer: true };
  return Int32Array.from(items, (one, e) => checkNumber(where, `${name}[${e}]`, one, bounds));
}

/** Where the entries of each row, or of each column, begin where they are sorted by it. */
function startsOf(where: string, noun: string, index: Int32Array, size: number): Int32Array {
  const starts = allocate("int32", size + 1, where) as Int32Array;
  for (let e = 0; e < index.length; e++) {
    const at = index[e] as number;
    if (at < 0 || at >= size) {
      throw new IndexError(`${where}: ${noun} ${at} of entry ${e} is outside [0, ${size})`);
    }
    (starts[at + 1] as number)++;
  }
  for (let i = 0; i < size; i++) (starts[i + 1] as number) += starts[i] as number;
  return starts;
}

/** @throws ArgumentError where rows descend or an entry is there twice. */
function checkEntries(where: string, rows: Int32Array, columns: Int32Array, size: number): void {
  const lastIn = allocate("int32", size, where).fill(-1);
  for (let e = 0; e < rows.length; e++) {
    const [row, column] = [rows[e] as number, columns[e] as number];
    if (e > 0 && row < (rows[e - 1] as number)) {
      throw new ArgumentError(
        `${where}: expected rows that do not descend, got row ${row} of entry ${e} after row ${rows[e - 1]}`,
      );
    }
    if (lastIn[column] === row) {
      throw new ArgumentError(`${where}: row ${row} has column ${column} twice, again as entry ${e}`);
    }
    lastIn[column] = row;
  }
}

/** The entries column by column, within a column in their order. */
function byColumn(columns: Int32Array, starts: Int32Array): Int32Array {
  const next = starts.slice();
  const order = new Int32Array(columns.length);
  for (let e = 0; e < columns.length; e++) {
    const column = columns[e] as number;
    order[next[column] as number] = e;
    (next[column] as number)++;
  }
  return order;
}
