import { type SoftplusOptions, softplus } from "../ops/softplus.js";
import { checkNumber, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = ln(1 + e^(β·x))/β, and x where β·x is above the threshold, element by element (torch.nn.Softplus).
 * Shapes: x → y, the same.
 * @throws OptionError, ArgumentError
 * @example new nn.Softplus({ beta: 2 }).forward(tensor([-1, 2]))
 */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    checkOptions("Softplus", options, ["beta", "threshold"]);
    this.beta = checkNumber("Softplus", "beta", options.beta ?? 1, { above: 0 });
    this.threshold = checkNumber("Softplus", "threshold", options.threshold ?? 20);
  }

  forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }
}

markDiscreet(Softplus);

registerModule("Softplus", Softplus, {
  options: ({ beta, threshold }) => ({ beta, threshold }),
  cases: () => [[], [{ beta: 2, threshold: 3 }]],
});
