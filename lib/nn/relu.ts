import { relu } from "../ops/relu.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = max(x, 0), element by element (torch.nn.ReLU).
 * Shapes: x → y, the same.
 * @example new nn.ReLU().forward(tensor([-1, 2]))
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

markDiscreet(ReLU);

registerModule("ReLU", ReLU, {
  cases: ({ values }) => [
    { note: "2-D", inputs: { x: [3, 7] } },
    { note: "0-d", inputs: { x: [] } },
    { note: "no samples", inputs: { x: [0, 2] } },
    { note: "zero, large and small", inputs: { x: values([0, 800, -800, 20, -20]) } },
  ],
});
