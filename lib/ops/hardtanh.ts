import { composed } from "../context/trace.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { clamp } from "./clamp.js";
import { checkInput } from "./define.js";
import { detach } from "./detach.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { logicalAnd } from "./logical-and.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/**
 * y = x, but no less than `low` and no more than `high` (torch.nn.functional.hardtanh). Slope 1 between
 * them, 0 at them and beyond; `clamp` has 1 at them.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param low Default: −1.
 * @param high At least `low`. Default: 1.
 * @example hardtanh(tensor([-3, 0.5]))   // [-1, 0.5]
 * @throws DTypeError, ArgumentError
 */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  checkInput("hardtanh", x, "float");
  checkNumber("hardtanh", "low", low);
  checkNumber("hardtanh", "high", high, { min: low });
  return composed("hardtanh", [x], (x) => {
    const inside = logicalAnd(greater(x, low), less(x, high));
    return where(inside, x, clamp(detach(x), { min: low, max: high }));
  });
}

register("hardtanh", hardtanh, {
  torch: "F.hardtanh",
  elementwise: ["floats"],
  rest: [[], [-0.5, 2]],
  cases: ({ values }) => ({
    kinks: [values([-1, 1])],
    "kinks, of other bounds": [values([-0.5, 2]), -0.5, 2],
    "one bound": [values([-1, 0.5, 2]), 0.5, 0.5],
  }),
});
