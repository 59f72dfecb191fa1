import { softshrink } from "../ops/softshrink.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x − λ where x > λ, x + λ where x < −λ, else 0, element by element (torch.nn.Softshrink).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.Softshrink().forward(tensor([-1, 2]))
 */
export class Softshrink extends Module {
  readonly lambda: number;

  /**
   * @param lambda λ ≥ 0. Default: 0.5.
   */
  constructor(lambda = 0.5) {
    super();
    this.lambda = checkNumber("Softshrink", "lambda", lambda, { min: 0 });
  }

  forward(x: Tensor): Tensor {
    return softshrink(x, this.lambda);
  }
}

registerModule("Softshrink", Softshrink, {
  takes: ["lambda"],
  unnamed: true,
  cases: () => [[], [0.25]],
});
