import type { Shape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";
import { to } from "./to.js";

/**
 * For an extreme y of x along the axes [begin, end): each element's share, 1/count where it is one of
 * `count` that equal y and 0 elsewhere; y's shape with those axes kept; and the axes.
 */
export function amongEqual(
  x: Tensor,
  y: Tensor,
  begin: number,
  end: number,
): { share: Tensor; kept: Shape; dims: number[] } {
  const dims = x.shape.map((_, d) => d).filter((d) => d >= begin && d < end);
  const kept = x.shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const chosen = to(equal(x, reshape(y, kept)), x.dtype);
  return {
    share: dims.length === 0 ? chosen : div(chosen, sum(chosen, { dim: dims, keepdim: true })),
    kept,
    dims,
  };
}
