import { jacobian } from "../autodiff/jacobian.js";
import { currentTrace } from "../context/trace.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { greater } from "../ops/greater.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { solve } from "../ops/solve.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { inner } from "./vectors.js";

/** A linear map of vectors: v [n] → [n]. */
export type LinearMap = (v: Tensor) => Tensor;

export interface IterationLimits {
  /** The most products with the matrix. */
  readonly iterations: number;
  /** The iteration ends where ‖b − M·x‖ ≤ tolerance·‖b‖. */
  readonly tolerance: number;
}

// A squared residual below this is 0: quotients of smaller numbers overflow.
const SMALLEST = { float32: 1e-36, float64: 1e-300 };

/**
 * Solves M·x = b by conjugate gradients (Hestenes and Stiefel, 1952). M must be symmetric and positive definite.
 * A compiled program has all iterations, and those after the end change nothing; so it gives the same bits.
 */
export function conjugateGradients(
  M: LinearMap,
  b: Tensor,
  { iterations, tolerance }: IterationLimits,
): Tensor {
  let [x, r, p] = [zerosLike(b), b, b];
  let rr = inner(r, r);
  const limit = maximum(mul(rr, tolerance ** 2), SMALLEST[b.dtype as "float32" | "float64"]);
  for (let k = 0; k < iterations; k++) {
    const goesOn = greater(rr, limit);
    if (currentTrace() === null && goesOn.item() === 0) break;
    const Mp = M(p);
    const length = div(rr, inner(p, Mp));
    const next = sub(r, mul(Mp, length));
    const nextRR = inner(next, next);
    const turned = add(next, mul(p, div(nextRR, rr)));
    const kept = (now: Tensor, before: Tensor): Tensor => where(goesOn, now, before);
    x = kept(add(x, mul(p, length)), x);
    [r, p, rr] = [kept(next, r), kept(turned, p), kept(nextRR, rr)];
  }
  return x;
}

/** Solves M·x = b by a factorisation of the matrix, so that x has derivatives. For small n. */
export function solveDense(M: LinearMap, b: Tensor): Tensor {
  const matrix = jacobian(M, { mode: "forward" })(b);
  return reshape(solve(matrix, reshape(b, [b.size, 1])), b.shape);
}
