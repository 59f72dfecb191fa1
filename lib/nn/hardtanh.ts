import { hardtanh } from "../ops/hardtanh.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x, but no less than low and no more than high, element by element (torch.nn.Hardtanh).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.Hardtanh().forward(tensor([-1, 2]))
 */
export class Hardtanh extends Module {
  readonly low: number;
  readonly high: number;

  /**
   * @param low The least value. Default: −1.
   * @param high The largest value, above `low`. Default: 1.
   */
  constructor(low = -1, high = 1) {
    super();
    this.low = checkNumber("Hardtanh", "low", low);
    this.high = checkNumber("Hardtanh", "high", high, { above: low });
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.low, this.high);
  }
}

registerModule("Hardtanh", Hardtanh, {
  takes: ["low", "high"],
  cases: () => [[], [-0.5, 0.75]],
});
