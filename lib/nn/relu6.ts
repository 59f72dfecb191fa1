import { relu6 } from "../ops/relu6.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = min(max(x, 0), 6), element by element (torch.nn.ReLU6).
 * Shapes: x → y, the same.
 * @example new nn.ReLU6().forward(tensor([-1, 2]))
 */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

registerModule("ReLU6", ReLU6);
