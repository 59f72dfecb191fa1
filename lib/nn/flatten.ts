import { flatten } from "../ops/flatten.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * Makes one axis of the axes startDim … endDim (torch.nn.Flatten).
 * Shapes: x [B, d₁, d₂, …] → y [B, d₁·d₂·…] by default.
 * @example new nn.Flatten().forward(zeros([32, 3, 10, 20]))   // [32, 600]
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = checkNumber("Flatten", "startDim", startDim, { integer: true });
    this.endDim = checkNumber("Flatten", "endDim", endDim, { integer: true });
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}

markDiscreet(Flatten);

registerModule("Flatten", Flatten, {
  takes: ["startDim", "endDim"],

  cases: () => [
    { note: "by default from dim 1", inputs: { x: [2, 3, 2] } },
    { note: "images", inputs: { x: [2, 3, 2, 4] } },
    { note: "dims given", arguments: [0, -2], inputs: { x: [2, 3, 2] } },
    { note: "no samples", inputs: { x: [0, 3, 2] } },
  ],
});
