import { softmin } from "../ops/softmin.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y_i = e^(−x_i) / Σ_j e^(−x_j) along an axis (torch.nn.Softmin).
 * Shapes: x → y, the same.
 * @throws ArgumentError
 * @example new nn.Softmin().forward(tensor([-1, 2]))
 */
export class Softmin extends Module {
  readonly dim: number;

  /** @param dim The axis; −1 is the last. Default: −1. */
  constructor(dim = -1) {
    super();
    this.dim = checkNumber("Softmin", "dim", dim, { integer: true });
  }

  forward(x: Tensor): Tensor {
    return softmin(x, { dim: this.dim });
  }
}

registerModule("Softmin", Softmin, {
  takes: ["dim"],

  torch: "lambda dim=-1: nn.Softmin(dim)",
  cases: () => [[], [0]],
});
