import { ShapeError } from "../errors.js";
import { describeList } from "../options.js";
import { checkShape, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { expand } from "./expand.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

/**
 * x repeated along each axis as often as `counts` says (torch.Tensor.repeat). Counts in front of x's axes add axes.
 * Shapes: x [..., n, ...] → y [..., count · n, ...]. Any dtype.
 * @example repeat(tensor([1, 2]), [2, 2])   // [[1, 2, 1, 2], [1, 2, 1, 2]]
 * @throws ShapeError for fewer counts than axes.
 */
export function repeat(x: Tensor, counts: Shape): Tensor {
  checkTensor("repeat", "x", x);
  const times = checkShape("repeat", counts);
  const added = times.length - x.rank;
  if (added < 0) {
    throw new ShapeError(`repeat: expected a count for each of ${x.rank} axes, got ${describeList(counts)}`);
  }
  const own = [...new Array<number>(added).fill(1), ...x.shape];
  const apart = own.flatMap((size) => [1, size]);
  const repeated = own.flatMap((size, d) => [times[d] as number, size]);
  const y = expand(reshape(x, apart), repeated);
  return reshape(
    y,
    own.map((size, d) => size * (times[d] as number)),
  );
}

register("repeat", repeat, {
  torch: "lambda x, counts: x.repeat(counts)",
  cases: ({ floats }) => ({
    "1-D": [floats([3]), [2]],
    "2-D": [floats([2, 3]), [2, 2]],
    "added dims": [floats([2]), [2, 1, 3]],
    "0-d": [floats([]), [2]],
    never: [floats([2, 3]), [0, 1]],
  }),
});
