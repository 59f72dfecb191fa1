// Rows instead of tensors in `fit` and `evaluate`: a schema says what they mean.
import type { Cost } from "../cost/define.js";
import { crossEntropy, mse } from "../cost/index.js";
import type { Samples } from "../data/dataset.js";
import { checkSchema, type Schema, type SchemaInputs } from "../data/schema/schema.js";
import { Table } from "../data/table/table.js";
import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { describe, isInstance, isPlainObject } from "../options.js";
import type { SampleOptions } from "./sample-options.js";

/** Rows that have the target too: a table, or objects by column. */
export type RowSet = Table | readonly Readonly<Record<string, unknown>>[];

/** Options of `fit` and `evaluate` for rows, instead of those for tensors. */
export interface RowOptions {
  /** The rows, or what `schema.transform` made of them. */
  readonly data: RowSet | Samples;
  /**
   * How the rows become tensors, and what the outputs mean. Metrics of numbers are then in the numbers' own units, and
   * reports have the classes' names; the loss is that of the scaled numbers.
   */
  readonly schema: Schema<SchemaInputs>;
  /** Default: `cost.crossEntropy` for a target that is a class, `cost.mse` for numbers. */
  readonly cost?: Cost;
}

/** Options for tensors. */
export type WithoutRows<O> = Omit<O, keyof RowOptions | "validation" | "classWeight"> &
  Pick<SampleOptions, "classWeight"> & {
    readonly data: Samples;
    readonly validation?: Samples;
    readonly schema?: Schema<SchemaInputs> | undefined;
    readonly cost: unknown;
  };

/** Options for tensors, of those for rows. What is wrong with them otherwise is left as it is. */
export function withoutRows<O extends object>(where: string, options: O): WithoutRows<O> {
  const { data, validation, schema, cost, classWeight } = options as Readonly<Record<string, unknown>>;
  if (schema === undefined) {
    for (const [name, set] of Object.entries({ data, validation })) {
      if (!isRows(set)) continue;
      throw new ArgumentError(
        `${where}: expected ${name} to be { x, y } or a Dataset, got ${describe(set)}; for rows, the option schema says how they become tensors (data.Schema.learn)`,
      );
    }
    return options as O & WithoutRows<O>;
  }
  const checked = checkSchema(where, schema, "there is nothing to learn");
  const made = (name: string, rows: unknown): object =>
    isRows(rows) ? { [name]: transform(where, name, checked, rows) } : {};
  return {
    ...options,
    ...made("data", data),
    ...made("validation", validation),
    cost: cost ?? (checked.classes === null ? mse : crossEntropy),
    ...(isPlainObject(classWeight) ? { classWeight: weightsByPlace(where, checked, classWeight) } : {}),
  } as O & WithoutRows<O>;
}

/** The rows and the schema that samples were made of. */
type Origin = readonly [rows: RowSet, schema: Schema<SchemaInputs>];
const origins = new WeakMap<object, Origin>();

/** What samples were made of here: the same for the same rows. Null: they were not. */
export const originOf = (samples: object): Origin | null => origins.get(samples) ?? null;

const isRows = (value: unknown): value is RowSet => isInstance(value, Table) || Array.isArray(value);

function transform(where: string, name: string, schema: Schema<SchemaInputs>, rows: RowSet): Samples {
  try {
    const samples = schema.transform(rows) as Samples;
    origins.set(samples, [rows, schema]);
    return samples;
  } catch (error) {
    if (error instanceof ThalwegError) {
      error.message = error.message.replace(/^transform: /, `${where}: ${name}: `);
    }
    throw error;
  }
}

/** Weights by the classes' names as a list by their places. */
function weightsByPlace(
  where: string,
  { classes }: Schema<SchemaInputs>,
  weights: Readonly<Record<string, unknown>>,
): unknown {
  if (classes === null) return weights;
  const names = classes.map(String);
  const other = Object.keys(weights).find((name) => !names.includes(name));
  if (other !== undefined) {
    throw new ArgumentError(
      `${where}: classWeight: expected the classes ${names.map(describe).join(", ")}, got ${describe(other)}`,
    );
  }
  const absent = names.find((name) => !Object.hasOwn(weights, name));
  if (absent !== undefined) {
    throw new DataError(`${where}: classWeight has no number for the class ${describe(absent)}`);
  }
  return names.map((name) => weights[name]);
}
