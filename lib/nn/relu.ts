import { relu } from "../ops/relu.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/**
 * y = max(x, 0), element by element (torch.nn.ReLU).
 * Shapes: x → y, the same.
 * @example new nn.ReLU().forward(tensor([-1, 2]))
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}
