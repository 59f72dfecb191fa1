import { tanh } from "../ops/tanh.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * y = tanh x, element by element (torch.nn.Tanh).
 * Shapes: x → y, the same.
 * @example new nn.Tanh().forward(tensor([-1, 2]))
 */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

markDiscreet(Tanh);

registerModule("Tanh", Tanh, {
  cases: ({ values }) => [
    { note: "2-D", inputs: { x: [3, 7] } },
    { note: "0-d", inputs: { x: [] } },
    { note: "no samples", inputs: { x: [0, 2] } },
    { note: "zero, large and small", inputs: { x: values([0, 800, -800, 20, -20]) } },
  ],
});
