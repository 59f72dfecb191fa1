import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("erfinv", {
  takes: "float",
  slope: { x: ({ y }) => mul(exp(square(y)), Math.sqrt(Math.PI) / 2) },
});

/**
 * y = erf⁻¹ x, the number with erf y = x (torch.erfinv); ±∞ at ±1, NaN outside [−1, 1]. Slope √π/2 · e^(y²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example erfinv(tensor([0, 0.5, -1]))   // [0, 0.4769, -Infinity]
 * @throws DTypeError
 */
export function erfinv(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    erfinv: Method<typeof erfinv>;
  }
}

register("erfinv", erfinv, {
  method: true,
  torch: "torch.erfinv",
  elementwise: [[-0.9, 0.9]],
  cases: ({ values }) => ({ "near ±1": [values([1 - 2 ** -10, 2 ** -14 - 1, 1 - 2 ** -20])] }),
});
