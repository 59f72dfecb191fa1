import { ArgumentError, DataError, ShapeError } from "../../errors.js";
import { describe } from "../../options.js";
import { fromTypedArray } from "../../tensor/create.js";
import { allocate, type FloatDType } from "../../tensor/dtype.js";
import { format } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { byCodeUnits, type Column } from "../table/column.js";
import { moments } from "../table/describe.js";
import type { Table } from "../table/table.js";
import {
  categoryOf,
  checkFinite,
  readNumber,
  refuseCell,
  refuseLarge,
  type Scaling,
  scalingOf,
} from "./feature.js";
import type { Rows } from "./rows.js";

/** The name of a class, as it stands in the table. */
export type ClassName = string | number | boolean;

export interface ClassTarget {
  readonly task: "classification";
  readonly name: string;
  /** In order: texts by code units, numbers by size, false before true. */
  readonly classes: readonly ClassName[];
}
export interface NumberTarget {
  readonly task: "regression";
  readonly names: readonly string[];
  readonly scalings: readonly Scaling[];
}
/** What was learnt of the target. */
export type Target = ClassTarget | NumberTarget;

/** Whole numbers with at most this many different values may be classes. */
const FEW = 10;

/** Learns the target. @throws DataError, ArgumentError */
export function learnTarget(
  where: string,
  table: Table,
  names: readonly string[],
  options: { readonly task: Target["task"] | undefined; readonly scaled: boolean },
): Target {
  for (const name of names) checkWhole(where, name, table.column(name));
  const [first] = names as [string];
  const task = options.task ?? (names.length > 1 ? "regression" : taskOf(where, first, table.column(first)));
  if (task === "classification") {
    if (names.length > 1) throw new ArgumentError(`${where}: expected one target for classification`);
    return { task, name: first, classes: classesOf(where, first, table.column(first)) };
  }
  const scalings = names.map((name) => {
    const column = table.column(name);
    const { data } = column;
    if (data.kind !== "number") {
      throw new ArgumentError(
        `${where}: expected numbers for regression, column ${describe(name)} is a ${data.kind}`,
      );
    }
    checkFinite(where, name, column);
    const sorted = data.values.slice().sort();
    return scalingOf(options.scaled ? "standard" : "none", sorted, moments(sorted));
  });
  return { task, names, scalings };
}

function checkWhole(where: string, name: string, column: Column): void {
  for (let row = 0; row < column.length; row++) {
    if (column.isMissing(row)) {
      throw new DataError(
        `${where}: row ${row} has no target ${describe(name)}; leave such rows out (filter)`,
      );
    }
  }
}

function taskOf(where: string, name: string, column: Column): Target["task"] {
  const { data } = column;
  if (data.kind === "category" || data.kind === "boolean") return "classification";
  if (data.kind !== "number") {
    throw new ArgumentError(
      `${where}: expected a number, a category or a boolean for the target, column ${describe(name)} is a ${data.kind}`,
    );
  }
  const few = fewWholes(column);
  if (few === null) return "regression";
  throw new ArgumentError(
    `${where}: the target ${describe(name)} has ${few} different whole numbers: say task: "classification" or task: "regression"`,
  );
}

/** How many different numbers a column has, if they are few and whole, so that they may be classes; null otherwise. */
export function fewWholes({ data }: Column): number | null {
  if (data.kind !== "number") return null;
  const distinct = new Set(data.values);
  return distinct.size <= FEW && [...distinct].every(Number.isInteger) ? distinct.size : null;
}

function classesOf(where: string, name: string, column: Column): ClassName[] {
  const { data } = column;
  if (data.kind === "text" || data.kind === "date") {
    throw new ArgumentError(
      `${where}: expected few classes for the target, column ${describe(name)} is a ${data.kind}`,
    );
  }
  const classes = sortClasses(new Set(column as Iterable<ClassName>));
  if (classes.length > 1) return classes;
  throw new DataError(
    `${where}: expected at least two classes, ${describe(name)} has ${describe(classes[0])} alone`,
  );
}

/** Classes of one kind in order: texts by code units, numbers by size, false before true. */
export const sortClasses = (names: Iterable<ClassName>): ClassName[] =>
  [...names].sort((a, b) =>
    typeof a === "string" && typeof b === "string" ? byCodeUnits(a, b) : Number(a) - Number(b),
  );

/** The names of the target's columns. */
export const targetNames = (target: Target): readonly string[] =>
  target.task === "classification" ? [target.name] : target.names;

/** ȳ: int32 [P] of positions in `classes`, or [P, targets] of scaled numbers. @throws DataError */
export function encodeTarget(where: string, target: Target, rows: Rows, dtype: FloatDType): Tensor {
  const cellAt = (name: string, row: number): unknown => {
    const cell = rows.at(name, row);
    if (cell !== undefined && cell !== null && !Number.isNaN(cell)) return cell;
    throw new DataError(`${where}: row ${row} has no target ${describe(name)}`);
  };
  if (target.task === "classification") {
    const places = new Map(target.classes.map((name, i) => [name, i]));
    const isText = typeof target.classes[0] === "string";
    const y = new Int32Array(rows.length);
    for (let row = 0; row < rows.length; row++) {
      const given = cellAt(target.name, row);
      const cell = isText ? categoryOf(where, row, target.name, given) : given;
      const place = places.get(cell as ClassName);
      if (place === undefined) {
        refuseCell(
          where,
          row,
          target.name,
          `one of the classes ${target.classes.map(describe).join(", ")}`,
          cell,
        );
      }
      y[row] = place as number;
    }
    return fromTypedArray(y);
  }
  const { names, scalings } = target;
  const y = allocate(dtype, rows.length * names.length, where);
  names.forEach((name, i) => {
    const { center, factor } = scalings[i] as Scaling;
    for (let row = 0; row < rows.length; row++) {
      const at = row * names.length + i;
      y[at] = (readNumber(where, row, name, cellAt(name, row)) - center) / factor;
      if (!Number.isFinite(y[at])) refuseLarge(where, row, name, dtype);
    }
  });
  return fromTypedArray(y as Float32Array, [rows.length, names.length]);
}

/** A row's class, with the probabilities of all. */
export interface ClassPrediction {
  /** The most probable class; of equally probable ones the first. */
  readonly class: ClassName;
  readonly probability: number;
  /** By the classes' names. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** The classes of outputs [P, classes], or of two classes also [P] and [P, 1]: those of the second. */
export function classesFrom(
  where: string,
  { classes }: ClassTarget,
  output: Tensor,
  isProbability: boolean,
): ClassPrediction[] {
  const [rows = 0, width = 1] = output.shape;
  const isSingle = classes.length === 2 && width === 1 && output.rank <= 2 && output.rank > 0;
  if (!isSingle && (output.rank !== 2 || width !== classes.length)) {
    throw new ShapeError(`${where}: expected outputs [P, ${classes.length}], got ${format(output.shape)}`);
  }
  const values = output.storage.forReading();
  return Array.from({ length: rows }, (_, row) => {
    const own = Array.from(values.subarray(row * width, (row + 1) * width));
    const given = isSingle
      ? isProbability
        ? [1 - (own[0] as number), own[0] as number]
        : [0, own[0] as number]
      : own;
    const probabilities = isProbability ? given : softmax(given);
    if (probabilities.some(Number.isNaN)) {
      throw new DataError(`${where}: row ${row}: the outputs ${own.join(", ")} give no probabilities`);
    }
    const best = probabilities.reduce((top, p, i) => (p > (probabilities[top] as number) ? i : top), 0);
    return {
      class: classes[best] as ClassName,
      probability: probabilities[best] as number,
      probabilities: Object.fromEntries(classes.map((name, i) => [String(name), probabilities[i] as number])),
    };
  });
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The numbers of outputs [P, targets], or of one target also [P], in their own units: one array for each target. */
export function numbersFrom(where: string, { names, scalings }: NumberTarget, output: Tensor): number[][] {
  const [rows = 0, width = 1] = output.shape;
  if (output.rank === 0 || output.rank > 2 || width !== names.length) {
    throw new ShapeError(`${where}: expected outputs [P, ${names.length}], got ${format(output.shape)}`);
  }
  const values = output.storage.forReading();
  return scalings.map(({ center, factor }, i) =>
    Array.from({ length: rows }, (_, row) => center + factor * (values[row * width + i] as number)),
  );
}
