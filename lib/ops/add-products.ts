import { checkNumber, checkOptions } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { broadcastSpec, type Takes } from "./define.js";
import { div } from "./div.js";
import { mul } from "./mul.js";
import { checkBeside } from "./operand.js";
import { register } from "./registry.js";

/** The factor of `addcmul` and `addcdiv`. */
export interface AddProductOptions {
  /** Default: 1. */
  readonly value?: number;
}

/**
 * y = x + value · a · b, element by element (torch.addcmul).
 * Shapes: x, a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example addcmul(tensor([1, 1]), tensor([2, 3]), tensor([4, 5]), { value: 0.5 })   // [5, 8.5]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  const value = readFactor("addcmul", x, a, b, options, "number");
  const product = mul(a, b);
  return add(x, value === 1 ? product : mul(product, value));
}

/**
 * y = x + value · a / b, element by element (torch.addcdiv).
 * Shapes: x, a and b broadcast to y. Dtypes: float32, float64.
 * @example addcdiv(tensor([1, 1]), tensor([2, 3]), tensor([4, 6]))   // [1.5, 1.5]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  const value = readFactor("addcdiv", x, a, b, options, "float");
  return add(x, div(value === 1 ? a : mul(a, value), b));
}

function readFactor(
  name: string,
  x: Tensor,
  a: Tensor,
  b: Tensor,
  options: AddProductOptions,
  takes: Takes,
): number {
  for (const [input, given] of Object.entries({ x, a, b })) checkTensor(name, input, given);
  checkOptions(name, options, ["value"]);
  const { dtype } = broadcastSpec(name, ["x", "a", "b"], [x, a, b], takes);
  const value = checkNumber(name, "value", options.value ?? 1);
  checkBeside(name, value, dtype);
  return value;
}

register("addcmul", addcmul, {
  torch: "torch.addcmul",
  elementwise: ["floats", "floats", "floats"],
  cases: ({ floats, integers }) => ({
    "a factor": [floats([2, 3]), floats([3]), floats([2, 1]), { value: -0.5 }],
    int32: [integers([3], 5), integers([3], 5), integers([1], 5), { value: 2 }],
  }),
});
register("addcdiv", addcdiv, {
  torch: "torch.addcdiv",
  elementwise: ["floats", "floats", [0.5, 2]],
  cases: ({ floats }) => ({
    "a factor": [floats([2, 3]), floats([3]), floats([2, 1], 0.5, 2), { value: -0.5 }],
  }),
});
