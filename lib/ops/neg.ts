import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { broadcastSpec, linear } from "./define.js";
import { type Method, register } from "./registry.js";

// Not by `elementwise`, whose rules are made with this op.
const op = linear<"x">("neg", {
  inputs: ["x"],
  kernel: "neg",
  shape: ({ x }) => broadcastSpec("neg", ["x"], [x], "number"),
  params: ({ x }, y) => broadcastParams([x], y.shape, sizeOf(y.shape)),
  transpose: ({ dy }) => neg(dy),
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * y = −x.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @example neg(x)
 * @throws DTypeError
 */
export function neg(x: Tensor): Tensor {
  return op([x], {});
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    neg: Method<typeof neg>;
  }
}

register("neg", neg, { method: true, torch: "torch.neg", elementwise: ["floats"] });
