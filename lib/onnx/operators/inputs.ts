// What operators have in common: which inputs there are, and small steps that several of them take.
import * as ops from "../../ops/index.js";
import { tensor } from "../../tensor/create.js";
import { type DType, isFloat } from "../../tensor/dtype.js";
import { checkDim, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { numberOf, numbersOf } from "../known.js";
import type { Compute, Inputs, Run } from "./registry.js";

/** An input that there must be: how many there are was checked when the model was imported. */
export const at = (inputs: Inputs, i: number): Tensor => inputs[i] as Tensor;

/** What computes a node with one input. */
export const ofOne =
  (compute: (x: Tensor, run: Run) => Tensor): Compute =>
  (inputs, run) =>
    compute(at(inputs, 0), run);

/** What computes a node with two inputs. */
export const ofTwo =
  (compute: (a: Tensor, b: Tensor, run: Run) => Tensor): Compute =>
  (inputs, run) =>
    compute(at(inputs, 0), at(inputs, 1), run);

/** The numbers in an optional input. */
export const optionalNumbers = (what: string, value: Tensor | null | undefined): number[] | undefined =>
  value === null || value === undefined ? undefined : numbersOf(what, value);

/** The number in an optional input. */
export const optionalNumber = (what: string, value: Tensor | null | undefined): number | undefined =>
  value === null || value === undefined ? undefined : numberOf(what, value);

/** A tensor of whole numbers. */
export const whole = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape, dtype: "int32" });

/** Computes in floats what the ops have for floats only, and gives the dtype of the input. float64 has every int32. */
export function inFloats(x: Tensor, compute: (x: Tensor) => Tensor): Tensor {
  return isFloat(x.dtype) ? compute(x) : ops.to(compute(ops.to(x, "float64")), x.dtype);
}

/** The positions of axes in a tensor of that rank. */
export const axesOf = (what: string, axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => checkDim(what, axis, rank));

/** The matrix of x whose columns are the axes from `axis` on, which may be one after the last. */
export function matrixAt(x: Tensor, axis: number): Tensor {
  const dim = axis === x.rank ? axis : checkDim("axis", axis, x.rank);
  return ops.reshape(x, [sizeOf(x.shape.slice(0, dim)), sizeOf(x.shape.slice(dim))]);
}

/** Indices that may count from the end of axes of these sizes, as positions. */
export function positions(indices: Tensor, size: ops.Operand): Tensor {
  return ops.where(ops.less(indices, 0), ops.add(indices, size), indices);
}

/** The same number in every element. */
export const scalarOf = (value: number, dtype: DType): Tensor => tensor(value, { dtype });
