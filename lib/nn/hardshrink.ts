import { hardshrink } from "../ops/hardshrink.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = 0 where |x| ≤ λ, else x, element by element (torch.nn.Hardshrink).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.Hardshrink().forward(tensor([-1, 2]))
 */
export class Hardshrink extends Module {
  readonly lambda: number;

  /**
   * @param lambda λ ≥ 0. Default: 0.5.
   */
  constructor(lambda = 0.5) {
    super();
    this.lambda = checkNumber("Hardshrink", "lambda", lambda, { min: 0 });
  }

  forward(x: Tensor): Tensor {
    return hardshrink(x, this.lambda);
  }
}

registerModule("Hardshrink", Hardshrink, {
  takes: ["lambda"],
  unnamed: true,
  cases: () => [[], [0.2]],
});
