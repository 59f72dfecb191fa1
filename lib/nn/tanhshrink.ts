import { tanhshrink } from "../ops/tanhshrink.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x − tanh x, element by element (torch.nn.Tanhshrink).
 * Shapes: x → y, the same.
 * @example new nn.Tanhshrink().forward(tensor([-1, 2]))
 */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}

registerModule("Tanhshrink", Tanhshrink);
