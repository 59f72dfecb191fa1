import type { Tensor } from "../tensor/tensor.js";
import { aroundOf } from "../vmap/around.js";
import { add } from "./add.js";
import { checkDTypes, defineOp } from "./define.js";
import { expand } from "./expand.js";
import { forEach } from "./for-each.js";
import { matmulSizes, type Transposes } from "./matmul-sizes.js";
import { permute } from "./permute.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

/** A tensor of matrices as one matrix, for sizes and errors. */
const oneOf = ({ shape, rank }: Tensor): { readonly shape: readonly number[]; readonly rank: 2 } => ({
  shape: rank === 3 ? shape.slice(1) : shape,
  rank: 2,
});

const countOf = (a: Tensor, b: Tensor): number => (a.rank === 3 ? a : b).shape[0] as number;

/** The sum over all samples where the factor was one for all of them. */
const like = (gradient: Tensor, x: Tensor): Tensor => (x.rank === 3 ? gradient : sum(gradient, { dim: 0 }));

// y_s [M, N] = op(a_s) [M, K] · op(b_s) [K, N] for each s; a or b of rank 2 is one for all.
const op = defineOp<"a" | "b", Transposes>("matmul", {
  inputs: ["a", "b"],
  kernel: "matmul_batch",
  shape: ({ a, b, ...transposes }) => {
    const dtype = checkDTypes("matmul", ["a", "b"], [a, b], "float");
    const [M, N] = matmulSizes("matmul", oneOf(a), oneOf(b), transposes);
    return { shape: [countOf(a, b), M, N], dtype };
  },
  params: ({ a, b, transposeA, transposeB }) => {
    const sizes = matmulSizes("matmul", oneOf(a), oneOf(b), { transposeA, transposeB });
    const flags = [transposeA, transposeB, a.rank === 3, b.rank === 3].map(Number);
    // No bias, no activation.
    return [countOf(a, b), ...sizes, ...flags, 0, 0];
  },
  buffers: ([a, b], y) => [a as Tensor, b as Tensor, null, y],
  vjp: {
    a: ({ dy, a, b, transposeA, transposeB }) =>
      like(
        transposeA
          ? matmulBatch(b, dy, { transposeA: transposeB, transposeB: true })
          : matmulBatch(dy, b, { transposeA: false, transposeB: !transposeB }),
        a,
      ),
    b: ({ dy, a, b, transposeA, transposeB }) =>
      like(
        transposeB
          ? matmulBatch(dy, a, { transposeA: true, transposeB: transposeA })
          : matmulBatch(a, dy, { transposeA: !transposeA, transposeB: false }),
        b,
      ),
  },
  jvp: {
    a: ({ da, b, ...transposes }) => matmulBatch(da, b, transposesOf(transposes)),
    b: ({ db, a, ...transposes }) => matmulBatch(a, db, transposesOf(transposes)),
  },
  // Samples of stacks of matrices are one longer stack.
  batch: ({ a, b, ...transposes }, { batched, size, op: self }) => {
    const rank = (x: Tensor, isBatched: boolean): number => x.rank - (isBatched ? 1 : 0);
    const count = rank(a, batched.a) === 3 ? a.shape[batched.a ? 1 : 0] : b.shape[batched.b ? 1 : 0];
    const stack = (x: Tensor, isBatched: boolean): Tensor => {
      if (!isBatched && x.rank === 2) return x;
      const matrix = x.shape.slice(-2);
      const [samples, matrices] = [isBatched ? size : 1, rank(x, isBatched) === 3 ? (count as number) : 1];
      return reshape(spreadOver(reshape(x, [samples, matrices, ...matrix]), size, count as number), [
        size * (count as number),
        ...matrix,
      ]);
    };
    const y = self([stack(a, batched.a), stack(b, batched.b)], transposesOf(transposes));
    return reshape(y, [size, count as number, ...y.shape.slice(1)]);
  },
});

/** As `matmul` of a stack of matrices with a stack or with one matrix. */
export function matmulBatch(a: Tensor, b: Tensor, transposes: Transposes): Tensor {
  return op([a, b], transposes);
}

const transposesOf = ({ transposeA, transposeB }: Transposes): Transposes => ({ transposeA, transposeB });

const spreadOver = (x: Tensor, samples: number, count: number): Tensor =>
  x.shape[0] === samples && x.shape[1] === count ? x : expand(x, [samples, count, ...x.shape.slice(2)]);

/**
 * The product for each sample of `vmap`. Where one factor is the same for all samples and the other's rows
 * are rows of the result, it is one product of a taller matrix.
 */
export function matmulOfSamples(
  a: Tensor,
  b: Tensor,
  batched: { readonly a: boolean; readonly b: boolean },
  size: number,
  transposes: Transposes,
  product: (a: Tensor, b: Tensor, transposes: Transposes) => Tensor,
): Tensor {
  const { transposeA, transposeB } = transposes;
  if (!batched.a && !batched.b) return forEach(product(a, b, transposes), false, size);
  if (batched.a && !batched.b && !transposeA) {
    const [, M, K] = a.shape as [number, number, number];
    const y = product(reshape(a, [size * M, K]), b, transposes);
    return reshape(y, [size, M, y.shape[1] as number]);
  }
  const around = batched.b && !batched.a ? aroundOf(b) : null;
  if (around !== null) {
    // op(a) · op(c ± e_s) = op(a) · op(c) ± op(a) · op(e_s): samples c + e_s and c − e_s share both products.
    const { center, steps } = around;
    const common = product(a, center, transposes);
    const own = matmulBatch(a, steps, transposes);
    return around.sign === 1 ? add(common, own) : sub(common, own);
  }
  if (batched.b && !batched.a && transposeB) {
    // y_s = op(a) · b_sᵀ is the transpose of b_s · op(a)ᵀ.
    const [, N, K] = b.shape as [number, number, number];
    const y = product(reshape(b, [size * N, K]), a, { transposeA: false, transposeB: !transposeA });
    return permute(reshape(y, [size, N, y.shape[1] as number]), [0, 2, 1]);
  }
  return matmulBatch(a, b, transposes);
}
