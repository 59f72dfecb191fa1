import { sigmoid } from "../ops/sigmoid.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = 1/(1 + e⁻ˣ), element by element (torch.nn.Sigmoid).
 * Shapes: x → y, the same.
 * @example new nn.Sigmoid().forward(tensor([-1, 2]))
 */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

markDiscreet(Sigmoid);

registerModule("Sigmoid", Sigmoid, {
  cases: ({ values }) => [
    { note: "2-D", inputs: { x: [3, 7] } },
    { note: "0-d", inputs: { x: [] } },
    { note: "no samples", inputs: { x: [0, 2] } },
    { note: "zero, large and small", inputs: { x: values([0, 800, -800, 20, -20]) } },
  ],
});
