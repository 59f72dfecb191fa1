import { selu } from "../ops/elu.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = 1.0507 · (x where x > 0, else 1.6733·(e^x − 1)), element by element (torch.nn.SELU).
 * Shapes: x → y, the same.
 * @example new nn.SELU().forward(tensor([-1, 2]))
 */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

registerModule("SELU", SELU);
