import { ShapeError } from "../errors.js";
import { checkNumber } from "../options.js";
import { broadcast, format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { aroundOf } from "../vmap/around.js";
import { add } from "./add.js";
import { checkDTypes, defineOp } from "./define.js";
import { expand } from "./expand.js";
import { matmul, matmulSlopeA, matmulSlopeB } from "./matmul.js";
import { matmulBatch, matmulOfSamples } from "./matmul-batch.js";
import { checkTransposes, type MatmulOptions, matmulParams, matmulSizes } from "./matmul-sizes.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sumTo } from "./sum-and-expand.js";
import { unsqueeze } from "./unsqueeze.js";

/** Factors and transposes of `addmm`. */
export interface AddmmOptions extends MatmulOptions {
  /** Factor of the product. Default: 1. */
  readonly alpha?: number;
  /** Factor of c. Default: 1. */
  readonly beta?: number;
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

// y [M, N] = beta · c [N] or [M, N] + alpha · op(a) [M, K] · op(b) [K, N]
const op = defineOp<"c" | "a" | "b", Required<AddmmOptions>>("addmm", {
  inputs: ["c", "a", "b"],
  kernel: "matmul",
  shape: ({ c, a, b, ...options }) => {
    const dtype = checkDTypes("addmm", ["c", "a", "b"], [c, a, b], "float");
    const [M, N] = matmulSizes("addmm", a, b, options);
    return { shape: [M, N], dtype };
  },
  params: ({ c, a, b, alpha, beta, ...transposes }) =>
    matmulParams(matmulSizes("addmm", a, b, transposes), transposes, alpha, c.rank === 1 ? 0 : beta),
  // A row c with beta 1 is the product's bias; a whole matrix is what the product is added to.
  buffers: ([c, a, b], y) => {
    const bias = (c as Tensor).rank === 1;
    return [a as Tensor, b as Tensor, bias ? (c as Tensor) : null, bias ? null : (c as Tensor), y];
  },
  vjp: {
    c: ({ dy, c, beta }) => sumTo(scaled(dy, beta), c.shape),
    a: ({ dy, b, alpha, transposeA, transposeB }) =>
      scaled(matmulSlopeA(dy, b, transposeA, transposeB), alpha),
    b: ({ dy, a, alpha, transposeA, transposeB }) =>
      scaled(matmulSlopeB(dy, a, transposeA, transposeB), alpha),
  },
  jvp: {
    c: ({ dc, beta }) => scaled(dc, beta),
    a: ({ da, b, alpha, transposeA, transposeB }) => scaled(matmul(da, b, { transposeA, transposeB }), alpha),
    b: ({ db, a, alpha, transposeA, transposeB }) => scaled(matmul(a, db, { transposeA, transposeB }), alpha),
  },
  batch: ({ c, a, b, alpha, beta, transposeA, transposeB }, { batched, size, op: self }) => {
    const transposes = { transposeA, transposeB };
    if (batched.a && !batched.b && !batched.c && !transposeA && c.rank === 1) {
      const [, M, K] = a.shape as [number, number, number];
      const y = self([c, reshape(a, [size * M, K]), b], { alpha, beta, ...transposes });
      return reshape(y, [size, M, c.size]);
    }
    const [ofB, ofC] = batched.a ? [null, null] : [aroundOf(b), aroundOf(c)];
    if (ofB !== null && ofC !== null && ofB.sign === ofC.sign && beta !== 0) {
      // c and b are both a center ± steps: samples of both signs share both sums.
      const common = self([ofC.center, a, ofB.center], { alpha, beta, ...transposes });
      const products = matmulBatch(a, ofB.steps, transposes);
      const own = add(scaled(products, alpha), scaled(unsqueeze(ofC.steps, 1), beta));
      return ofB.sign === 1 ? add(common, own) : sub(common, own);
    }
    const product = matmulOfSamples(a, b, batched, size, transposes, (left, right, options) =>
      matmul(left, right, options),
    );
    // A row for each sample is added to each row of its product.
    const row = batched.c && c.rank === 2 ? unsqueeze(c, 1) : c;
    return beta === 0 ? scaled(product, alpha) : add(scaled(product, alpha), scaled(row, beta));
  },
});

/**
 * y = beta · c + alpha · op(a) · op(b) in one pass (torch.addmm); with c a row, a Linear layer.
 * Shapes: a [M, K] · b [K, N] → y [M, N]; c broadcasts to y. Dtypes: float32, float64.
 * Where beta is 0, c is not read, so that a NaN in it does no harm.
 * @example addmm(bias, x, weight, { transposeB: true })   // x·Wᵀ + b
 * @throws ShapeError, DTypeError, OptionError
 */
export function addmm(c: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  const transposes = checkTransposes("addmm", options, ["alpha", "beta"]);
  const alpha = checkNumber("addmm", "alpha", options.alpha ?? 1);
  const beta = checkNumber("addmm", "beta", options.beta ?? 1);
  const [M, N] = matmulSizes("addmm", checkTensor("addmm", "a", a), checkTensor("addmm", "b", b), transposes);
  checkTensor("addmm", "c", c);
  if (!sameShape(broadcast("addmm", c.shape, [M, N]), [M, N])) {
    throw new ShapeError(`addmm: c ${format(c.shape)} does not broadcast to the product's ${format([M, N])}`);
  }
  const isBias = c.rank === 1 && c.size === N && beta === 1;
  return op([isBias ? c : expand(c, [M, N]), a, b], { ...transposes, alpha, beta });
}

register("addmm", addmm, {
  torch: "product_and_sum",
  cases: ({ floats, values }) => ({
    "c [N]": [floats([3]), floats([2, 3]), floats([3, 3])],
    "c [M, N]": [floats([2, 3]), floats([2, 3]), floats([3, 3])],
    "c [1, N]": [floats([1, 3]), floats([2, 3]), floats([3, 3])],
    "c [M, 1]": [floats([2, 1]), floats([2, 3]), floats([3, 3])],
    "c 0-d": [floats([]), floats([2, 3]), floats([3, 3])],
    "c [N], scaled": [floats([3]), floats([2, 3]), floats([3, 3]), { alpha: 0.5, beta: -2 }],
    "c [M, N], scaled": [floats([2, 3]), floats([2, 3]), floats([3, 3]), { alpha: 0.5, beta: -2 }],
    "c [1, N], scaled": [floats([1, 3]), floats([2, 3]), floats([3, 3]), { alpha: 0.5, beta: -2 }],
    "c [M, 1], scaled": [floats([2, 1]), floats([2, 3]), floats([3, 3]), { alpha: 0.5, beta: -2 }],
    "c 0-d, scaled": [floats([]), floats([2, 3]), floats([3, 3]), { alpha: 0.5, beta: -2 }],
    "a transposed, scaled": [
      floats([3]),
      floats([3, 2]),
      floats([3, 3]),
      { transposeA: true, alpha: -1.5, beta: 0.25 },
    ],
    "b transposed, scaled": [
      floats([3]),
      floats([2, 4]),
      floats([3, 4]),
      { transposeB: true, alpha: -1.5, beta: 0.25 },
    ],
    "both transposed, scaled": [
      floats([3]),
      floats([4, 2]),
      floats([3, 4]),
      { transposeA: true, transposeB: true, alpha: -1.5, beta: 0.25 },
    ],
    "beta 0": [floats([3]), floats([2, 3]), floats([3, 3]), { beta: 0 }],
    "alpha 0": [floats([3]), floats([2, 3]), floats([3, 3]), { alpha: 0 }],
    "size 1": [floats([1]), floats([1, 1]), floats([1, 1])],
    "inner size 17": [floats([1]), floats([1, 17]), floats([17, 1])],
    "no rows": [floats([2]), floats([0, 3]), floats([3, 2])],
    "no inner size": [floats([2]), floats([3, 0]), floats([0, 2])],
    "no inner size, beta 2": [floats([2]), floats([3, 0]), floats([0, 2]), { beta: 2 }],
    "beta 0 ignores NaN in c": [
      values([NaN, Infinity]),
      values([[1, 2]]),
      values([
        [1, 2],
        [3, 4],
      ]),
      { beta: 0 },
    ],
    "extreme values": [
      values([NaN, Infinity]),
      values([
        [1, 2],
        [Infinity, 0],
      ]),
      values([
        [1, 2],
        [0, 4],
      ]),
    ],
    "c [N] of one row": [floats([1]), floats([1, 1]), floats([1, 1]), { alpha: 2, beta: 0.5 }],
    "c [M, 1] of one column": [floats([3, 1]), floats([3, 3]), floats([3, 1]), { alpha: 2, beta: 0.5 }],
    "c [1, 1]": [floats([1, 1]), floats([3, 3]), floats([3, 2]), { alpha: 2, beta: 0.5 }],
    "outer product": [floats([1, 1]), floats([2, 1]), floats([1, 3]), { alpha: 2, beta: 0.5 }],
  }),
  order: { "beta 0 ignores NaN in c": 0, "extreme values": 0 },
});
