// Values that are known before a run: constants, and what follows from the inputs' shapes.
import { context, within } from "../context/context.js";
import { noGrad } from "../context/grad-mode.js";
import { GraphError } from "../errors.js";
import type { TypedArray } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";

/** A tensor that is the same in all runs with inputs of these shapes. A traced function may read it. */
export class Known extends Tensor {
  constructor({ storage, shape, dtype }: Tensor) {
    super(storage, shape, dtype);
  }
}

/** Computes what follows from known values, at once: also while a function is traced. */
export function atOnce<T>(compute: () => T): T {
  return within("trace", null, () => noGrad(compute));
}

/**
 * The numbers in a tensor that says how to compute: a shape, axes, a bound.
 * @throws GraphError within `compile`, if they depend on more than the inputs' shapes
 */
export function numbersOf(what: string, value: Tensor): number[] {
  const isThere = value instanceof Known || (context.trace === null && !value.storage.isSymbolic);
  if (isThere && value.mapped === null) return Array.from(value.storage.forReading() as TypedArray);
  throw new GraphError(
    `${what}: follows from the values of the model's inputs, which a compiled function does not know beforehand`,
  );
}

/** As `numbersOf`, for one number. */
export function numberOf(what: string, value: Tensor): number {
  const [only, ...others] = numbersOf(what, value);
  if (only === undefined || others.length > 0) {
    throw new GraphError(`${what}: expected one number, got ${value.size}`);
  }
  return only;
}
