import { ShapeError } from "../errors.js";
import { checkNumber } from "../options.js";
import { broadcast, format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkDTypes, defineOp } from "./define.js";
import { expand } from "./expand.js";
import { matmul, matmulSlopeA, matmulSlopeB } from "./matmul.js";
import { matmulOfSamples } from "./matmul-batch.js";
import { checkTransposes, type MatmulOptions, matmulParams, matmulSizes } from "./matmul-sizes.js";
import { mul } from "./mul.js";
import { reshape } from "./reshape.js";
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
