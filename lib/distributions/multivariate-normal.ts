import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { cholesky } from "../ops/cholesky.js";
import { diagonal } from "../ops/diagonal.js";
import { expand } from "../ops/expand.js";
import { flip } from "../ops/flip.js";
import { log } from "../ops/log.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { permute } from "../ops/permute.js";
import { reshape } from "../ops/reshape.js";
import { solveTriangular } from "../ops/solve-triangular.js";
import { square } from "../ops/square.js";
import { squeeze } from "../ops/squeeze.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { transposed } from "../ops/transpose.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import type { Generator } from "../random/generator.js";
import { eye } from "../tensor/create.js";
import { broadcast, format, type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Constraint, lowerCholesky, realVector, symmetric } from "./constraints.js";
import { Distribution, type DistributionOptions, type DistributionSpec } from "./distribution.js";
import { HALF_LOG_TAU } from "./elementary.js";
import { defineKL } from "./kl-divergence.js";
import { checkParameter, dtypeOfAll, readOneOf, readVectors } from "./parameters.js";
import { registerDistribution } from "./registry.js";

const FORMS = ["scaleTril", "covarianceMatrix", "precisionMatrix"] as const;
type Form = (typeof FORMS)[number];

/** The spread of a multivariate normal distribution, in one of three forms, each [..., D, D]. */
export type SpreadOptions = DistributionOptions &
  (
    | {
        readonly scaleTril: Tensor;
        readonly covarianceMatrix?: undefined;
        readonly precisionMatrix?: undefined;
      }
    | {
        readonly covarianceMatrix: Tensor;
        readonly scaleTril?: undefined;
        readonly precisionMatrix?: undefined;
      }
    | {
        readonly precisionMatrix: Tensor;
        readonly scaleTril?: undefined;
        readonly covarianceMatrix?: undefined;
      }
  );

/**
 * The normal distribution of vectors (torch.distributions.MultivariateNormal):
 *
 *     p(x) = exp(−‖L⁻¹·(x − loc)‖²/2) / ((2π)^(D/2)·Π L_ii),   Σ = L·Lᵀ
 *
 * Parameters: loc [..., D]; one of scaleTril L, lower triangular with a positive diagonal, covarianceMatrix Σ, or
 * precisionMatrix Σ⁻¹, [..., D, D]. The axes in front broadcast to batchShape; eventShape: [D]. L costs least: the
 * others are factorized. Support: vectors of numbers. Samples are loc + L·ε, ε ~ N(0, I).
 * @example
 * const scaleTril = tensor([[1, 0], [1, 1]]);
 * new MultivariateNormal(tensor([0, 0]), { scaleTril }).variance;   // [1, 2]
 * @throws ArgumentError, ShapeError, DTypeError, OptionError
 */
export class MultivariateNormal extends Distribution {
  /** Shape: [...batchShape, D]. */
  readonly loc: Tensor;
  /** L as it was given, of a batch that may broadcast. */
  readonly #factor: Tensor;

  constructor(loc: Tensor, options: SpreadOptions) {
    const form = readOneOf("MultivariateNormal", options, FORMS);
    const { vectors, spec } = readVectors("MultivariateNormal", "loc", loc, realVector, options, FORMS);
    const factor = readFactor(form, options[form] as Tensor, vectors, spec);
    const batchShape = broadcast("MultivariateNormal", spec.batchShape, factor.shape.slice(0, -2));
    const eventShape = vectors.shape.slice(-1);
    super({ ...spec, batchShape, eventShape });
    this.loc = expand(vectors, [...batchShape, ...eventShape]);
    this.#factor = factor;
  }

  /** L. Shape: [...batchShape, D, D]. */
  get scaleTril(): Tensor {
    return expand(this.#factor, this.#matrices);
  }

  /** Σ = L·Lᵀ. Shape: [...batchShape, D, D]. */
  get covarianceMatrix(): Tensor {
    return expand(matmul(this.#factor, this.#factor, { transposeB: true }), this.#matrices);
  }

  /** Σ⁻¹. Shape: [...batchShape, D, D]. */
  get precisionMatrix(): Tensor {
    const inverse = inverseOf(this.#factor);
    return expand(matmul(inverse, inverse, { transposeA: true }), this.#matrices);
  }

  get support(): Constraint {
    return realVector;
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  override get variance(): Tensor {
    return expand(sum(square(this.#factor), { dim: -1 }), this.loc.shape);
  }

  override entropy(): Tensor {
    const constant = (0.5 + HALF_LOG_TAU) * this.#size;
    return expand(add(logDeterminant(this.#factor), constant), this.batchShape);
  }

  protected override draw(shape: Shape, generator: Generator): Tensor {
    const noise = generator.normal(shape, { dtype: this.dtype });
    return add(
      this.loc,
      onColumns(this.#factor, noise, (columns) => matmul(this.#factor, columns)),
    );
  }

  protected override logDensity(value: Tensor): Tensor {
    const z = solved(this.#factor, sub(value, this.loc));
    const distance = sum(square(z), { dim: -1 });
    return sub(mul(distance, -0.5), add(logDeterminant(this.#factor), HALF_LOG_TAU * this.#size));
  }

  protected override expanded(batchShape: Shape): MultivariateNormal {
    const loc = expand(this.loc, [...batchShape, this.#size]);
    return new MultivariateNormal(loc, { scaleTril: this.#factor, ...this.inherited });
  }

  get #size(): number {
    return this.eventShape[0] as number;
  }

  get #matrices(): Shape {
    return [...this.batchShape, this.#size, this.#size];
  }

  static {
    // Σ (ln M_ii − ln L_ii) + (‖M⁻¹·L‖² + ‖M⁻¹·(m − l)‖² − D)/2 with M, m of q and L, l of p.
    defineKL(MultivariateNormal, MultivariateNormal, (p, q) => {
      const spread = sum(square(solveTriangular(q.#factor, p.#factor)), { dim: [-1, -2] });
      const distance = sum(square(solved(q.#factor, sub(q.loc, p.loc))), { dim: -1 });
      const ratio = sub(logDeterminant(q.#factor), logDeterminant(p.#factor));
      return add(ratio, mul(sub(add(spread, distance), p.#size), 0.5));
    });
  }
}

/** L of the form that was given. */
function readFactor(form: Form, given: Tensor, loc: Tensor, spec: DistributionSpec): Tensor {
  dtypeOfAll("MultivariateNormal", { [form]: checkTensor("MultivariateNormal", form, given) }, spec.dtype);
  const size = loc.shape.at(-1) as number;
  if (given.rank < 2 || !sameShape(given.shape.slice(-2), [size, size])) {
    throw new ShapeError(
      `MultivariateNormal: expected ${form} to be [..., ${size}, ${size}], got ${format(given.shape)}`,
    );
  }
  const constraint = form === "scaleTril" ? lowerCholesky : symmetric;
  if (spec.validateArgs) checkParameter("MultivariateNormal", form, given, given, constraint);
  if (form === "scaleTril") return given;
  return form === "covarianceMatrix" ? cholesky(given) : factorOfInverse(given);
}

/** L with L·Lᵀ = P⁻¹: with rows and columns in reverse order, P = U·Uᵀ for an upper triangular U, and L = U⁻ᵀ. */
function factorOfInverse(precision: Tensor): Tensor {
  const reversed = (x: Tensor): Tensor => flip(flip(x, -1), -2);
  return transposed(inverseOf(reversed(cholesky(reversed(precision))), { upper: true }));
}

function inverseOf(factor: Tensor, options: { upper?: boolean } = {}): Tensor {
  return solveTriangular(factor, eye(factor.shape.at(-1) as number, { dtype: factor.dtype }), options);
}

/** ln det L */
const logDeterminant = (factor: Tensor): Tensor => sum(log(diagonal(factor)), { dim: -1 });

/** L⁻¹·x for vectors x. */
const solved = (factor: Tensor, x: Tensor): Tensor =>
  onColumns(factor, x, (columns) => solveTriangular(factor, columns));

/**
 * Applies a function to vectors [...front, ...batch, D] as the columns of matrices [...batch, D, front], so that each
 * matrix of a batch is used for all samples at once.
 */
function onColumns(factor: Tensor, x: Tensor, f: (columns: Tensor) => Tensor): Tensor {
  const batch = factor.shape.slice(0, -2);
  const at = x.rank - 1 - batch.length;
  if (at < 1 || !sameShape(x.shape.slice(at, -1), batch)) {
    return squeeze(f(unsqueeze(x, -1)), { dim: -1 });
  }
  const front = x.shape.slice(0, at);
  const flat = reshape(x, [sizeOf(front), ...x.shape.slice(at)]);
  const axes = flat.shape.map((_, d) => d);
  const y = f(permute(flat, [...axes.slice(1), 0]));
  return reshape(permute(y, [axes.length - 1, ...axes.slice(0, -1)]), x.shape);
}

registerDistribution(MultivariateNormal, {
  cases: ({ floats, matrices, values }) => {
    const factor = values([
      [1.5, 0, 0],
      [0.25, 0.75, 0],
      [-0.5, 1, 2],
    ]);
    return [
      {
        note: "a factor",
        arguments: [floats([2, 3]), { scaleTril: factor }],
        value: floats([4, 2, 3]),
      },
      {
        note: "a batch of factors",
        arguments: [
          floats([2]),
          {
            scaleTril: values([
              [
                [1, 0],
                [0.5, 2],
              ],
              [
                [0.25, 0],
                [-1, 0.5],
              ],
            ]),
          },
        ],
        value: floats([3, 2, 2]),
      },
      {
        note: "covariances",
        arguments: [floats([3]), { covarianceMatrix: matrices([2, 3, 3], "definite") }],
        value: floats([2, 3]),
      },
      {
        note: "a precision",
        arguments: [floats([3]), { precisionMatrix: matrices([3, 3], "definite") }],
        value: floats([5, 3]),
      },
    ];
  },
});
