import { sigmoid } from "../ops/sigmoid.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/**
 * y = 1/(1 + e⁻ˣ), element by element (torch.nn.Sigmoid).
 * Shapes: x → y, the same.
 * @example new nn.Sigmoid().forward(tensor([-1, 2]))
 */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}
