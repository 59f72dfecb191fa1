import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { constantWhere } from "./constant-where.js";
import { broadcastSpec, defineOp } from "./define.js";
import { elementwise, times } from "./elementwise.js";
import { equal } from "./equal.js";
import { greaterEqual } from "./greater-equal.js";
import { isFinite } from "./is-finite.js";
import { log } from "./log.js";
import { logicalAnd } from "./logical-and.js";
import { logicalNot } from "./logical-not.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";
import { aligned } from "./samples.js";
import { sub } from "./sub.js";

const op: (inputs: readonly Tensor[]) => Tensor = elementwise<"a" | "b">("pow", {
  inputs: ["a", "b"],
  takes: "float",
  slope: {
    // a⁰ is 1 for every a: also where a⁻¹ is not finite.
    a: ({ a, b }) => {
      const isFlat = logicalAnd(equal(b, 0), logicalNot(isFinite(reciprocal(a))));
      return constantWhere(isFlat, 0, a, 1, (base) => mul(b, op([base, sub(b, 1)])));
    },
    b: ({ a, b, y }) => {
      const isZero = logicalAnd(equal(a, 0), greaterEqual(b, 0));
      return constantWhere(isZero, 0, a, 1, (base) => mul(y, log(base)));
    },
  },
});

// The exponent is b's one number: with it the slope is known to be a constant in time, of every order.
const byNumber = defineOp<"a" | "b", { exponent: number }>("pow", {
  inputs: ["a", "b"],
  kernel: "pow",
  shape: ({ a, b }) => broadcastSpec("pow", ["a", "b"], [a, b], "float"),
  params: ({ a, b }, y) => broadcastParams([a, b], y.shape, sizeOf(y.shape)),
  vjp: { a: ({ dy, ...context }) => times(dy, slopeOf(context.exponent), context) },
  jvp: { a: ({ da, ...context }) => times(da, slopeOf(context.exponent), context) },
  batch: ({ a, b, exponent }, { batched, op: self }) =>
    self(aligned([a, b], [batched.a, batched.b]), { exponent }),
});

/** n·aⁿ⁻¹ */
function slopeOf(exponent: number): 0 | 1 | ((context: { readonly a: Tensor }) => Tensor) {
  if (exponent === 0 || exponent === 1) return exponent;
  return ({ a }) => mul(exponent === 2 ? a : pow(a, exponent - 1), exponent);
}

/**
 * y = aᵇ, element by element; NaN for a negative a with a b that is not whole.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * Slopes: b·aᵇ⁻¹, 0 where b = 0; aᵇ·ln a, 0 where a = 0 and b ≥ 0 (as in PyTorch). At a = 0 derivatives of every order
 * are those of the polynomial for whole b ≥ 0; otherwise one of an order above b is infinite. At a = 0 the
 * mixed second derivative is 0 for b > 1, and has no meaning for b ≤ 1.
 * @example pow(x, 3)
 * @throws ShapeError, DTypeError
 */
export function pow(a: Operand, b: Operand): Tensor {
  const [base, power] = operands("pow", a, b);
  if (typeof b !== "number") return op([base, power]);
  return byNumber([base, power], { exponent: power.dtype === "float32" ? Math.fround(b) : b });
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    pow: Method<typeof pow>;
  }
}

register("pow", pow, {
  method: true,
  torch: "torch.pow",
  elementwise: [[0.25, 2], "floats"],
  cases: ({ floats, values }) => ({
    "negative base, integer exponent": [values([-2, -2, -2, -0.5, -0.5, -3]), values([3, 2, -1, -2, 1, 0])],
    "0-d exponent 2": [values([-2, 1.5, 0, 3]), values(2)],
    "0-d exponent -1": [values([-2, 1.5, 3]), values(-1)],
    "0-d exponent 0.5": [values([0.25, 2, 9]), values(0.5)],
    "zero base": [values([0, 0, 0]), values([1, 2, 3])],
    "zero base, both inputs": [values([0, 0, 0]), values([2, 3, 4.5])],
    "zero base, zero exponent": [values([0, -0]), values([0, 0])],
    "zero exponent": [values([-1.5, 0.5, 2]), values(0)],
    "zero exponent, both inputs": [values([0.5, 2]), values([0, 0])],
    "0-d base": [values(2), values([-2, 1, 0.5, 3])],
    "a number for the exponent": [floats([3, 2], 0.25, 2), 3],
    "a number for the base": [2, floats([3, 2])],
  }),
  // PyTorch loses the mixed second derivative 1/a at exponent 0.
  order: { "zero base, both inputs": 1, "zero base, zero exponent": 1, "zero exponent, both inputs": 1 },
  moving: {
    "negative base, integer exponent": [0],
    "0-d exponent 2": [0],
    "0-d exponent -1": [0],
    "zero base": [0],
    "zero base, zero exponent": [0],
    "zero exponent": [0],
  },
});
