import { logSigmoid } from "../ops/log-sigmoid.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = ln σ(x), element by element (torch.nn.LogSigmoid).
 * Shapes: x → y, the same.
 * @example new nn.LogSigmoid().forward(tensor([-1, 2]))
 */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

registerModule("LogSigmoid", LogSigmoid);
