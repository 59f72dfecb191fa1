import { glu } from "../ops/glu.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = a·σ(b), where a and b are the halves of x along an axis (torch.nn.GLU).
 * Shapes: x [..., 2n, ...] → y [..., n, ...].
 * @throws ArgumentError
 * @example new nn.GLU().forward(tensor([-1, 2]))
 */
export class GLU extends Module {
  readonly dim: number;

  /** @param dim The axis; −1 is the last. Default: −1. */
  constructor(dim = -1) {
    super();
    this.dim = checkNumber("GLU", "dim", dim, { integer: true });
  }

  forward(x: Tensor): Tensor {
    return glu(x, this.dim);
  }
}

registerModule("GLU", GLU, {
  takes: ["dim"],
  cases: () => [[], [1], { note: "dim 0", arguments: [0], inputs: { x: [4, 3] } }],
});
