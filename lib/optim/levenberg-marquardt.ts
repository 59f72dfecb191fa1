import { pullBackTo } from "../autodiff/backward.js";
import { canPushForward, pushForward } from "../autodiff/linearize.js";
import { vmap } from "../autodiff/vmap.js";
import { enableGrad, noGrad } from "../context/grad-mode.js";
import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { amax } from "../ops/amax.js";
import { concat } from "../ops/concat.js";
import { diagonalMatrix } from "../ops/diagonal.js";
import { div } from "../ops/div.js";
import { dot } from "../ops/dot.js";
import { equal } from "../ops/equal.js";
import { matmul } from "../ops/matmul.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { scalar } from "../ops/operand.js";
import { qr } from "../ops/qr.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { solveTriangular } from "../ops/solve-triangular.js";
import { sub } from "../ops/sub.js";
import { transpose } from "../ops/transpose.js";
import { where } from "../ops/where.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import { allocate, type FloatDType, isFloat, ROUNDING } from "../tensor/dtype.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { readGroups } from "./group.js";
import { partsOf, vectorOf } from "./vector.js";
import { assignAll, checkWritable } from "./writable.js";

export interface LevenbergMarquardtOptions {
  /** λ at the start, relative to the squares of the Jacobian's columns. Default: 1e-3. */
  readonly damping?: number;
  /** Steps that are taken or rejected in one `step()`. Default: 100. */
  readonly maxIter?: number;
  /** It has converged where no column of the Jacobian has a larger cosine with the residuals. Default: 1e-8. */
  readonly toleranceGrad?: number;
  /**
   * It has converged where a step d of the weights w has ‖|J|·d‖ of at most this times ‖|J|·w‖. |J| is diagonal and has
   * the lengths of J's columns. Default: 1e-8.
   */
  readonly toleranceChange?: number;
}

/** The residuals, and what follows from them. */
interface Point {
  readonly weights: readonly Tensor[];
  /** [m] */
  readonly residuals: Tensor;
  readonly loss: number;
}

interface Jacobian {
  /** [m, n] */
  readonly matrix: Tensor;
  /** Of its columns, [n]. */
  readonly lengths: Tensor;
}

// Steps one after the other whose gain rounding hides: each brings the weights nearer, until they only wander.
const MOST_HIDDEN = 30;
// Where along d the residuals are computed for their second derivative.
const NEAR = 0.1;
// A step that bends more than this is rejected: J does not hold along it.
const MOST_BEND = 0.75;
// λ grows by ν, 2ν, 4ν, … while steps are rejected, and this is where there is nothing left to try.
const LARGEST_DAMPING = 1e100;
// Rows of J are computed together while their seeds have no more numbers than J, or than this. Columns are computed
// together while they have no more numbers than this.
const BLOCK = 2 ** 20;

/**
 * Least squares Σ r_i² of residuals r(w) (Levenberg, 1944; Marquardt, 1963), between a Gauss–Newton step and a short
 * step down the gradient: the d with the least
 *
 *     ‖J·d + r‖² + λ·‖D·d‖²
 *
 * with the Jacobian J of r and the largest lengths D of its columns so far (Moré, 1978), by the QR decomposition of J
 * above √λ·D. A step that does not lower the loss is rejected, and λ doubles, then grows by 4, 8, …; one that does is
 * taken, and λ falls the more, down to a third, the better J predicted the gain (Nielsen, 1999). Half the acceleration
 * of the path along d is added to it, and a step that bends too much is rejected (Transtrum and Sethna, 2012).
 *
 * For full batches and few weights: J has m · n numbers. It is computed forward, column by column, where there are fewer
 * weights than residuals, and by rows otherwise, or where a part is a function with rules of its own; many columns or
 * rows at once, with memory for 2²⁰ numbers or as many as J has. It runs op by op; the function may be compiled in its
 * parts.
 * @example
 * const w = tensor([1, 1], { dtype: "float64", requiresGrad: true });
 * const x = tensor([0, 1, 2, 3], { dtype: "float64" });
 * const y = tensor([2, 1, 0.5, 0.25], { dtype: "float64" });
 * const lm = new optim.LevenbergMarquardt([w]);
 * lm.step(() => sub(mul(slice(w, 0, { end: 1 }), exp(neg(mul(slice(w, 0, { start: 1 }), x)))), y));
 * w;             // [2, 0.693]
 * lm.converged;  // true
 * @throws ArgumentError, OptionError, DTypeError
 */
export class LevenbergMarquardt {
  readonly parameters: readonly Tensor[];
  readonly #settings: Required<LevenbergMarquardtOptions>;
  #damping: number;
  #growth = 2;
  /** D [n]; null before the first step. */
  #scale: Tensor | null = null;
  #loss = Number.NaN;
  #converged = false;

  constructor(parameters: Iterable<Tensor>, options: LevenbergMarquardtOptions = {}) {
    const name = "LevenbergMarquardt";
    checkOptions(name, options, ["damping", "maxIter", "toleranceGrad", "toleranceChange"]);
    this.#settings = {
      damping: checkNumber(name, "damping", options.damping ?? 1e-3, { above: 0 }),
      maxIter: checkNumber(name, "maxIter", options.maxIter ?? 100, { min: 1, integer: true }),
      toleranceGrad: checkNumber(name, "toleranceGrad", options.toleranceGrad ?? 1e-8, { min: 0 }),
      toleranceChange: checkNumber(name, "toleranceChange", options.toleranceChange ?? 1e-8, { min: 0 }),
    };
    this.#damping = this.#settings.damping;
    this.parameters = readGroups(name, parameters).flatMap((group) => group.parameters);
    const dtype = this.parameters[0]?.dtype;
    const other = this.parameters.find((one) => one.dtype !== dtype);
    if (other === undefined) return;
    throw new DTypeError(`${name}: expected parameters of one dtype, got ${dtype} and ${other.dtype}`);
  }

  /** λ of the next step. */
  get damping(): number {
    return this.#damping;
  }

  /** Σ r_i² at the weights of now; NaN before the first `step()`. */
  get loss(): number {
    return this.#loss;
  }

  /** Whether the last `step()` ended because a tolerance was met, or no step could lower the loss. */
  get converged(): boolean {
    return this.#converged;
  }

  /**
   * Moves the parameters until a tolerance is met, `maxIter` times at most, and gives Σ r_i² at the start. Where
   * `residuals` throws, the parameters are at the last step that was taken.
   * @param residuals Computes the residuals from the parameters, a tensor of any shape. They may not depend on chance.
   * @throws ArgumentError where they are not finite at the start; GraphError where they depend on no parameter;
   *   DTypeError where they have another dtype; BusyError, DetachedError
   */
  step(residuals: () => Tensor): Tensor {
    if (typeof residuals !== "function") {
      throw new ArgumentError(
        `LevenbergMarquardt: expected a function that computes the residuals, got ${describe(residuals)}`,
      );
    }
    checkWritable(this.parameters);
    return noGrad(() => this.#step(residuals));
  }

  #step(residuals: () => Tensor): Tensor {
    const walk = { here: this.#at(residuals) };
    const first = walk.here.loss;
    if (!Number.isFinite(first)) {
      throw new ArgumentError(
        `LevenbergMarquardt: expected finite residuals at the start, got Σ r² = ${first}`,
      );
    }
    this.#converged = false;
    try {
      this.#descend(residuals, walk);
    } catch (error) {
      assignAll(this.parameters, walk.here.weights);
      throw error;
    } finally {
      this.#loss = walk.here.loss;
    }
    return scalar(first, walk.here.residuals.dtype);
  }

  /** Tries steps from `walk.here`, which is the last point that was taken, whatever the residuals throw. */
  #descend(residuals: () => Tensor, walk: { here: Point }): void {
    let jacobian = this.#jacobian(walk.here);
    let hidden = 0;
    for (let i = 0; i < this.#settings.maxIter && !this.#converged; i++) {
      const { here } = walk;
      if (this.#isFlat(jacobian, here)) {
        this.#converged = true;
        break;
      }
      const { d, gain, solve } = this.#direction(jacobian.matrix, here);
      const bend = this.#bend(residuals, here, jacobian.matrix, d, solve);
      const isStraight = 2 * this.#length(bend) <= MOST_BEND * this.#length(d);
      this.#move(here, isStraight ? add(d, mul(bend, 0.5)) : d);
      const there = this.#at(residuals);
      const isShort = isShorter(jacobian, d, here, this.#settings.toleranceChange);
      const gained = gainOf(here, there);
      // Where rounding hides the gain, the gain that J predicts is more exact.
      const rounding = roundingOf(jacobian, here);
      const isHidden = gain <= rounding && Math.abs(gained) <= rounding;
      hidden = isHidden ? hidden + 1 : 0;
      if (isStraight && (gained > 0 || isHidden)) {
        this.#accept(isHidden ? 1 : gained / gain);
        walk.here = there;
        jacobian = this.#jacobian(there);
      } else {
        assignAll(this.parameters, here.weights);
        this.#damping *= this.#growth;
        this.#growth *= 2;
      }
      this.#converged = isShort || hidden === MOST_HIDDEN || this.#damping > LARGEST_DAMPING;
    }
  }

  #accept(ratio: number): void {
    this.#damping *= Math.max(1 / 3, 1 - (2 * ratio - 1) ** 3);
    this.#growth = 2;
  }

  #at(residuals: () => Tensor): Point {
    const r = checkTensor("LevenbergMarquardt", "the residuals", enableGrad(residuals));
    const dtype = (this.parameters[0] as Tensor).dtype;
    if (!isFloat(r.dtype) || r.dtype !== dtype) {
      throw new DTypeError(
        `LevenbergMarquardt: expected residuals of ${dtype}, as the parameters, got ${r.dtype}`,
      );
    }
    if (!r.requiresGrad) {
      throw new GraphError(
        "LevenbergMarquardt: the residuals do not depend on any parameter with requiresGrad",
      );
    }
    const flat = enableGrad(() => reshape(r, [r.size]));
    const loss = dot(flat, flat).item();
    return { weights: this.parameters.map(copyOf), residuals: flat, loss };
  }

  /** J at that point, and D from its columns. */
  #jacobian({ residuals: r }: Point): Jacobian {
    const weights = this.parameters.reduce((sum, { size }) => sum + size, 0);
    const matrix = weights < r.size && canPushForward(r) ? this.#byColumns(r) : this.#byRows(r, weights);
    const lengths = lengthsOf(matrix);
    const scale = this.#scale ?? where(equal(lengths, 0), 1, lengths);
    this.#scale = maximum(scale, lengths);
    return { matrix, lengths };
  }

  #byColumns(r: Tensor): Tensor {
    const most = Math.max(1, Math.floor(BLOCK / r.size));
    const columns: Tensor[] = [];
    for (const parameter of this.parameters) {
      const push = (dw: Tensor): Tensor =>
        pushForward("LevenbergMarquardt", [r], new Map([[parameter, dw]]))[0] as Tensor;
      for (const dw of unitVectors(parameter, most)) columns.push(transpose(vmap(push)(dw), 0, 1));
    }
    return concat(columns, 1);
  }

  #byRows(r: Tensor, weights: number): Tensor {
    const pull = (dy: Tensor): Tensor[] =>
      pullBackTo([{ y: r, dy }], this.parameters, false).map(
        (found, i) => found ?? zerosLike(this.parameters[i] as Tensor),
      );
    const most = Math.max(1, weights, Math.floor(BLOCK / r.size));
    const rows: Tensor[] = [];
    for (const dy of unitVectors(r, most)) {
      const count = dy.shape[0] as number;
      const parts = vmap(pull)(dy).map((part) => reshape(part, [count, part.size / count]));
      rows.push(concat(parts, 1));
    }
    return concat(rows, 0);
  }

  /** Whether the residuals are orthogonal to the columns of J, or 0. */
  #isFlat({ matrix, lengths }: Jacobian, { residuals, loss }: Point): boolean {
    if (loss === 0) return true;
    const products = matmul(residuals, div(matrix, where(equal(lengths, 0), 1, lengths)));
    return (
      norm(products, { p: Number.POSITIVE_INFINITY }).item() <= this.#settings.toleranceGrad * Math.sqrt(loss)
    );
  }

  /** d, and the gain that J predicts: ‖r‖² − ‖J·d + r‖² = ‖J·d‖² + 2·λ·‖D·d‖². */
  #direction(
    jacobian: Tensor,
    { residuals }: Point,
  ): { readonly d: Tensor; readonly gain: number; solve(s: Tensor): Tensor } {
    const scale = this.#scale as Tensor;
    const damped = concat([jacobian, mul(diagonalMatrix(scale), Math.sqrt(this.#damping))], 0);
    const { q, r } = qr(damped);
    const ofResiduals = slice(q, 0, { end: residuals.size });
    const solve = (s: Tensor): Tensor => solveTriangular(r, mul(matmul(s, ofResiduals), -1), { upper: true });
    const d = solve(residuals);
    const [moved, scaled] = [matmul(jacobian, d), mul(scale, d)];
    return { d, gain: dot(moved, moved).item() + 2 * this.#damping * dot(scaled, scaled).item(), solve };
  }

  /**
   * The acceleration of the path of least loss that sets out along d: as `solve` gives d for r, for the second
   * derivative of r along d, which comes from a third evaluation of r.
   */
  #bend(
    residuals: () => Tensor,
    here: Point,
    jacobian: Tensor,
    d: Tensor,
    solve: (s: Tensor) => Tensor,
  ): Tensor {
    this.#move(here, mul(d, NEAR));
    const near = this.#at(residuals);
    const slope = mul(sub(near.residuals, here.residuals), 1 / NEAR);
    return solve(mul(sub(slope, matmul(jacobian, d)), 2 / NEAR));
  }

  /** ‖D·d‖ */
  #length(d: Tensor): number {
    return norm(mul(this.#scale as Tensor, d)).item();
  }

  /** The parameters at w + d. */
  #move({ weights }: Point, d: Tensor): void {
    const parts = partsOf(d, weights);
    assignAll(
      this.parameters,
      weights.map((w, i) => add(w, parts[i] as Tensor)),
    );
  }
}

/** The unit vectors of x's space, `most` at a time: [count, ...shape]. */
function* unitVectors({ size, shape, dtype }: Tensor, most: number): Generator<Tensor> {
  for (let start = 0; start < size; start += most) {
    const count = Math.min(most, size - start);
    const values = allocate(dtype, count * size, "LevenbergMarquardt");
    for (let i = 0; i < count; i++) values[i * size + start + i] = 1;
    yield new Tensor(values, [count, ...shape], dtype);
  }
}

/** The lengths of the columns of x [m, n]. A power of 2 for each column keeps its squares in range. */
function lengthsOf(x: Tensor): Tensor {
  const largest = amax(abs(x), { dim: 0 });
  const powers = allocate(x.dtype, largest.size, "LevenbergMarquardt");
  const most = x.dtype === "float32" ? 126 : 1022;
  largest.storage.forReading().forEach((one, i) => {
    const exponent = Number(one) > 0 ? Math.floor(Math.log2(Number(one))) : 0;
    powers[i] = 2 ** Math.min(most, Math.max(-most, exponent));
  });
  const scale = new Tensor(powers, largest.shape, x.dtype);
  return mul(norm(div(x, scale), { dim: 0 }), scale);
}

/** ‖|J|·w‖ */
const movedBy = ({ lengths }: Jacobian, w: Tensor): number => norm(mul(lengths, w)).item();

/** A bound on the rounding error of the loss. r_i is a difference of numbers about as large as J·w. */
function roundingOf(jacobian: Jacobian, { weights, residuals, loss }: Point): number {
  const size = Math.sqrt(loss);
  const rounding = 8 * ROUNDING[residuals.dtype as FloatDType];
  return rounding * size * (size + movedBy(jacobian, vectorOf(weights)));
}

function isShorter(jacobian: Jacobian, d: Tensor, { weights }: Point, tolerance: number): boolean {
  return movedBy(jacobian, d) <= tolerance * movedBy(jacobian, vectorOf(weights));
}

/** The fall of the loss, Σ r² − Σ s², as Σ (r − s)·(r + s). A difference of the two sums would lose digits. */
function gainOf({ residuals: r }: Point, { residuals: s }: Point): number {
  return dot(sub(r, s), add(r, s)).item();
}
