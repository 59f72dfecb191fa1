import { logSoftmax } from "../ops/log-softmax.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y_i = x_i − ln Σ_j e^(x_j) along an axis (torch.nn.LogSoftmax).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.LogSoftmax().forward(tensor([-1, 2]))
 */
export class LogSoftmax extends Module {
  readonly dim: number;

  /** @param dim The axis; −1 is the last. Default: −1. */
  constructor(dim = -1) {
    super();
    this.dim = checkNumber("LogSoftmax", "dim", dim, { integer: true });
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, { dim: this.dim });
  }
}

registerModule("LogSoftmax", LogSoftmax, {
  takes: ["dim"],

  torch: "lambda dim=-1: nn.LogSoftmax(dim)",
  cases: () => [[], [0]],
});
