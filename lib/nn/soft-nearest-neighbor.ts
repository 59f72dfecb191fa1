import { mul } from "../ops/mul.js";
import { softmin } from "../ops/softmin.js";
import { checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { NearestNeighbor } from "./nearest-neighbor.js";
import { registerModule } from "./registry.js";

/**
 * The soft version of the nearest of K stored samples: instead of the argmin a probability for each,
 * softmin_k(‖x − w_k‖² / T), which can be differentiated. As T goes to 0 it becomes the argmin.
 * Shapes: samples [K, ...] → weight [K, D]; x [B, ...] with D elements a sample → [B, K].
 * @throws as `NearestNeighbor`; ArgumentError
 * @example
 * const model = new nn.SoftNearestNeighbor(trainImages, 0.5);
 * ops.matmul(model.forward(images), ops.oneHot(trainLabels, 10));   // probabilities of the labels
 */
export class SoftNearestNeighbor extends Module {
  readonly neighbors: NearestNeighbor;
  readonly temperature: number;

  /** @param temperature T > 0. Default: 1. */
  constructor(samples: Tensor, temperature = 1) {
    super();
    this.neighbors = new NearestNeighbor(samples);
    this.temperature = checkNumber("SoftNearestNeighbor", "temperature", temperature, { above: 0 });
  }

  /** The stored samples: [K, D]. */
  get samples(): Tensor {
    return this.neighbors.weight;
  }

  forward(x: Tensor): Tensor {
    return softmin(mul(this.neighbors.distances(x), 1 / this.temperature), { dim: 1 });
  }
}

registerModule("SoftNearestNeighbor", SoftNearestNeighbor, {
  takes: ["samples", "temperature"],

  torch: "references.SoftNearestNeighbor",
  cases: ({ floats }) => [
    { note: "by default", arguments: [floats([4, 3])], inputs: { x: [5, 3] } },
    { note: "temperature 2, images", arguments: [floats([4, 2, 3]), 2], inputs: { x: [5, 2, 3] } },
  ],
});
