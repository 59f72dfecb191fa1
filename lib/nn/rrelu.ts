import { checkDTypes } from "../ops/define.js";
import { greater } from "../ops/greater.js";
import { leakyRelu } from "../ops/leaky-relu.js";
import { mul } from "../ops/mul.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x where x > 0, else a·x with a ~ U[lower, upper), drawn anew for each element in each call
 * (Xu et al., 2015; torch.nn.RReLU); in evaluation mode a = (lower + upper)/2.
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.RReLU().forward(tensor([-1, 2]))
 */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;

  /**
   * @param lower Default: 1/8.
   * @param upper Default: 1/3.
   */
  constructor(lower = 1 / 8, upper = 1 / 3) {
    super();
    this.lower = checkNumber("RReLU", "lower", lower);
    this.upper = checkNumber("RReLU", "upper", upper, { min: lower });
  }

  forward(x: Tensor): Tensor {
    if (!this.training) return leakyRelu(x, (this.lower + this.upper) / 2);
    const dtype = checkDTypes("RReLU", ["x"], [checkTensor("RReLU", "x", x)], "float");
    const slope = defaultGenerator.uniform(x.shape, { low: this.lower, high: this.upper, dtype });
    return where(greater(x, 0), x, mul(x, slope));
  }
}

// In training its slopes are drawn.
registerModule("RReLU", RReLU, {
  takes: ["lower", "upper"],
  cases: () => [{ note: "evaluation", training: false }],
});
