import { composed } from "../context/trace.js";
import { checkChoice, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkInput } from "./define.js";
import { erfc } from "./erfc.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { square } from "./square.js";
import { tanh } from "./tanh.js";

/** How `gelu` finds Φ. */
export interface GELUOptions {
  /** `"none"`: Φ itself; `"tanh"`: an approximation by tanh. Default: none. */
  readonly approximate?: "none" | "tanh";
}

/**
 * y = x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016; torch.nn.functional.gelu);
 * or with approximate "tanh" x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example gelu(tensor([-1, 2]))   // [-0.159, 1.954]
 * @throws DTypeError, OptionError, ArgumentError
 */
export function gelu(x: Tensor, options: GELUOptions = {}): Tensor {
  checkInput("gelu", x, "float");
  checkOptions("gelu", options, ["approximate"]);
  const approximate = checkChoice("gelu", "approximate", options.approximate ?? "none", ["none", "tanh"]);
  return composed("gelu", [x], (x) => {
    if (approximate === "none") return mul(x, mul(erfc(mul(x, -Math.SQRT1_2)), 0.5));
    const inner = mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
    return mul(mul(x, 0.5), add(tanh(inner), 1));
  });
}

register("gelu", gelu, { torch: "F.gelu", elementwise: ["floats"], rest: [[], [{ approximate: "tanh" }]] });
