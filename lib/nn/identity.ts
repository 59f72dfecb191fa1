import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x (torch.nn.Identity): where a module is wanted and nothing is to be done.
 * @example new nn.Identity().forward(x) === x
 */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return checkTensor("Identity", "x", x);
  }
}

registerModule("Identity", Identity);
