import { tanh } from "../ops/tanh.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/**
 * y = tanh x, element by element (torch.nn.Tanh).
 * Shapes: x → y, the same.
 * @example new nn.Tanh().forward(tensor([-1, 2]))
 */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
