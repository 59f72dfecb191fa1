import { celu } from "../ops/elu.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x where x > 0, else α·(e^(x/α) − 1), element by element (torch.nn.CELU).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.CELU().forward(tensor([-1, 2]))
 */
export class CELU extends Module {
  readonly alpha: number;

  /**
   * @param alpha α > 0. Default: 1.
   */
  constructor(alpha = 1) {
    super();
    this.alpha = checkNumber("CELU", "alpha", alpha, { above: 0 });
  }

  forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }
}

registerModule("CELU", CELU, {
  takes: ["alpha"],
  cases: () => [[], [2]],
});
