import { ShapeError } from "../errors.js";
import { broadcast, format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";
import { where } from "./where.js";

/**
 * x with a value where the mask is true (torch.masked_fill). x has no gradient there; the value has the sum of the
 * gradients there.
 * Shapes: x and mask broadcast to y. mask: bool. Any dtype.
 * @param value a number, or a tensor of one number without axes of x's dtype.
 * @example maskedFill(tensor([1, 2]), tensor([true, false]), -Infinity)   // [-Infinity, 2]
 * @throws ShapeError, DTypeError; ArgumentError for a number that is none of x's dtype
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  checkTensor("maskedFill", "x", x);
  checkTensor("maskedFill", "mask", mask);
  checkDTypes("maskedFill", ["mask"], [mask], "bool");
  const [, filler] = operands("maskedFill", x, value, ["x", "value"]);
  if (filler.rank !== 0) {
    throw new ShapeError(
      `maskedFill: expected value to be a number or a scalar tensor, got ${format(filler.shape)}`,
    );
  }
  checkDTypes("maskedFill", ["x", "value"], [x, filler], "any");
  broadcast("maskedFill", x.shape, mask.shape);
  return where(mask, filler, x);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    maskedFill: Method<typeof maskedFill>;
  }
}

register("maskedFill", maskedFill, {
  method: true,
  torch: "torch.masked_fill",
  cases: ({ floats, truths, values }) => ({
    "a number": [floats([2, 3]), truths([2, 3]), -1.5],
    "a tensor": [floats([2, 3]), truths([2, 3]), floats([])],
    "a mask for rows": [floats([3, 2]), truths([3, 1]), 0],
    "a row for all": [floats([2]), truths([3, 2]), 2],
    "a value that is no scalar": [floats([2]), truths([2]), floats([1])],
    "0-d": [floats([]), truths([]), 1],
    empty: [floats([0, 3]), truths([3]), 1],
    int32: [values([1, 2, 3], "int32"), truths([3]), 7],
    "−∞ and NaN": [values([NaN, 1, Infinity]), values([true, true, false]), -Infinity],
  }),
  order: { "−∞ and NaN": 0 },
});
