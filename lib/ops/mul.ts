import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { broadcastSpec, defineOp } from "./define.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";
import { aligned } from "./samples.js";
import { sumTo } from "./sum-and-expand.js";

// Not by `elementwise`, whose rules are made with this op.
const op = defineOp<"a" | "b">("mul", {
  inputs: ["a", "b"],
  kernel: "mul",
  shape: ({ a, b }) => broadcastSpec("mul", ["a", "b"], [a, b], "number"),
  params: ({ a, b }, y) => broadcastParams([a, b], y.shape, sizeOf(y.shape)),
  vjp: {
    a: ({ dy, a, b }) => sumTo(mul(dy, b), a.shape),
    b: ({ dy, a, b }) => sumTo(mul(dy, a), b.shape),
  },
  jvp: {
    a: ({ da, b }) => mul(da, b),
    b: ({ db, a }) => mul(a, db),
  },
  batch: ({ a, b }, { batched, op: self }) => self(aligned([a, b], [batched.a, batched.b]), {}),
});

/**
 * y = a · b, element by element.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example mul(x, 0.5)
 * @throws ShapeError, DTypeError
 */
export function mul(a: Operand, b: Operand): Tensor {
  return op(operands("mul", a, b), {});
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    mul: Method<typeof mul>;
  }
}

register("mul", mul, { method: true, torch: "torch.mul", elementwise: ["floats", "floats"] });
