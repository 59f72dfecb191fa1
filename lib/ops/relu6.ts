import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { hardtanh } from "./hardtanh.js";
import { register } from "./registry.js";

/**
 * y = min(max(x, 0), 6) (torch.nn.functional.relu6). Slope 1 between 0 and 6, else 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example relu6(tensor([-1, 2, 7]))   // [0, 2, 6]
 * @throws DTypeError
 */
export function relu6(x: Tensor): Tensor {
  checkInput("relu6", x, "float");
  return composed("relu6", [x], (x) => hardtanh(x, 0, 6));
}

register("relu6", relu6, {
  torch: "F.relu6",
  elementwise: ["floats"],
  cases: ({ values }) => ({ kinks: [values([0, 6])] }),
});
