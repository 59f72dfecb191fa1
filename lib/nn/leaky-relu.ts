import { leakyRelu } from "../ops/leaky-relu.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x where x > 0, else s·x, element by element (torch.nn.LeakyReLU).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.LeakyReLU().forward(tensor([-1, 2]))
 */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /**
   * @param negativeSlope s, the slope below 0. Default: 0.01.
   */
  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = checkNumber("LeakyReLU", "negativeSlope", negativeSlope);
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }
}

markDiscreet(LeakyReLU);

registerModule("LeakyReLU", LeakyReLU, {
  takes: ["negativeSlope"],
  cases: () => [[], [0.3]],
});
