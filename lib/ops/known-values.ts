import { currentTrace } from "../context/trace.js";
import { TraceError } from "../errors.js";
import type { TypedArray } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/**
 * The elements of x, for an op whose result is not of a shape or type that the inputs' shapes tell.
 * @param why what depends on the elements, and what to do in place of it.
 * @throws TraceError within `compile` and `vmap`, where there are no elements yet; ArgumentError
 */
export function knownValues(name: string, why: string, x: Tensor): TypedArray {
  checkTensor(name, "x", x);
  if (currentTrace() !== null || x.mapped !== null || x.storage.isSymbolic) {
    throw new TraceError(`${name}: cannot be used within compile or vmap: ${why}`);
  }
  return x.storage.forReading();
}
