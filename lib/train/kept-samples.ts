// Samples that a report looks at after a training: copied before it, so that the caller may change the set.

import { Bytes } from "../data/bytes.js";
import { type AnyDataset, Dataset } from "../data/dataset.js";
import { formOf, type Parts, partsIn, putTogether } from "../data/parts.js";
import { select } from "../data/samples.js";
import type { Schema, SchemaInputs } from "../data/schema/schema.js";
import { Table } from "../data/table/table.js";
import { isInstance } from "../options.js";
import { sizeOf } from "../tensor/shape.js";
import { isTensor } from "../tensor/tensor.js";
import type { RowSet } from "./row-options.js";

/** Some samples of a set. */
export interface KeptSamples {
  /** Null of a set that is neither. */
  readonly set: "training" | "validation" | null;
  /** Samples of the set; null of a stream, of which the first mini-batch is kept. */
  readonly of: number | null;
  readonly dataset: AnyDataset;
  /** The position of each among the samples that were given, from which those for validation may have been taken. */
  readonly places: Int32Array;
  /** How many samples of the whole set are of each class; null unless the targets are classes. */
  readonly classes: ReadonlyMap<number, number> | null;
  /** The names of the parts of x that are bytes: images, mostly. */
  readonly bytes: readonly string[];
  /** The rows that the samples were made of, in their order, and their schema; null if they were given as tensors. */
  readonly rows: RowSet | null;
  readonly schema: Schema<SchemaInputs> | null;
}

/** A set from which samples are kept. */
export interface WholeSet {
  readonly set: KeptSamples["set"];
  readonly dataset: AnyDataset;
  readonly isStream: boolean;
  /** The rows that were given, and the position of each sample among them; null: all, in their order. */
  readonly rows: RowSet | null;
  readonly rowPlaces: ArrayLike<number> | null;
  readonly schema: Schema<SchemaInputs> | null;
}

const MOST_SAMPLES = 10_000;
const MOST_BYTES = 1 << 26;
const BYTES_PER_NUMBER = 4;

/** Keeps at most 10,000 samples and 64 MiB, taken at equal distances. */
export function keepSamples({ set, dataset, isStream, rows, rowPlaces, schema }: WholeSet): KeptSamples {
  const { x, y, length } = dataset;
  const inSample = [...partsIn(x), ...partsIn(y)].reduce((sum, { shape }) => sum + sizeOf(shape.slice(1)), 0);
  const affordable = Math.max(1, Math.floor(MOST_BYTES / (BYTES_PER_NUMBER * Math.max(1, inSample))));
  const places = evenly(length, Math.min(length, MOST_SAMPLES, affordable));
  const some = (parts: Parts): Parts =>
    putTogether(
      formOf(parts),
      partsIn(parts).map((part) => select(part, places)),
    ) as Parts;
  const { names } = formOf(x);
  const given = places.map((at) => rowPlaces?.[at] ?? at);
  return {
    set,
    of: isStream ? null : length,
    dataset: new Dataset({ x: some(x), y: some(y) }),
    places: given,
    classes: classesOf(y),
    bytes: names.filter((_, at) => partsIn(x)[at] instanceof Bytes),
    rows: rows === null ? null : someRows(rows, given),
    schema,
  };
}

/** `count` of the numbers below `length`, at equal distances. */
export const evenly = (length: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));

const someRows = (rows: RowSet, places: Int32Array): RowSet =>
  isInstance(rows, Table) ? rows.take([...places]) : Array.from(places, (at) => ({ ...rows[at] }));

function classesOf(y: Parts): ReadonlyMap<number, number> | null {
  if (!isTensor(y) || y.dtype !== "int32" || y.rank !== 1) return null;
  const counts = new Map<number, number>();
  for (const label of y.storage.forReading()) counts.set(label, (counts.get(label) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => a - b));
}
