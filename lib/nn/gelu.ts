import { type GELUOptions, gelu } from "../ops/gelu.js";
import { checkChoice, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x·Φ(x), Φ the standard normal distribution, element by element (torch.nn.GELU); with approximate
 * "tanh" x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * Shapes: x → y, the same.
 * @throws OptionError, ArgumentError
 * @example new nn.GELU({ approximate: "tanh" }).forward(tensor([-1, 2]))
 */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor(options: GELUOptions = {}) {
    super();
    checkOptions("GELU", options, ["approximate"]);
    this.approximate = checkChoice("GELU", "approximate", options.approximate ?? "none", ["none", "tanh"]);
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
}

markDiscreet(GELU);

registerModule("GELU", GELU, {
  options: ({ approximate }) => ({ approximate }),
  cases: () => [[], [{ approximate: "tanh" }]],
});
