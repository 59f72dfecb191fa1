import { hardswish } from "../ops/hardswish.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x·min(max(x + 3, 0), 6)/6, element by element (torch.nn.Hardswish).
 * Shapes: x → y, the same.
 * @example new nn.Hardswish().forward(tensor([-1, 2]))
 */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

registerModule("Hardswish", Hardswish);
