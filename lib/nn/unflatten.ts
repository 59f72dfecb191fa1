import { ShapeError } from "../errors.js";
import { reshape } from "../ops/reshape.js";
import { checkNumber } from "../options.js";
import { checkDim, checkShape, format, type Shape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/**
 * Makes several axes of one (torch.nn.Unflatten).
 * Shapes: x [B, a·b] → y [B, a, b] for dim 1 and sizes [a, b].
 * @throws ShapeError where the sizes do not multiply to that of the axis; ArgumentError
 * @example new nn.Unflatten(1, [3, 10, 20]).forward(zeros([32, 600]))   // [32, 3, 10, 20]
 */
export class Unflatten extends Module {
  readonly dim: number;
  readonly sizes: Shape;

  constructor(dim: number, sizes: Shape) {
    super();
    this.dim = checkNumber("Unflatten", "dim", dim, { integer: true });
    this.sizes = checkShape("Unflatten", sizes);
  }

  forward(x: Tensor): Tensor {
    checkTensor("Unflatten", "x", x);
    const dim = checkDim("Unflatten", this.dim, x.rank);
    if (x.shape[dim] !== sizeOf(this.sizes)) {
      throw new ShapeError(
        `Unflatten: expected axis ${this.dim} of x to have ${sizeOf(this.sizes)} elements for ${format(this.sizes)}, got ${format(x.shape)}`,
      );
    }
    return reshape(x, [...x.shape.slice(0, dim), ...this.sizes, ...x.shape.slice(dim + 1)]);
  }
}

registerModule("Unflatten", Unflatten, {
  takes: ["dim", "sizes"],

  cases: () => [{ note: "dim 1", arguments: [1, [2, 3]], inputs: { x: [2, 6] } }],
});
