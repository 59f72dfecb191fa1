import { mish } from "../ops/mish.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x·tanh(ln(1 + e^x)), element by element (torch.nn.Mish).
 * Shapes: x → y, the same.
 * @example new nn.Mish().forward(tensor([-1, 2]))
 */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

registerModule("Mish", Mish);
