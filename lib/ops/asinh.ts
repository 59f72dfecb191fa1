import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { rsqrt } from "./rsqrt.js";
import { square } from "./square.js";

const op = elementwise("asinh", { takes: "float", slope: { x: ({ x }) => rsqrt(add(square(x), 1)) } });

/**
 * y = arsinh x. Slope 1/√(x² + 1).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function asinh(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    asinh: Method<typeof asinh>;
  }
}

register("asinh", asinh, { method: true, torch: "torch.asinh", elementwise: ["floats"] });
