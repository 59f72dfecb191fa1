import { DTypeError } from "../errors.js";
import { broadcast, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { checkDTypes, defineOp } from "./define.js";
import { type Operand, operands, scalar } from "./operand.js";
import { register } from "./registry.js";
import { aligned } from "./samples.js";
import { sumTo } from "./sum-and-expand.js";

const op = defineOp<"condition" | "a" | "b">("where", {
  inputs: ["condition", "a", "b"],
  kernel: "where",
  shape: ({ condition, a, b }) => {
    if (condition.dtype !== "bool")
      throw new DTypeError(`where: expected condition to be bool, got ${condition.dtype}`);
    const dtype = checkDTypes("where", ["a", "b"], [a, b], "any");
    return { shape: broadcast("where", broadcast("where", condition.shape, a.shape), b.shape), dtype };
  },
  params: ({ condition, a, b }, y) => broadcastParams([condition, a, b], y.shape, sizeOf(y.shape)),
  vjp: {
    a: ({ dy, condition, a }) => sumTo(where(condition, dy, 0), a.shape),
    b: ({ dy, condition, b }) => sumTo(where(condition, 0, dy), b.shape),
  },
  jvp: {
    a: ({ da, condition }) => where(condition, da, 0),
    b: ({ db, condition }) => where(condition, 0, db),
  },
  batch: ({ condition, a, b }, { batched, op: self }) =>
    self(aligned([condition, a, b], [batched.condition, batched.a, batched.b]), {}),
});

/**
 * y = a where the condition is true, b elsewhere.
 * Shapes: condition, a and b broadcast to y. Dtypes: condition bool, a and b any, the same.
 * A side that is not taken gets gradient 0. What that side was computed with multiplies this 0 by its own slope, and
 * 0·∞ is NaN: the gradient of `where(greater(x, 0), sqrt(x), 0)` is NaN at 0, as in PyTorch and JAX. Keep such
 * points from the function as well, as in the second example.
 * @example where(greater(x, 0), x, mul(x, 0.01))
 * @example
 * const isAbove = greater(x, 0);
 * where(isAbove, sqrt(where(isAbove, x, 1)), 0);   // the gradient at 0 is 0
 * @throws ShapeError, DTypeError
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkTensor("where", "condition", condition);
  if (typeof a === "number" && typeof b === "number")
    return op([condition, scalar(a, "float32"), scalar(b, "float32")], {});
  return op([condition, ...operands("where", a, b)], {});
}

register("where", where, {
  torch: "torch.where",
  elementwise: ["truths", "floats", "floats"],
  cases: ({ floats, truths, values }) => ({
    "extreme values not chosen": [
      values([true, false, true, false]),
      values([1, NaN, Infinity, Infinity]),
      values([NaN, 2, NaN, -Infinity]),
    ],
    "a number for one side": [truths([2, 3]), floats([3]), 0.5],
  }),
  order: { "extreme values not chosen": 0 },
});
