import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { describe } from "../options.js";
import { type TensorLike, tensor } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Outputs, targets or weights: a tensor, a typed array, or nested arrays of numbers or booleans. */
export type Values = Tensor | TensorLike;

const MOST = 2 ** 31;
const isLabel = (value: number): boolean => Number.isInteger(value) && value >= -MOST && value < MOST;

/** Values as a tensor. Arrays of whole numbers become int32, all others float64. */
export function toTensor(where: string, name: string, value: unknown): Tensor {
  if (isTensor(value)) return value;
  if (types.isFloat32Array(value) || types.isFloat64Array(value)) return tensor(value);
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
    throw new ArgumentError(
      `${where}: expected ${name} to be a tensor or an array of numbers, got ${describe(value)}`,
    );
  }
  const made = tensor(value as TensorLike, { dtype: "float64" });
  return made.data.every(isLabel) ? tensor(made.data, { dtype: "int32", shape: made.shape }) : made;
}

/** Weights of samples. Shapes: [samples] float64. */
export function toWeights(where: string, value: unknown, samples: number): Tensor {
  const weights = toTensor(where, "sampleWeight", value);
  if (weights.rank !== 1 || weights.size !== samples) {
    throw new ShapeError(`${where}: expected sampleWeight to be [${samples}], got ${format(weights.shape)}`);
  }
  return weights;
}

/** @throws DataError where no sample counts */
export function checkCounts(where: string, weight: number): number {
  if (weight === 0) throw new DataError(`${where}: expected at least one sample that counts, got none`);
  return weight;
}

/** @throws DataError for the first weight that is negative, infinite or not a number, or if all are 0 */
export function checkWeights(where: string, name: string, weights: ArrayLike<number>): void {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new DataError(`${where}: expected ${name} to be numbers ≥ 0, got ${weight} for sample ${i}`);
    }
    sum += weight;
  }
  if (sum === 0) throw new DataError(`${where}: expected ${name} to have a number above 0, got only 0`);
}
