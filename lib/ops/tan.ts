import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("tan", { takes: "float", slope: { x: ({ y }) => add(square(y), 1) } });

/**
 * y = tan x. Slope 1 + y².
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function tan(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    tan: Method<typeof tan>;
  }
}

register("tan", tan, { method: true, torch: "torch.tan", elementwise: [[-1.2, 1.2]] });
