import { checkNumber } from "../options.js";
import { checkElement } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkAxis } from "./axis-index.js";
import { register } from "./registry.js";
import { filledUp } from "./slice-and-concat.js";

/**
 * Adds positions before and after those of an axis, with a constant (torch.nn.functional.pad).
 * Shapes: x [..., n, ...] → y [..., before + n + after, ...]. Any dtype.
 * @param value one that x's dtype can hold: int32 whole numbers, bool 0, 1, true and false. Default: 0.
 * @example pad(tensor([1, 2]), 0, 1, 2)   // [0, 1, 2, 0, 0]
 * @throws ShapeError for a scalar; ArgumentError
 */
export function pad(
  x: Tensor,
  dim: number,
  before: number,
  after: number,
  value: number | boolean = 0,
): Tensor {
  checkTensor("pad", "x", x);
  const axis = checkAxis("pad", x, dim);
  checkNumber("pad", "before", before, { min: 0, integer: true });
  checkNumber("pad", "after", after, { min: 0, integer: true });
  const element = checkElement("pad", "value", x.dtype, value);
  return filledUp(x, axis, before, after, element);
}

register("pad", pad, {
  torch: "pad",
  cases: ({ floats }) => ({
    "both sides": [floats([3]), 0, 1, 2],
    "last dim": [floats([2, 3]), -1, 0, 2],
    "middle dim, a value": [floats([2, 2, 2]), 1, 1, 0, 1.5],
    nothing: [floats([2, 3]), 0, 0, 0],
    empty: [floats([0, 2]), 0, 1, 1],
  }),
});
