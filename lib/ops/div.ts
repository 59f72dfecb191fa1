import { isFloat } from "../tensor/dtype.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";
import { to } from "./to.js";

const op = elementwise<"a" | "b">("div", {
  inputs: ["a", "b"],
  takes: "float",
  slope: {
    a: ({ b }) => reciprocal(b),
    b: ({ a, b }) => neg(div(a, square(b))),
  },
});

/**
 * y = a / b, element by element.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64; int32 and bool give float32.
 * @example div(1, x)
 * @throws ShapeError, DTypeError
 */
export function div(a: Operand, b: Operand): Tensor {
  if (isWhole(a) && isWhole(b)) return op(operands("div", asFloat(a), asFloat(b)));
  return op(operands("div", a, b));
}

const isWhole = (x: Operand): boolean => (isTensor(x) ? !isFloat(x.dtype) : typeof x === "number");
const asFloat = (x: Operand): Operand => (isTensor(x) ? to(x, "float32") : x);

declare module "../tensor/tensor.js" {
  interface Tensor {
    div: Method<typeof div>;
  }
}

register("div", div, {
  method: true,
  torch: "torch.div",
  elementwise: ["floats", "floats"],
  gives: { int32: "float32", bool: "float32" },
});
