import { composed } from "../context/trace.js";
import { checkNumber, checkOptions } from "../options.js";
import { checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { clamp } from "./clamp.js";
import { checkInput } from "./define.js";
import { div } from "./div.js";
import { norm } from "./norm.js";
import { register } from "./registry.js";

/** How `normalize` measures lengths. */
export interface NormalizeOptions {
  /** The order of the norm, ±∞ included. Default: 2. */
  readonly p?: number;
  /** The axis of the vectors. Default: 1. */
  readonly dim?: number;
  /** The least length that is divided by. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * Vectors of length 1: y = x / max(‖x‖_p, ε) along an axis (torch.nn.functional.normalize).
 * Shapes: x [..., D, ...] → y, the same. Dtypes: float32, float64.
 * @example normalize(tensor([[3, 4]]))   // [[0.6, 0.8]]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function normalize(x: Tensor, options: NormalizeOptions = {}): Tensor {
  checkInput("normalize", x, "float");
  checkOptions("normalize", options, ["p", "dim", "eps"]);
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  if (p !== Number.POSITIVE_INFINITY && p !== Number.NEGATIVE_INFINITY) checkNumber("normalize", "p", p);
  checkNumber("normalize", "eps", eps, { min: 0 });
  const axis = checkDim("normalize", dim, x.rank);
  const along = x.rank === 0 ? {} : { dim: axis, keepdim: true };
  return composed("normalize", [x], (x) => div(x, clamp(norm(x, { p, ...along }), { min: eps })));
}

register("normalize", normalize, {
  torch: "F.normalize",
  cases: ({ floats, values }) => ({
    rows: [floats([2, 3])],
    columns: [floats([3, 2]), { dim: 0 }],
    "middle dim": [floats([2, 3, 2])],
    "p = 1": [floats([2, 3]), { p: 1, dim: -1 }],
    "p = ∞": [floats([2, 3]), { p: Infinity }],
    "a large eps": [floats([2, 3]), { eps: 5 }],
    "a vector of 0": [
      values([
        [0, 0],
        [3, 4],
      ]),
    ],
    "0-d": [floats([]), { dim: 0 }],
    empty: [floats([0, 3])],
  }),
  order: { "a vector of 0": 1 },
});
