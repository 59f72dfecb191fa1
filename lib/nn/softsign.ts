import { softsign } from "../ops/softsign.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x/(1 + |x|), element by element (torch.nn.Softsign).
 * Shapes: x → y, the same.
 * @example new nn.Softsign().forward(tensor([-1, 2]))
 */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

registerModule("Softsign", Softsign);
