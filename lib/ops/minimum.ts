import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { equal } from "./equal.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";
import { to } from "./to.js";

const op = elementwise<"a" | "b">("minimum", {
  inputs: ["a", "b"],
  takes: "number",
  slope: {
    a: ({ a, b }) => add(to(less(a, b), a.dtype), mul(to(equal(a, b), a.dtype), 0.5)),
    b: ({ a, b }) => add(to(greater(a, b), a.dtype), mul(to(equal(a, b), a.dtype), 0.5)),
  },
});

/**
 * y = min(a, b), element by element; NaN where either is.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * Where a = b the gradient is split in halves, as in PyTorch; beside a NaN it is 0 for both.
 * @example minimum(x, 0)
 * @throws ShapeError, DTypeError
 */
export function minimum(a: Operand, b: Operand): Tensor {
  return op(operands("minimum", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    minimum: Method<typeof minimum>;
  }
}

register("minimum", minimum, {
  method: true,
  torch: "torch.minimum",
  elementwise: ["floats", "floats"],
  cases: ({ values }) => ({
    ties: [values([1, -2, 0, 0.5, 3]), values([1, -2, 0, 0.75, 2.5])],
    "ties with 0-d": [
      values([
        [1, 2],
        [2, 0],
      ]),
      values(2),
    ],
  }),
});
