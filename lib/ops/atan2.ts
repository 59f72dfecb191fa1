import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { constantWhere } from "./constant-where.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { equal } from "./equal.js";
import { logicalAnd } from "./logical-and.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";
import { square } from "./square.js";

/** top/(a² + b²); 0 at the origin, where the angle jumps, with all its derivatives. */
function overSquares(top: Tensor, a: Tensor, b: Tensor): Tensor {
  const isOrigin = logicalAnd(equal(a, 0), equal(b, 0));
  return constantWhere(isOrigin, 0, a, 1, (side) => div(top, add(square(side), square(b))));
}

const op = elementwise<"a" | "b">("atan2", {
  inputs: ["a", "b"],
  takes: "float",
  slope: {
    a: ({ a, b }) => overSquares(b, a, b),
    b: ({ a, b }) => neg(overSquares(a, a, b)),
  },
});

/**
 * y = the angle of the point (b, a), in (−π, π]: arctan(a/b) in the right quadrant (torch.atan2).
 * Slopes b/(a² + b²) and −a/(a² + b²); 0 at the origin (as in PyTorch).
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * @example atan2(tensor([1, -1]), tensor([1, -1]))   // [π/4, −3π/4]
 * @throws ShapeError, DTypeError
 */
export function atan2(a: Operand, b: Operand): Tensor {
  return op(operands("atan2", a, b));
}

register("atan2", atan2, { torch: "torch.atan2", elementwise: ["floats", "floats"] });
