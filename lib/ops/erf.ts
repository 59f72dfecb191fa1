import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("erf", {
  takes: "float",
  slope: { x: ({ x }) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)) },
});

/**
 * y = erf x = 2/√π ∫₀ˣ e^(−t²) dt. Slope 2/√π · e^(−x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function erf(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    erf: Method<typeof erf>;
  }
}

register("erf", erf, { method: true, torch: "torch.erf", elementwise: ["floats"] });
