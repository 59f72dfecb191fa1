import { composed } from "../context/trace.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { div } from "./div.js";
import { expm1 } from "./expm1.js";
import { greater } from "./greater.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/** scale · (x where x > 0, else α·(e^(x/width) − 1)) */
function exponential(name: string, x: Tensor, alpha: number, scale: number, width: number): Tensor {
  checkInput(name, x, "float");
  return composed(name, [x], (x) => {
    const isAbove = greater(x, 0);
    // The exponential of a large x would be infinite, and its product with a gradient of 0 is NaN.
    const below = where(isAbove, 0, width === 1 ? x : div(x, width));
    const y = where(isAbove, x, mul(expm1(below), alpha));
    return scale === 1 ? y : mul(y, scale);
  });
}

/**
 * y = x where x > 0, else α·(e^x − 1) (Clevert et al., 2016; torch.nn.functional.elu). Derivatives at 0 are those of
 * the exponential.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param alpha α. Default: 1.
 * @example elu(tensor([-1, 2]))   // [-0.632, 2]
 * @throws DTypeError, ArgumentError
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return exponential("elu", x, checkNumber("elu", "alpha", alpha), 1, 1);
}

/**
 * y = x where x > 0, else α·(e^(x/α) − 1), whose slope has no jump (Barron, 2017;
 * torch.nn.functional.celu).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param alpha α ≠ 0. Default: 1.
 * @example celu(tensor([-1, 2]), 2)   // [-0.787, 2]
 * @throws DTypeError, ArgumentError
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  checkNumber("celu", "alpha", alpha, { above: 0 });
  return exponential("celu", x, alpha, 1, alpha);
}

/** α and the scale of SELU: mean 0 and variance 1 stay so from layer to layer. */
export const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

/**
 * y = 1.0507 · (x where x > 0, else 1.6733·(e^x − 1)) (Klambauer et al., 2017; torch.nn.functional.selu).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example selu(tensor([-1, 2]))   // [-1.111, 2.101]
 * @throws DTypeError
 */
export function selu(x: Tensor): Tensor {
  return exponential("selu", x, SELU.alpha, SELU.scale, 1);
}

register("elu", elu, {
  torch: "F.elu",
  elementwise: ["floats"],
  rest: [[], [1.7]],
  cases: ({ values }) => ({ kinks: [values([0])], "kinks, 1.7": [values([0]), 1.7] }),
  // At 0 PyTorch's second derivative is that of the line.
  order: { "at zero": 1, "at zero, 1.7": 1, kinks: 1, "kinks, 1.7": 1 },
});
register("celu", celu, {
  torch: "celu",
  elementwise: ["floats"],
  rest: [[], [1.7]],
  cases: ({ values }) => ({ kinks: [values([0])], "kinks, 1.7": [values([0]), 1.7] }),
});
register("selu", selu, {
  torch: "F.selu",
  elementwise: ["floats"],
  cases: ({ values }) => ({ kinks: [values([0])] }),
  order: { "at zero": 1, kinks: 1 },
});
