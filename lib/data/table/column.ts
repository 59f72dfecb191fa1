import { ArgumentError, IndexError } from "../../errors.js";
import { describe } from "../../options.js";

/**
 * What a column holds. `"category"` is one of few texts, `"text"` is free text such as a name, which models do not use.
 */
export type ColumnKind = "number" | "category" | "boolean" | "date" | "text";
const COLUMN_KINDS: readonly ColumnKind[] = ["number", "category", "boolean", "date", "text"];

/** A value of a table; null is a missing one. */
export type Cell = number | string | boolean | Date | null;

/** How the values of each kind are stored. */
export type ColumnData =
  /** NaN is missing. */
  | { readonly kind: "number"; readonly values: Float64Array }
  /** Milliseconds since 1970, UTC; NaN is missing. */
  | { readonly kind: "date"; readonly values: Float64Array }
  /** 0 is false, 1 is true, 2 is missing. */
  | { readonly kind: "boolean"; readonly values: Uint8Array }
  /** Positions in `categories`; −1 is missing. */
  | { readonly kind: "category"; readonly values: Int32Array; readonly categories: readonly string[] }
  | { readonly kind: "text"; readonly values: readonly (string | null)[] };

const MISSING_BOOLEAN = 2;

/**
 * A column of a `Table`: values of one kind, of which some may be missing. It does not change.
 *
 * @example
 * const table = new data.Table({ age: [22, null, 26] });
 * table.column("age").toArray()   // [22, null, 26]
 * table.column("age").missing     // 1
 */
export class Column implements Iterable<Cell> {
  /** @internal */
  readonly data: ColumnData;

  /** @internal */
  constructor(data: ColumnData) {
    this.data = data;
  }

  get kind(): ColumnKind {
    return this.data.kind;
  }

  /** Number of rows. */
  get length(): number {
    return this.data.values.length;
  }

  /** The categories that occur, sorted; null for another kind. */
  get categories(): readonly string[] | null {
    return this.data.kind === "category" ? this.data.categories : null;
  }

  /** Number of missing values. */
  get missing(): number {
    let count = 0;
    for (let row = 0; row < this.length; row++) if (this.isMissing(row)) count++;
    return count;
  }

  /** @internal */
  isMissing(row: number): boolean {
    const { kind, values } = this.data;
    const value = values[row];
    switch (kind) {
      case "number":
      case "date":
        return Number.isNaN(value);
      case "category":
        return value === -1;
      case "boolean":
        return value === MISSING_BOOLEAN;
      case "text":
        return value === null;
    }
  }

  /**
   * The value of a row, null if it is missing.
   * @throws IndexError for a row outside [0, `length`).
   */
  at(row: number): Cell {
    if (!Number.isInteger(row) || row < 0 || row >= this.length) {
      throw new IndexError(`Column: expected a row in [0, ${this.length}), got ${describe(row)}`);
    }
    if (this.isMissing(row)) return null;
    const { data } = this;
    const value = data.values[row] as number | string;
    switch (data.kind) {
      case "date":
        return new Date(value as number);
      case "boolean":
        return value === 1;
      case "category":
        return data.categories[value as number] as string;
      default:
        return value;
    }
  }

  /** The values of all rows, null for the missing ones. */
  toArray(): Cell[] {
    return Array.from({ length: this.length }, (_, row) => this.at(row));
  }

  *[Symbol.iterator](): Iterator<Cell> {
    for (let row = 0; row < this.length; row++) yield this.at(row);
  }

  /** Some rows, in the given order; the caller has checked them. @internal */
  take(rows: Int32Array): Column {
    const { data } = this;
    switch (data.kind) {
      case "number":
      case "date":
        return new Column({ kind: data.kind, values: picked(data.values, rows, Float64Array) });
      case "boolean":
        return new Column({ kind: "boolean", values: picked(data.values, rows, Uint8Array) });
      case "category":
        return categoryColumn(picked(data.values, rows, Int32Array), data.categories);
      case "text":
        return new Column({
          kind: "text",
          values: Array.from(rows, (row) => data.values[row] as string | null),
        });
    }
  }
}

function picked<T extends Float64Array | Int32Array | Uint8Array>(
  from: T,
  rows: Int32Array,
  Kind: new (length: number) => T,
): T {
  const values = new Kind(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = from[rows[i] as number] as number;
  return values;
}

/** The column, without the categories that do not occur. */
function categoryColumn(codes: Int32Array, categories: readonly string[]): Column {
  const place = new Int32Array(categories.length).fill(-1);
  for (const code of codes) if (code >= 0) place[code] = 0;
  const left = categories.filter((_, code) => place[code] === 0);
  if (left.length < categories.length) {
    let next = 0;
    for (let code = 0; code < place.length; code++) if (place[code] === 0) place[code] = next++;
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] as number;
      if (code >= 0) codes[i] = place[code] as number;
    }
  }
  return new Column({ kind: "category", values: codes, categories: left });
}

/** The order of texts that no language or machine changes: by UTF-16 code units. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A column of categories, sorted; null is missing. */
export function columnOfCategories(texts: readonly (string | null)[]): Column {
  const codes = new Map<string, number>();
  const values = new Int32Array(texts.length);
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row] as string | null;
    if (text === null) values[row] = -1;
    else {
      let code = codes.get(text);
      if (code === undefined) {
        code = codes.size;
        codes.set(text, code);
      }
      values[row] = code;
    }
  }
  const categories = [...codes.keys()].sort(byCodeUnits);
  const place = new Int32Array(categories.length);
  categories.forEach((category, i) => {
    place[codes.get(category) as number] = i;
  });
  for (let row = 0; row < values.length; row++) {
    if (values[row] !== -1) values[row] = place[values[row] as number] as number;
  }
  return new Column({ kind: "category", values, categories });
}

/** A column of true, false and null. */
export function columnOfBooleans(truths: readonly (boolean | null)[]): Column {
  const values = Uint8Array.from(truths, (truth) => (truth === null ? MISSING_BOOLEAN : Number(truth)));
  return new Column({ kind: "boolean", values });
}

/** @throws ArgumentError unless it is a kind of column. */
export function checkKind(where: string, name: string, value: unknown): ColumnKind {
  const kind = COLUMN_KINDS.find((known) => known === value);
  if (kind !== undefined) return kind;
  const kinds = COLUMN_KINDS.map((known) => `"${known}"`).join(", ");
  throw new ArgumentError(
    `${where}: expected the type of ${JSON.stringify(name)} to be one of ${kinds}, got ${describe(value)}`,
  );
}
