import { hardsigmoid } from "../ops/hardsigmoid.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = min(max(x + 3, 0), 6)/6, element by element (torch.nn.Hardsigmoid).
 * Shapes: x → y, the same.
 * @example new nn.Hardsigmoid().forward(tensor([-1, 2]))
 */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

// The gradient of PyTorch's own has constants of float32.
registerModule("Hardsigmoid", Hardsigmoid, { torch: "references.Hardsigmoid" });
