import { composed } from "../context/trace.js";
import { checkNumber, checkOptions } from "../options.js";
import { broadcast, checkDim, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkDTypes } from "./define.js";
import { detach } from "./detach.js";
import { div } from "./div.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { norm } from "./norm.js";
import { register } from "./registry.js";
import { relu } from "./relu.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

export interface CosineSimilarityOptions {
  /** The axis of the vectors. Default: 1. */
  readonly dim?: number;
  /** The least norm that is divided by. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * y = a·b / (max(‖a‖, ε)·max(‖b‖, ε)) along an axis (torch.nn.functional.cosine_similarity). A vector of norm 0 has
 * y = 0 and slope b/(ε·max(‖b‖, ε)).
 * Shapes: a and b broadcast to [..., D, ...], and `dim` is an axis of that → y without that axis. Dtypes: float32,
 * float64.
 * @example cosineSimilarity(tensor([[3, 4]]), tensor([[1, 0]]))   // [0.6]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  const { dim, eps } = readCosine("cosineSimilarity", options);
  return cosine("cosineSimilarity", a, b, dim, eps);
}

/** The options, checked. */
export function readCosine(
  name: string,
  options: CosineSimilarityOptions,
): Required<CosineSimilarityOptions> {
  checkOptions(name, options, ["dim", "eps"]);
  return {
    dim: checkNumber(name, "dim", options.dim ?? 1, { integer: true }),
    eps: checkNumber(name, "eps", options.eps ?? 1e-8, { min: 0 }),
  };
}

/** x with the broadcast shape's size along the axis: the other axes do not matter to a vector's norm. */
function expandAlong(x: Tensor, axis: number, shape: Shape): Tensor {
  const size = shape.at(axis) as number;
  if ((x.shape.at(axis) ?? 1) === size) return x;
  const own = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape];
  return expand(
    x,
    own.map((length, d) => (d === shape.length + axis ? size : length)),
  );
}

/** As `cosineSimilarity`, by that name in errors. */
export function cosine(name: string, a: Tensor, b: Tensor, dim: number, eps: number): Tensor {
  checkTensor(name, "a", a);
  checkTensor(name, "b", b);
  checkDTypes(name, ["a", "b"], [a, b], "float");
  const shape = broadcast(name, a.shape, b.shape);
  const axis = checkDim(name, dim, shape.length) - shape.length;
  const along = { dim: axis, keepdim: true };
  // As in PyTorch, ε changes a norm's value and not its gradient.
  const unit = (x: Tensor): Tensor => {
    const vectors = expandAlong(x, axis, shape);
    const own = norm(vectors, along);
    const shortfall = relu(sub(eps, detach(own)));
    return div(vectors, add(own, shortfall));
  };
  return composed(name, [a, b], (a, b) => sum(mul(unit(a), unit(b)), { dim: axis }));
}

register("cosineSimilarity", cosineSimilarity, {
  torch: "F.cosine_similarity",
  cases: ({ floats }) => ({
    "2-D": [floats([3, 4]), floats([3, 4])],
    broadcast: [floats([2, 3, 4]), floats([1, 4]), { dim: -1 }],
    "first dim": [floats([3, 4]), floats([3, 4]), { dim: 0, eps: 0.1 }],
    "both broadcast": [floats([3, 1, 3, 1]), floats([1, 3, 3, 2]), { dim: -1 }],
    "vectors of one element each": [floats([3, 1]), floats([3, 1]), { dim: -2 }],
    "a dim that broadcasts": [floats([1, 1, 1]), floats([1, 3, 3]), { dim: -1 }],
    "second dim": [floats([1, 3]), floats([1, 3]), { dim: 1 }],
    "a dim of size 1": [floats([1, 1, 1, 1]), floats([1, 1, 3, 1]), { dim: 0 }],
    "a vector against a column": [floats([3, 1]), floats([1]), { dim: 0 }],
    "0-d left": [floats([]), floats([2, 3, 1, 1]), { dim: -3 }],
    "0-d right": [floats([3]), floats([]), { dim: -1 }],
    "size 1": [floats([1]), floats([1]), { dim: 0 }],
    "0-d against a vector": [floats([]), floats([3]), { dim: 0 }],
    "0-d against a first dim": [floats([]), floats([3, 1, 3]), { dim: -3 }],
    "0-d against a last dim": [floats([3, 1, 3]), floats([]), { dim: 2 }],
    "leading dims": [floats([3, 3, 1, 2]), floats([1, 1, 3, 1]), { dim: -4 }],
    "column against row": [floats([2, 1]), floats([1, 3]), { dim: -1 }],
    empty: [floats([0, 4]), floats([0, 4])],
  }),
});
