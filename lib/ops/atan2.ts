import type { Tensor } from "../graph/tensor.js";
import { add } from "./add.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { square } from "./square.js";

const squares = (a: Tensor, b: Tensor): Tensor => add(square(a), square(b));

const op = elementwise<"a" | "b">("atan2", {
  inputs: ["a", "b"],
  takes: "float",
  slope: {
    a: ({ a, b }) => div(b, squares(a, b)),
    b: ({ a, b }) => neg(div(a, squares(a, b))),
  },
});

/**
 * y = the angle of the point (b, a), in (−π, π]: arctan(a/b) in the right quadrant (torch.atan2).
 * Slopes b/(a² + b²) and −a/(a² + b²).
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * @example atan2(tensor([1, -1]), tensor([1, -1]))   // [π/4, −3π/4]
 * @throws ShapeError, DTypeError
 */
export function atan2(a: Operand, b: Operand): Tensor {
  return op(operands("atan2", a, b));
}
