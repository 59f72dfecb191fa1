import { threshold } from "../ops/threshold.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x where x is above the limit, else the value, element by element (torch.nn.Threshold).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.Threshold(1, 1).forward(tensor([-1, 2]))
 */
export class Threshold extends Module {
  readonly limit: number;
  readonly value: number;

  /**
   * @param limit What x must be above.
   * @param value What takes the place of the others.
   */
  constructor(limit: number, value: number) {
    super();
    this.limit = checkNumber("Threshold", "limit", limit);
    this.value = checkNumber("Threshold", "value", value);
  }

  forward(x: Tensor): Tensor {
    return threshold(x, this.limit, this.value);
  }
}

registerModule("Threshold", Threshold, {
  takes: ["limit", "value"],
  cases: () => [[0.5, -2]],
});
