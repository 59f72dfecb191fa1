import { DTypeError } from "../errors.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { notEqual } from "./not-equal.js";
import { register } from "./registry.js";

/**
 * Whether just one of a and b is true. No gradient.
 * Shapes: a and b broadcast to y. Dtype: bool.
 * @example logicalXor(greater(x, 0), greater(y, 0))
 * @throws ShapeError, DTypeError
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  for (const [name, input] of Object.entries({ a, b })) {
    if (checkTensor("logicalXor", name, input).dtype === "bool") continue;
    throw new DTypeError(`logicalXor: expected ${name} to be bool, got ${input.dtype}`);
  }
  return notEqual(a, b);
}

register("logicalXor", logicalXor, { torch: "torch.logical_xor", elementwise: ["truths", "truths"] });
