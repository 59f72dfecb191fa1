// The covariance matrix C of CMA-ES with the square root from which points are drawn.

import type { StateReader, StrategyState } from "../state.js";
import { symmetricEigen } from "./eigen.js";
import type { Parameters } from "./parameters.js";

/** C may be decomposed again with min(D)² on its diagonal this many times, where rounding made it indefinite. */
const MAX_REPAIRS = 20;

/**
 * A full covariance matrix C = Vᵀ·diag(D²)·V. Its decomposition is renewed once in about 1 / (10·d·(c₁ + c_μ))
 * generations, which costs O(d³); all else is O(λ·d²) a generation.
 */
export class Covariance {
  readonly #d: number;
  /** Generations between two decompositions. */
  readonly #gap: number;
  /** C [d, d], of which the lower triangle is kept. */
  readonly #c: Float64Array;
  /** V [d, d], whose rows are eigenvectors of C as it was at the last decomposition. */
  readonly #v: Float64Array;
  /** The roots of the eigenvalues [d], ascending. */
  readonly #roots: Float64Array;
  readonly #work: Float64Array;
  readonly #weights: Float64Array;
  /** Updates since the last decomposition. */
  #age = 0;

  constructor(d: number, { size, c1, cmu }: Parameters) {
    this.#d = d;
    this.#gap = 1 / (c1 + cmu) / d / 10;
    this.#c = new Float64Array(d * d);
    this.#v = new Float64Array(d * d);
    this.#roots = new Float64Array(d).fill(1);
    this.#work = new Float64Array(d);
    this.#weights = new Float64Array(size + 1);
    for (let i = 0; i < d; i++) this.#c[i * d + i] = this.#v[i * d + i] = 1;
  }

  /** C[i, i] */
  variance(i: number): number {
    return this.#c[i * this.#d + i] as number;
  }

  /** The root of the least and of the greatest eigenvalue. */
  get extent(): readonly [least: number, greatest: number] {
    return [this.#roots[0] as number, this.#roots[this.#d - 1] as number];
  }

  /** Element j of the axis i of the distribution: D[i]·V[i, j]. */
  axis(i: number, j: number): number {
    return (this.#roots[i] as number) * (this.#v[i * this.#d + j] as number);
  }

  /** y[at], …, y[at + d − 1] = C^½·z of the same places: Vᵀ·(D∘z). */
  sample(z: Float64Array, y: Float64Array, at: number): void {
    const work = this.#work;
    for (let i = 0; i < this.#d; i++) work[i] = (this.#roots[i] as number) * (z[at + i] as number);
    this.#rotate(work, y, at);
  }

  /** out = Vᵀ·z: z, drawn along the axes, in the coordinates. */
  rotate(z: Float64Array, out: Float64Array): void {
    this.#rotate(z, out, 0);
  }

  #rotate(z: Float64Array, out: Float64Array, at: number): void {
    const d = this.#d;
    const v = this.#v;
    let j = 0;
    // Four rows at a time, so that `out` is read and written less often.
    for (let i = 0; i < d; i++) out[at + i] = 0;
    for (; j + 3 < d; j += 4) {
      const z0 = z[j] as number;
      const z1 = z[j + 1] as number;
      const z2 = z[j + 2] as number;
      const z3 = z[j + 3] as number;
      const row = j * d;
      for (let i = 0; i < d; i++) {
        const k = row + i;
        const [x0, x1] = [v[k] as number, v[k + d] as number];
        const [x2, x3] = [v[k + 2 * d] as number, v[k + 3 * d] as number];
        out[at + i] = (out[at + i] as number) + (z0 * x0 + z1 * x1 + (z2 * x2 + z3 * x3));
      }
    }
    for (; j < d; j++) {
      const zj = z[j] as number;
      for (let i = 0; i < d; i++) out[at + i] = (out[at + i] as number) + zj * (v[j * d + i] as number);
    }
  }

  /**
   * C ← (1 − Σ r)·C + r₀·p·pᵀ + Σ rₖ·yₖ·yₖᵀ, where a negative rₖ is multiplied by d / ‖zₖ‖².
   * @param rates r [λ + 1]: that of p, and those of the points in order of their rank.
   * @param p [d], to be multiplied by `scale`.
   * @param order The rows of `z` and `y`, the best first.
   */
  update(
    rates: Float64Array,
    p: Float64Array,
    scale: number,
    z: Float64Array,
    y: Float64Array,
    order: Int32Array,
  ): void {
    const d = this.#d;
    const weights = this.#weights;
    const count = rates.length;
    let decay = 1;
    for (let k = 0; k < count; k++) {
      let rate = rates[k] as number;
      decay -= rate;
      if (rate < 0) {
        // Bounds what a long step takes away from C, so that C stays positive definite.
        const row = (order[k - 1] as number) * d;
        let squared = 0;
        for (let i = row; i < row + d; i++) squared += (z[i] as number) ** 2;
        rate *= d / (Math.sqrt(squared) + 1e-9) ** 2;
      }
      weights[k] = rate;
    }
    const first = (weights[0] as number) * scale * scale;
    for (let i = 0; i < d; i++) {
      const factor = first * (p[i] as number);
      const row = i * d;
      for (let j = 0; j <= i; j++) {
        this.#c[row + j] = decay * (this.#c[row + j] as number) + factor * (p[j] as number);
      }
    }
    for (let k = 1; k < count; k += 2) this.#addTwo(y, order, k, count);
    this.#age++;
  }

  /** Adds wₖ·yₖ·yₖᵀ and that of k + 1, if there is one. */
  #addTwo(y: Float64Array, order: Int32Array, k: number, count: number): void {
    const d = this.#d;
    const c = this.#c;
    const isLast = k + 1 === count;
    const row0 = (order[k - 1] as number) * d;
    const row1 = isLast ? row0 : (order[k] as number) * d;
    const w0 = this.#weights[k] as number;
    const w1 = isLast ? 0 : (this.#weights[k + 1] as number);
    if (w0 === 0 && w1 === 0) return;
    for (let i = 0; i < d; i++) {
      const f0 = w0 * (y[row0 + i] as number);
      const f1 = w1 * (y[row1 + i] as number);
      const row = i * d;
      for (let j = 0; j <= i; j++) {
        c[row + j] = (c[row + j] as number) + (f0 * (y[row0 + j] as number) + f1 * (y[row1 + j] as number));
      }
    }
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
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (let i = 0; i < d; i++) {
      least = Math.min(least, this.variance(i));
      most = Math.max(most, this.variance(i));
    }
    if (!(most >= limit * least) || !(least > 0)) return null;
    const deviations = Float64Array.from({ length: d }, (_, i) => Math.sqrt(this.variance(i)));
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < i; j++) {
        const at = i * d + j;
        this.#c[at] = (this.#c[at] as number) / ((deviations[i] as number) * (deviations[j] as number));
      }
      this.#c[i * d + i] = 1;
    }
    this.#decompose();
    return deviations;
  }

  #decompose(): boolean {
    const d = this.#d;
    const roots = this.#roots;
    this.#age = 0;
    for (let repairs = 0; repairs <= MAX_REPAIRS; repairs++) {
      const shift = (roots[0] as number) ** 2;
      symmetricEigen(this.#c, d, this.#v, roots, this.#work);
      if (!roots.every(Number.isFinite)) return false;
      if ((roots[0] as number) > 0) {
        for (let i = 0; i < d; i++) roots[i] = Math.sqrt(roots[i] as number);
        return true;
      }
      const added = Math.max(shift, -(roots[0] as number)) + Number.MIN_VALUE;
      for (let i = 0; i < d; i++) this.#c[i * d + i] = (this.#c[i * d + i] as number) + added;
      roots[0] = Math.sqrt(added);
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
      this.#c.set(c);
      this.#v.set(v);
      this.#roots.set(roots);
      this.#age = age;
    };
  }
}
