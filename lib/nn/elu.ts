import { elu } from "../ops/elu.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x where x > 0, else α·(e^x − 1), element by element (torch.nn.ELU).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.ELU().forward(tensor([-1, 2]))
 */
export class ELU extends Module {
  readonly alpha: number;

  /**
   * @param alpha α. Default: 1.
   */
  constructor(alpha = 1) {
    super();
    this.alpha = checkNumber("ELU", "alpha", alpha);
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }
}

markDiscreet(ELU);

registerModule("ELU", ELU, {
  takes: ["alpha"],
  cases: () => [[1.5]],
});
