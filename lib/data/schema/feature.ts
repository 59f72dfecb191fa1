import { types } from "node:util";
import { DataError } from "../../errors.js";
import { erfinv } from "../../ops/erfinv.js";
import { describe } from "../../options.js";
import { fromTypedArray } from "../../tensor/create.js";
import { lowerBound } from "../lower-bound.js";
import type { Column } from "../table/column.js";
import { moments, quantileOf } from "../table/describe.js";
import { parseDate } from "../table/infer.js";
import type { Rows } from "./rows.js";

/** How numbers are scaled: to mean 0 and deviation 1, to [0, 1], to a normal distribution by their ranks, or not. */
export type Scale = "standard" | "range" | "quantile" | "none";
export const SCALES: readonly Scale[] = ["standard", "range", "quantile", "none"];

/** What is made of a date: the time since the mean of training, and parts as sine and cosine of their period. */
export type DatePart = "time" | "month" | "weekday" | "hour";
export const DATE_PARTS: readonly DatePart[] = ["time", "month", "weekday", "hour"];

/** A scaled number: (x − center)/factor, or by `quantiles`. */
export interface Scaling {
  readonly scale: Scale;
  readonly center: number;
  readonly factor: number;
  /** The quantiles at equal distances of probability; of `"quantile"` alone. */
  readonly quantiles: readonly number[] | null;
}

export type Missing = "refused" | "filled" | "shown";
export const MISSING_KINDS: readonly Missing[] = ["refused", "filled", "shown"];

/** What was learnt of a column, and how it becomes numbers. It is kept with the model. */
export type Feature = NumberFeature | BooleanFeature | DateFeature | CategoryFeature;

interface Common {
  readonly name: string;
  /**
   * A missing value is refused if training had none; otherwise it is filled by a stand-in, or also shown by an input of
   * its own, or by a category of its own.
   */
  readonly missing: Missing;
}
export interface NumberFeature extends Common, Scaling {
  readonly kind: "number";
  /** What stands for a missing value. */
  readonly fill: number;
}
export interface BooleanFeature extends Common {
  readonly kind: "boolean";
  readonly fill: number;
}
export interface DateFeature extends Common {
  readonly kind: "date";
  /** Milliseconds since 1970. */
  readonly fill: number;
  readonly center: number;
  readonly factor: number;
  readonly parts: readonly DatePart[];
}
export interface CategoryFeature extends Common {
  readonly kind: "category";
  readonly categories: readonly string[];
  /** Whether it is an index for an embedding: 0 is an unknown category, the last one a missing value. */
  readonly embedded: boolean;
}

/** A category that becomes an index for an embedding. */
export type EmbeddedFeature = CategoryFeature & { readonly embedded: true };

export const isEmbedded = (feature: Feature): feature is EmbeddedFeature =>
  feature.kind === "category" && feature.embedded;

export interface LearnOptions {
  readonly scale: Scale;
  readonly fill: "mean" | "median";
  readonly dates: readonly DatePart[];
  readonly embedded: boolean;
  readonly indicators: boolean;
}

const MOST_QUANTILES = 1000;

/** Learns a feature of a column that has at least one value. */
export function learnFeature(where: string, name: string, column: Column, options: LearnOptions): Feature {
  const hasMissing = column.missing > 0;
  const missing = hasMissing ? (options.indicators ? "shown" : "filled") : "refused";
  const { data } = column;
  if (data.kind === "category") {
    return {
      name,
      kind: "category",
      missing: hasMissing ? "shown" : "refused",
      categories: data.categories,
      embedded: options.embedded,
    };
  }
  const values = Float64Array.from(data.values as Float64Array).filter((_, row) => !column.isMissing(row));
  checkFinite(where, name, column);
  const { mean, deviation } = moments(values);
  values.sort();
  // JSON has no −0.
  const median = quantileOf(values, 0.5) + 0;
  if (data.kind === "boolean") return { name, kind: "boolean", missing, fill: Number(mean > 0.5) };
  const fill = options.fill === "mean" ? mean : median;
  if (data.kind === "date") {
    return {
      name,
      kind: "date",
      missing,
      fill,
      center: mean,
      factor: deviation || 1,
      parts: options.dates,
    };
  }
  const scaling = scalingOf(options.scale, values, { mean, deviation });
  if (!Number.isFinite(scaling.center) || !Number.isFinite(scaling.factor)) {
    throw new DataError(`${where}: column ${describe(name)}: the numbers are too large to scale`);
  }
  return { name, kind: "number", missing, fill, ...scaling };
}

/** @throws DataError for a number that is infinite. */
export function checkFinite(where: string, name: string, column: Column): void {
  const row = (column.data.values as Float64Array).findIndex(
    (value, at) => !Number.isFinite(value) && !column.isMissing(at),
  );
  if (row >= 0) refuseCell(where, row, name, "a finite number", column.at(row));
}

/** The scaling of sorted values. */
export function scalingOf(
  scale: Scale,
  sorted: Float64Array,
  { mean, deviation }: { readonly mean: number; readonly deviation: number },
): Scaling {
  // JSON has no −0.
  const [least, most] = [(sorted[0] as number) + 0, sorted.at(-1) as number];
  const plain = { scale, quantiles: null };
  switch (scale) {
    case "standard":
      return { ...plain, center: mean, factor: deviation || 1 };
    case "range":
      return { ...plain, center: least, factor: most - least || 1 };
    case "none":
      return { ...plain, center: 0, factor: 1 };
    case "quantile": {
      const count = Math.min(MOST_QUANTILES, Math.max(2, sorted.length));
      const quantiles = Array.from({ length: count }, (_, i) => quantileOf(sorted, i / (count - 1)) + 0);
      return { scale, center: 0, factor: 1, quantiles };
    }
  }
}

/** Scales the values in place. */
function applyScaling({ center, factor, quantiles }: Scaling, values: Float64Array): void {
  if (quantiles === null) {
    for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - center) / factor;
    return;
  }
  // Φ⁻¹(p) = √2·erfinv(2p − 1), at most 5.2 away from 0, as scikit-learn's QuantileTransformer has it.
  for (let i = 0; i < values.length; i++) {
    const rank = rankOf(quantiles, values[i] as number);
    values[i] = 2 * Math.min(Math.max(rank, EDGE), 1 - EDGE) - 1;
  }
  const normal = erfinv(fromTypedArray(values)).storage.forReading();
  for (let i = 0; i < values.length; i++) values[i] = Math.SQRT2 * (normal[i] as number);
}

const EDGE = 1e-7;

/** Where a value lies among the quantiles, in [0, 1]; in the middle of equal ones. */
function rankOf(quantiles: readonly number[], value: number): number {
  const last = quantiles.length - 1;
  const first = lowerBound(quantiles, value, (a, b) => a < b);
  const end = lowerBound(quantiles, value, (a, b) => a <= b);
  if (first < end) return (first + end - 1) / 2 / last;
  if (first === 0) return 0;
  if (first > last) return 1;
  const [a, b] = [quantiles[first - 1] as number, quantiles[first] as number];
  return (first - 1 + (value - a) / (b - a)) / last;
}

/** What the encoder needs besides the feature. */
export interface EncodeContext {
  readonly where: string;
  readonly rows: Rows;
  /** Whether stand-ins are used for what was not in training. */
  readonly lenient: boolean;
}

/** How a feature becomes inputs. */
export interface Encoder {
  readonly name: string;
  /** Number of its inputs. */
  readonly width: number;
  /** The inputs of rows: columns of numbers, or of an embedded category the indices. @throws DataError */
  readonly encode: (context: EncodeContext) => Float64Array[];
}

/** The encoder of a feature. It is made once for all rows, with the places of the categories. */
export function encoderOf(feature: Feature): Encoder {
  const { name } = feature;
  const width = inputNames(feature).length;
  if (feature.kind !== "category") {
    return { name, width, encode: (context) => encodeValues(feature, context) };
  }
  const places = new Map(feature.categories.map((category, i) => [category, i]));
  return { name, width, encode: (context) => encodeCategory(feature, places, width, context) };
}

function encodeValues(feature: Exclude<Feature, CategoryFeature>, context: EncodeContext): Float64Array[] {
  const { name, fill } = feature;
  const { length } = context.rows;
  const values = new Float64Array(length);
  const isMissing = new Float64Array(length);
  for (let row = 0; row < length; row++) {
    const cell = cellOf(feature, context, row);
    if (cell === null) isMissing[row] = 1;
    values[row] = cell === null ? fill : READERS[feature.kind](context.where, row, name, cell);
  }
  const columns = feature.kind === "date" ? encodeDate(feature, values) : [values];
  if (feature.kind === "number") applyScaling(feature, values);
  return feature.missing === "shown" ? [...columns, isMissing] : columns;
}

/** The value of a row; null if it is missing, and may be. @throws DataError */
function cellOf(feature: Feature, { where, rows, lenient }: EncodeContext, row: number): unknown {
  const { name } = feature;
  const cell = rows.at(name, row);
  if (cell === undefined && !lenient) {
    throw new DataError(
      `${where}: row ${row} has no column ${describe(name)}; null says that its value is missing`,
    );
  }
  const isMissing = cell === undefined || cell === null || Number.isNaN(cell);
  if (isMissing && feature.missing === "refused" && !lenient) {
    throw new DataError(
      `${where}: row ${row}, column ${describe(name)}: the value is missing, and none was in training (unknown: "stand-in" takes one)`,
    );
  }
  return isMissing ? null : cell;
}

type ReadCell = (where: string, row: number, name: string, cell: unknown) => number;

/** @throws DataError that names row and column. */
export function refuseCell(where: string, row: number, name: string, expected: string, cell: unknown): never {
  throw new DataError(
    `${where}: row ${row}, column ${describe(name)}: expected ${expected}, got ${describe(cell)}`,
  );
}

/** @throws DataError for a number that is infinite once it is scaled */
export function refuseLarge(where: string, row: number, name: string, dtype: string): never {
  throw new DataError(
    `${where}: row ${row}, column ${describe(name)}: the number is too large for ${dtype} when it is scaled`,
  );
}

export const readNumber: ReadCell = (where, row, name, cell) => {
  const value = typeof cell === "bigint" ? Number(cell) : cell;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return refuseCell(where, row, name, "a finite number", cell);
};

const READERS: Readonly<Record<"number" | "boolean" | "date", ReadCell>> = {
  number: readNumber,
  boolean: (where, row, name, cell) =>
    typeof cell === "boolean" ? Number(cell) : refuseCell(where, row, name, "true or false", cell),
  date: (where, row, name, cell) => {
    const time = types.isDate(cell)
      ? Date.prototype.getTime.call(cell)
      : typeof cell === "string"
        ? parseDate(cell)
        : undefined;
    if (time !== undefined && !Number.isNaN(time)) return time;
    return refuseCell(where, row, name, "a date (a Date, or a text as 2024-12-31T23:59:59Z)", cell);
  },
};

/** The text of a category; numbers, booleans and dates have one too. @throws DataError */
export function categoryOf(where: string, row: number, name: string, cell: unknown): string {
  if (typeof cell === "string") return cell;
  if (typeof cell === "number" || typeof cell === "bigint" || typeof cell === "boolean") return String(cell);
  if (types.isDate(cell) && !Number.isNaN(Date.prototype.getTime.call(cell))) return cell.toISOString();
  return refuseCell(where, row, name, "a category", cell);
}

function encodeCategory(
  feature: CategoryFeature,
  places: ReadonlyMap<string, number>,
  width: number,
  context: EncodeContext,
): Float64Array[] {
  const { name, categories, embedded } = feature;
  const hasMissing = feature.missing === "shown";
  const { length } = context.rows;
  const one = (values: Float64Array | undefined, row: number) => {
    if (values !== undefined) values[row] = 1;
  };
  const columns = Array.from({ length: width }, () => new Float64Array(length));
  for (let row = 0; row < length; row++) {
    const cell = cellOf(feature, context, row);
    const text = cell === null ? null : categoryOf(context.where, row, name, cell);
    const place = text === null ? (hasMissing ? categories.length : undefined) : places.get(text);
    if (place === undefined && text !== null && !context.lenient)
      throw unknownCategory(feature, context, row, text);
    if (embedded) (columns[0] as Float64Array)[row] = place === undefined ? 0 : place + 1;
    else if (place !== undefined) one(columns[place], row);
  }
  return columns;
}

function unknownCategory(
  { name, categories }: CategoryFeature,
  { where }: EncodeContext,
  row: number,
  text: string,
): DataError {
  const known = categories.slice(0, 12).map((category) => describe(category));
  const list = categories.length > known.length ? `${known.join(", ")}, …` : known.join(", ");
  return new DataError(
    `${where}: row ${row}, column ${describe(name)}: ${describe(text)} is none of the categories in training: ${list} (unknown: "stand-in" takes it)`,
  );
}

const DAY = 86_400_000;

function encodeDate({ center, factor, parts }: DateFeature, times: Float64Array): Float64Array[] {
  return parts.flatMap((part) => {
    if (part === "time") return [times.map((time) => (time - center) / factor)];
    const turns = times.map((time) => 2 * Math.PI * turnOf(part, time));
    return [turns.map(Math.sin), turns.map(Math.cos)];
  });
}

/** The part of the period that is over, in UTC. */
function turnOf(part: Exclude<DatePart, "time">, time: number): number {
  if (part === "month") return new Date(time).getUTCMonth() / 12;
  const days = time / DAY;
  // 1970 began on a Thursday; weeks begin on Sunday.
  return part === "weekday" ? (Math.floor(days + 4) % 7) / 7 : days - Math.floor(days);
}

/** The names of a feature's inputs, in the order in which it gives them. */
export function inputNames(feature: Feature): string[] {
  const { name } = feature;
  const missing = feature.missing === "shown" ? [`${name} is missing`] : [];
  switch (feature.kind) {
    case "category":
      return feature.embedded
        ? [name]
        : [...feature.categories.map((category) => `${name}=${category}`), ...missing];
    case "date":
      return [
        ...feature.parts.flatMap((part) =>
          part === "time" ? [name] : [`${name} ${part} sin`, `${name} ${part} cos`],
        ),
        ...missing,
      ];
    default:
      return [name, ...missing];
  }
}
