import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("erfc", {
  takes: "float",
  slope: { x: ({ x }) => mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI)) },
});

/**
 * y = 1 − erf x, exact where erf x is near 1. Slope −2/√π · e^(−x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function erfc(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    erfc: Method<typeof erfc>;
  }
}

register("erfc", erfc, { method: true, torch: "torch.erfc", elementwise: ["floats"] });
