import { silu } from "../ops/silu.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = x·σ(x), also called swish, element by element (torch.nn.SiLU).
 * Shapes: x → y, the same.
 * @example new nn.SiLU().forward(tensor([-1, 2]))
 */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

markDiscreet(SiLU);

registerModule("SiLU", SiLU);
