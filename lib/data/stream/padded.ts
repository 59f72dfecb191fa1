import { DataError } from "../../errors.js";
import { checkList, checkOptions, checkRequired } from "../../options.js";
import { checkDType, type DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { checkRow } from "../table/source.js";
import { type Padded, type PadOptions, pad, stackOne, weightsOf } from "./collate.js";
import type { StreamBatch, StreamRow } from "./stream.js";

export interface PaddedOptions extends PadOptions {
  /** The dtype of y: `{ y: "int32" }` for classes. Default: as `tensor` has it. */
  readonly dtypes?: { readonly y?: DType };
}

/**
 * The `collate` of a stream of ragged rows `{ x, y }`: x is what `pad` makes of the lists, for a model whose `forward`
 * takes `{ values, lengths, mask }`, and y is one tensor. A training step is compiled for each length that occurs: with
 * `length` there is one, with `multipleOf` there are few.
 * @returns a function of rows, that gives `{ x: { values, lengths, mask }, y }`.
 * @throws OptionError, DTypeError; the function throws as `pad`, and DataError for other rows
 * @example
 * const rows = [{ x: [5, 6, 7], y: 1 }, { x: [8], y: 0 }];
 * const collate = data.padded({ integers: true, multipleOf: 4, dtypes: { y: "int32" } });
 * collate(rows).x.values.toArray()   // [[5, 6, 7, 0], [8, 0, 0, 0]]
 * data.stream(() => rows, { collate, batchSize: 2 }).batchSize   // 2
 */
export function padded(
  options: PaddedOptions = {},
): (rows: readonly StreamRow[]) => StreamBatch<Padded, Tensor> {
  const where = "padded";
  checkOptions(where, options, ["value", "length", "multipleOf", "side", "integers", "dtypes"]);
  const { dtypes = {}, ...others } = options;
  checkRequired(`${where}: dtypes`, dtypes, ["y"]);
  const dtype = dtypes.y === undefined ? undefined : checkDType(where, dtypes.y);
  // Refuses options that do not fit at once.
  pad([[]], others);
  return (given) => {
    const rows = checkList(where, "a list of rows", given).map((row, i) => checkRow(where, row, i));
    const has = (name: string) => (row: StreamRow) => Object.hasOwn(row, name);
    if (!rows.every(has("x")) || !rows.every(has("y")))
      throw new DataError(`${where}: expected rows { x, y }`);
    const values = (name: string): unknown[] => rows.map((row) => row[name]);
    const batch = { x: pad(values("x") as number[][], others), y: stackOne("y", values("y"), dtype) };
    const w = weightsOf(rows);
    return w === null ? batch : { ...batch, w };
  };
}
