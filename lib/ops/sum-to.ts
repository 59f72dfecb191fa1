import { type Shape, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** The transpose of broadcasting: sums the axes along which `shape` was broadcast to x's shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const dim = x.shape
    .map((_, d) => d)
    .filter((d) => d < added || (shape[d - added] === 1 && x.shape[d] !== 1));
  return reshape(dim.length === 0 ? x : sum(x, { dim }), shape);
}
