// The covariance matrix C of CMA-ES with the square root from which points are drawn.

import { runInPlace } from "../../eager/apply.js";
import { ArgumentError } from "../../errors.js";
import { instructionId } from "../../native/instructions.js";
import { addmm } from "../../ops/addmm.js";
import { matmul } from "../../ops/matmul.js";
import { Tensor } from "../../tensor/tensor.js";
import type { StateReader, StrategyState } from "../state.js";
import type { Parameters } from "./parameters.js";

const EIGH = instructionId("eigh");

/** From this many coordinates on, products of matrices are faster as native ops than as loops here. */
const NATIVE_FROM = 32;

/** Where rounding made C indefinite, min(D)² is added to its diagonal, at most this many times. */
const MAX_REPAIRS = 20;

/**
 * A full covariance matrix C = V·diag(D²)·Vᵀ. Its decomposition is renewed once in about 1 / (10·d·(c₁ + c_μ))
 * generations, which costs O(d³); all else is O(λ·d²) a generation.
 */
export class Covariance {
  readonly #d: number;
  /** Generations between two decompositions. */
  readonly #gap: number;
  /** C [d, d]; the lower triangle counts. And as a tensor over the same memory. */
  #c: Float64Array;
  #matrix: Tensor;
  /** V [d, d], whose columns are the eigenvectors of C as it was at the last decomposition. */
  readonly #v: Float64Array;
  /** D [d], the roots of the eigenvalues, ascending. */
  readonly #roots: Float64Array;
  /** The eigenvalues above the eigenvectors [d + 1, d], as the decomposition gives them. And as a tensor. */
  readonly #decomposed: Float64Array;
  readonly #decomposition: Tensor;
  /** The vectors that C learns from, and these times their weights [λ + 1, d]. */
  readonly #vectors: Float64Array;
  readonly #weighted: Float64Array;
  readonly #weights: Float64Array;
  /** Updates since the last decomposition. */
  #age = 0;

  constructor(d: number, { size, c1, cmu }: Parameters) {
    this.#d = d;
    this.#gap = 1 / (c1 + cmu) / d / 10;
    this.#c = new Float64Array(d * d);
    this.#matrix = asMatrix(this.#c, d);
    this.#v = new Float64Array(d * d);
    this.#roots = new Float64Array(d).fill(1);
    this.#decomposed = new Float64Array((d + 1) * d);
    this.#decomposition = asMatrix(this.#decomposed, d);
    this.#vectors = new Float64Array((size + 1) * d);
    this.#weighted = new Float64Array((size + 1) * d);
    this.#weights = new Float64Array(size + 1);
    for (let i = 0; i < d; i++) this.#c[i * d + i] = this.#v[i * d + i] = 1;
  }

  /** C[i, i] */
  variance(i: number): number {
    return this.#c[i * this.#d + i] as number;
  }

  /** The root of the least and of the greatest eigenvalue. */
  get least(): number {
    return this.#roots[0] as number;
  }

  get greatest(): number {
    return this.#roots[this.#d - 1] as number;
  }

  /** Coordinate i of an axis of the distribution: V[i, axis]·D[axis]. */
  axis(axis: number, i: number): number {
    return (this.#v[i * this.#d + axis] as number) * (this.#roots[axis] as number);
  }

  /** y = V·(D∘z) for these rows of z and y [λ, d]. */
  sample(z: Float64Array, y: Float64Array, begin: number, end: number): void {
    const d = this.#d;
    const scaled = this.#weighted;
    for (let row = begin; row < end; row++) {
      for (let i = 0, at = row * d; i < d; i++, at++)
        scaled[at] = (this.#roots[i] as number) * (z[at] as number);
    }
    if (d < NATIVE_FROM || end - begin === 1) {
      for (let row = begin; row < end; row++) this.#rotate(scaled, y, row * d);
      return;
    }
    const rows = scaled.subarray(begin * d, end * d);
    const product = matmul(asMatrix(rows, d), asMatrix(this.#v, d), { transposeB: true });
    y.set(product.storage.forReading(), begin * d);
  }

  /** out = V·z: z, drawn along the axes, in the coordinates [d]. */
  rotate(z: Float64Array, out: Float64Array): void {
    this.#rotate(z, out, 0);
  }

  #rotate(z: Float64Array, out: Float64Array, at: number): void {
    const d = this.#d;
    const v = this.#v;
    const even = d & ~1;
    for (let i = 0; i < d; i++) {
      const row = i * d;
      // Two sums, so that an addition need not wait for the one before.
      let a = 0;
      let b = 0;
      for (let j = 0; j < even; j += 2) {
        a += (v[row + j] as number) * (z[at + j] as number);
        b += (v[row + j + 1] as number) * (z[at + j + 1] as number);
      }
      if (even < d) a += (v[row + even] as number) * (z[at + even] as number);
      out[at + i] = a + b;
    }
  }

  /**
   * C ← (1 − Σ r)·C + r₀·p·pᵀ + Σ rₖ·yₖ·yₖᵀ, where a negative rₖ is multiplied by d / ‖zₖ‖².
   * @param rates r [λ + 1]: that of the path p, and those of the points in order of their rank.
   * @param path p [d], to be multiplied by `scale`.
   * @param order The rows of `z` and `y`, the best first.
   */
  update(
    rates: Float64Array,
    path: Float64Array,
    scale: number,
    { z, y, order }: { readonly z: Float64Array; readonly y: Float64Array; readonly order: Int32Array },
  ): void {
    const d = this.#d;
    const count = rates.length;
    const vectors = this.#vectors;
    let decay = 1;
    for (let k = 0; k < count; k++) {
      const rate = rates[k] as number;
      decay -= rate;
      const from = k === 0 ? 0 : (order[k - 1] as number) * d;
      // Bounds what a long step takes away from C, so that C stays positive definite.
      this.#weights[k] = rate < 0 ? (rate * d) / (norm(z, from, d) + 1e-9) ** 2 : rate;
      if (k === 0) for (let i = 0; i < d; i++) vectors[i] = scale * (path[i] as number);
      else for (let i = 0, to = k * d; i < d; i++) vectors[to + i] = y[from + i] as number;
    }
    if (d < NATIVE_FROM) this.#learn(decay, count);
    else this.#learnNatively(decay, count);
    this.#age++;
  }

  /** The lower triangle of C ← decay·C + Σ wₖ·vₖ·vₖᵀ. */
  #learn(decay: number, count: number): void {
    const d = this.#d;
    const c = this.#c;
    const vectors = this.#vectors;
    for (let i = 0; i < d * d; i++) c[i] = decay * (c[i] as number);
    for (let k = 0; k < count; k++) {
      const w = this.#weights[k] as number;
      const from = k * d;
      for (let i = 0; i < d; i++) {
        const factor = w * (vectors[from + i] as number);
        const row = i * d;
        for (let j = 0; j <= i; j++)
          c[row + j] = (c[row + j] as number) + factor * (vectors[from + j] as number);
      }
    }
  }

  #learnNatively(decay: number, count: number): void {
    const d = this.#d;
    for (let k = 0, at = 0; k < count; k++) {
      const w = this.#weights[k] as number;
      for (let i = 0; i < d; i++, at++) this.#weighted[at] = w * (this.#vectors[at] as number);
    }
    const [weighted, vectors] = [asMatrix(this.#weighted, d), asMatrix(this.#vectors, d)];
    this.#matrix = addmm(this.#matrix, weighted, vectors, { transposeA: true, beta: decay });
    this.#c = this.#matrix.storage.forReading() as Float64Array;
  }

  /** Renews the decomposition if it is due. @returns false if C has no square root any more. */
  refresh(): boolean {
    if (this.#age === 0 || this.#age < this.#gap) return true;
    return this.#decompose();
  }

  /**
   * If the variances of the coordinates differ by more than `limit`, makes C a matrix of correlations.
   * @returns the standard deviations that C had in the coordinates; null if nothing was changed.
   */
  equalize(limit: number): Float64Array | null {
    const d = this.#d;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let i = 0; i < d; i++) {
      const variance = this.variance(i);
      if (variance < least) least = variance;
      if (variance > most) most = variance;
    }
    if (!(most >= limit * least && least > 0)) return null;
    const deviations = Float64Array.from({ length: d }, (_, i) => Math.sqrt(this.variance(i)));
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        const product = (deviations[i] as number) * (deviations[j] as number);
        this.#c[i * d + j] = i === j ? 1 : (this.#c[i * d + j] as number) / product;
      }
    }
    return this.#decompose() ? deviations : null;
  }

  #decompose(): boolean {
    const d = this.#d;
    const c = this.#c;
    const roots = this.#roots;
    this.#age = 0;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < i; j++) c[j * d + i] = c[i * d + j] as number;
    }
    for (let repairs = 0; repairs <= MAX_REPAIRS; repairs++) {
      if (!eigh(this.#matrix, this.#decomposition)) return false;
      const least = this.#decomposed[0] as number;
      if (least > 0) {
        for (let i = 0; i < d; i++) roots[i] = Math.sqrt(this.#decomposed[i] as number);
        this.#v.set(this.#decomposed.subarray(d));
        return true;
      }
      const added = Math.max(this.least ** 2 * 2 ** repairs, -least) + Number.MIN_VALUE;
      for (let i = 0; i < d; i++) c[i * d + i] = (c[i * d + i] as number) + added;
    }
    return false;
  }

  save(): StrategyState {
    return { c: this.#c.slice(), v: this.#v.slice(), roots: this.#roots.slice(), age: this.#age };
  }

  prepare(state: StateReader): () => void {
    const d = this.#d;
    const c = state.numbers("c", d * d);
    const v = state.numbers("v", d * d);
    const roots = state.numbers("roots", d);
    const age = state.number("age", { min: 0, integer: true });
    return () => {
      this.#c = c;
      this.#matrix = asMatrix(c, d);
      this.#v.set(v);
      this.#roots.set(roots);
      this.#age = age;
    };
  }
}

/** A tensor of rows of d numbers over the same memory. */
const asMatrix = (values: Float64Array, d: number): Tensor =>
  new Tensor(values, [values.length / d, d], "float64");

/** y [d + 1, d] = the eigenvalues of c [d, d] above its eigenvectors. @returns false if there are none. */
function eigh(c: Tensor, y: Tensor): boolean {
  // Straight to the instruction: the op would take some microseconds more, which is most of the time for a small d.
  try {
    runInPlace("eigh", EIGH, [1, y.shape[1] as number], [c, y], [y]);
    return true;
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
}

function norm(values: Float64Array, from: number, count: number): number {
  let squared = 0;
  for (let i = from; i < from + count; i++) squared += (values[i] as number) ** 2;
  return Math.sqrt(squared);
}
