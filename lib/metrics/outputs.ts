// What the metrics of numbers share: y and target of the same shape, [B, ...], are D outputs a sample, [B, D].
import { ArgumentError, ShapeError } from "../errors.js";
import { reshape } from "../ops/reshape.js";
import { to } from "../ops/to.js";
import { checkList, describe } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

export interface OutputOptions {
  /** How the outputs' figures become one: their mean, or weighted by a number for each. Default: `"uniform_average"`. */
  readonly multioutput?: "uniform_average" | readonly number[];
}

/** The weights of the outputs; null: all alike. */
export type OutputWeights = readonly number[] | null;

/** @throws ArgumentError */
export function readMultioutput(
  name: string,
  multioutput: unknown,
  others: readonly string[] = [],
): OutputWeights {
  if (multioutput === undefined || multioutput === "uniform_average") return null;
  if (typeof multioutput === "string") {
    const choices = ["uniform_average", ...others].map((one) => `"${one}"`).join(", ");
    throw new ArgumentError(
      `${name}: expected multioutput to be ${choices} or a number for each output, got ${describe(multioutput)}`,
    );
  }
  const weights = checkList(name, "multioutput to be a number for each output", multioutput);
  if (weights.every((one) => typeof one === "number" && Number.isFinite(one))) return weights as number[];
  throw new ArgumentError(`${name}: expected multioutput to be numbers, got ${describe(multioutput)}`);
}

/** Both as [B, D]. @throws ShapeError unless they have the same shape */
export function readOutputPairs(name: string, y: Tensor, target: Tensor): { y: Tensor; target: Tensor } {
  if (!sameShape(y.shape, target.shape) || y.rank === 0) {
    throw new ShapeError(
      `${name}: expected y and target of the same shape [B, ...], got ${format(y.shape)} and ${format(target.shape)}`,
    );
  }
  const samples = y.shape[0] as number;
  const shape = [samples, samples === 0 ? 0 : y.size / samples];
  return { y: reshape(to(y, "float64"), shape), target: reshape(to(target, "float64"), shape) };
}

/** The outputs' figures as one. @throws ArgumentError unless there is a weight for each */
export function averageOf(name: string, figures: ArrayLike<number>, weights: OutputWeights): number {
  if (weights !== null && weights.length !== figures.length) {
    throw new ArgumentError(
      `${name}: expected multioutput to have a number for each of ${figures.length} outputs, got ${weights.length}`,
    );
  }
  let [sum, all] = [0, 0];
  for (let i = 0; i < figures.length; i++) {
    const weight = weights === null ? 1 : (weights[i] as number);
    sum += weight === 0 ? 0 : weight * (figures[i] as number);
    all += weight;
  }
  if (all === 0) throw new ArgumentError(`${name}: expected the numbers of multioutput not to add up to 0`);
  return sum / all;
}
