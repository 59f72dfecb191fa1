import { withinGradients } from "../context/context.js";
import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { exp } from "../ops/exp.js";
import { type Operand, scalar } from "../ops/operand.js";
import { reshape } from "../ops/reshape.js";
import { sqrt } from "../ops/sqrt.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkOptions, describe, isInstance } from "../options.js";
import { defaultGenerator, Generator } from "../random/generator.js";
import type { FloatDType } from "../tensor/dtype.js";
import { broadcast, checkShape, format, type Shape, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Constraint, unitInterval } from "./constraints.js";
import { isReadable, refuse } from "./validation.js";

/** What every distribution takes besides its parameters. */
export interface DistributionOptions {
  /**
   * Whether parameters, and values given to `logProb` and `icdf`, are checked (torch's validate_args). Values that
   * cannot be read, within `compile` and under `vmap`, are not. Default: true.
   */
  readonly validateArgs?: boolean;
  /** Of parameters that are numbers; that of the tensors if there is one among the parameters. Default: float32. */
  readonly dtype?: FloatDType;
}

export interface SampleOptions {
  /** Where the random numbers come from. Default: the generator that `manualSeed` starts. */
  readonly generator?: Generator;
}

/** Draws, and the log-density at each. */
export interface SampleAndLogProb {
  readonly value: Tensor;
  readonly logProb: Tensor;
}

/** What the constructor of a distribution tells its base class. */
export interface DistributionSpec {
  readonly batchShape: Shape;
  readonly eventShape?: Shape;
  readonly dtype: FloatDType;
  readonly validateArgs: boolean;
}

/**
 * A probability distribution, or a batch of them (torch.distributions.Distribution). A sample has the shape
 * [...shape asked for, ...batchShape, ...eventShape].
 *
 * Every result is made of ops: it has derivatives with respect to the parameters and, if the support is continuous,
 * the value; it works within `compile`, `vmap`, `grad` and `jvp`. Within `compile` and under `vmap` values cannot be
 * read, so nothing is refused there: outside its support the log-density is −∞, `icdf` is NaN outside [0, 1], and a
 * parameter out of its range gives NaN or whatever the formula gives. `validateArgs: false` does the same everywhere.
 *
 * A class of one's own gives `support`, and what it has of `draw`, `logDensity`, `cumulative`, `quantile`, `expanded`,
 * `entropy`, `mean`, `variance` and `mode`.
 */
export abstract class Distribution {
  /** The sizes of the batch: the parameters' own, broadcast. */
  readonly batchShape: Shape;
  /** The sizes of one sample of one distribution: [] for numbers. */
  readonly eventShape: Shape;
  /** The dtype of the parameters. */
  readonly dtype: FloatDType;
  readonly validateArgs: boolean;

  constructor({ batchShape, eventShape = [], dtype, validateArgs }: DistributionSpec) {
    this.batchShape = batchShape;
    this.eventShape = eventShape;
    this.dtype = dtype;
    this.validateArgs = validateArgs;
  }

  /** The set of the values that a sample can have. */
  abstract get support(): Constraint;

  /** Whether `rsample` gives samples that are differentiable with respect to the parameters. */
  get hasRsample(): boolean {
    return false;
  }

  /** Whether `enumerateSupport` can list all values. */
  get hasEnumerateSupport(): boolean {
    return false;
  }

  /** Shape: [...batchShape, ...eventShape]. @throws ArgumentError if it has no closed form. */
  get mean(): Tensor {
    throw this.#hasNo("mean");
  }

  /** Shape: [...batchShape, ...eventShape]. @throws ArgumentError if it has no closed form. */
  get variance(): Tensor {
    throw this.#hasNo("variance");
  }

  /** The square root of the variance. Shape: [...batchShape, ...eventShape]. */
  get stddev(): Tensor {
    return sqrt(this.variance);
  }

  /** Where the density is greatest. Shape: [...batchShape, ...eventShape]. @throws ArgumentError if it is unknown. */
  get mode(): Tensor {
    throw this.#hasNo("mode");
  }

  /**
   * Draws, without a gradient.
   * Shape: [...shape, ...batchShape, ...eventShape].
   * @throws ShapeError, OptionError, ArgumentError
   */
  sample(shape: Shape = [], options: SampleOptions = {}): Tensor {
    const { all, generator } = this.readSampling("sample", shape, options);
    return detach(withinGradients(false, () => this.draw(all, generator)));
  }

  /**
   * Draws that are functions of the parameters and of noise, so that gradients flow through them to the parameters.
   * Shape: [...shape, ...batchShape, ...eventShape].
   * @throws GraphError if the distribution has no such draws; ShapeError, OptionError, ArgumentError
   */
  rsample(shape: Shape = [], options: SampleOptions = {}): Tensor {
    const { all, generator } = this.readSampling("rsample", shape, options);
    if (!this.hasRsample) {
      throw new GraphError(
        `${this.name}.rsample: its draws have no derivative with respect to the parameters; use sample()`,
      );
    }
    return this.draw(all, generator);
  }

  /**
   * `rsample` and `logProb` of what it gives. Where values round to the boundary of the support, as of `TanhNormal`,
   * the log-density is still exact.
   * Shapes: as of `rsample`, and that without eventShape.
   * @throws as `rsample`
   */
  rsampleWithLogProb(shape: Shape = [], options: SampleOptions = {}): SampleAndLogProb {
    const value = this.rsample(shape, options);
    return { value, logProb: this.densityAnywhere(value) };
  }

  /**
   * The logarithm of the density or, for a discrete distribution, of the probability. A discrete value is a constant:
   * no gradient flows to it.
   * Shapes: value broadcasts with [...batchShape, ...eventShape]; the result is what they broadcast to, without the
   * axes of eventShape.
   * @throws ArgumentError for a value outside the support that can be read; ShapeError, DTypeError
   */
  logProb(value: Operand): Tensor {
    const x = this.#readValue("logProb", value);
    if (this.validateArgs && isReadable(x)) {
      refuse(`${this.name}.logProb`, "value", x, this.support);
      return this.logDensity(x);
    }
    return this.densityAnywhere(x);
  }

  /**
   * The probability of a value ≤ x, defined for every x.
   * Shapes: x broadcasts with batchShape to the result.
   * @throws ArgumentError if there is no closed form; ShapeError, DTypeError
   */
  cdf(x: Operand): Tensor {
    return this.cumulative(this.#readValue("cdf", x));
  }

  /**
   * The x with cdf(x) = p: the quantile function. NaN for p outside [0, 1] that cannot be read.
   * Shapes: p broadcasts with batchShape to the result.
   * @throws ArgumentError if there is no closed form, or for p outside [0, 1]; ShapeError, DTypeError
   */
  icdf(p: Operand): Tensor {
    const at = this.#readValue("icdf", p);
    if (this.validateArgs && isReadable(at)) {
      refuse(`${this.name}.icdf`, "p", at, unitInterval);
      return this.quantile(at);
    }
    const isProbability = unitInterval.check(at);
    return where(isProbability, this.quantile(where(isProbability, at, 0.5)), Number.NaN);
  }

  /** The expectation of −logProb. Shape: batchShape. @throws ArgumentError if it has no closed form. */
  entropy(): Tensor {
    throw this.#hasNo("entropy");
  }

  /** e to the entropy. Shape: batchShape. @throws ArgumentError if the entropy has no closed form. */
  perplexity(): Tensor {
    return exp(this.entropy());
  }

  /**
   * All values that a sample can have, of a discrete distribution with finitely many.
   * Shape: [count, ...batchShape, ...eventShape].
   * @throws ArgumentError if there are infinitely many.
   */
  enumerateSupport(): Tensor {
    throw new ArgumentError(`${this.name}.enumerateSupport: its values cannot be listed`);
  }

  /**
   * The same distributions repeated to a larger batch.
   * @throws ShapeError unless batchShape broadcasts to it.
   */
  expand(batchShape: Shape): this {
    const shape = checkShape(`${this.name}.expand`, batchShape);
    const fits =
      shape.length >= this.batchShape.length &&
      sameShape(broadcast(`${this.name}.expand`, this.batchShape, shape), shape);
    if (fits) return this.expanded(shape) as this;
    throw new ShapeError(
      `${this.name}.expand: a batch ${format(this.batchShape)} does not expand to ${format(shape)}`,
    );
  }

  /** "Normal(batchShape [3], eventShape [])" */
  toString(): string {
    return `${this.name}(batchShape ${format(this.batchShape)}, eventShape ${format(this.eventShape)})`;
  }

  /** The name that errors begin with. */
  protected get name(): string {
    return this.constructor.name;
  }

  /** Options that a distribution made from this one inherits. */
  protected get inherited(): DistributionOptions {
    return { validateArgs: this.validateArgs };
  }

  /** Draws of that shape; differentiable with respect to the parameters if `hasRsample`. */
  protected draw(_shape: Shape, _generator: Generator): Tensor {
    throw this.#hasNo("sample");
  }

  /** `logProb` of values inside the support. */
  protected logDensity(_value: Tensor): Tensor {
    throw this.#hasNo("logProb");
  }

  /** `cdf` of any numbers. */
  protected cumulative(_x: Tensor): Tensor {
    throw this.#hasNo("cdf");
  }

  /** `icdf` of numbers in [0, 1]. */
  protected quantile(_p: Tensor): Tensor {
    throw this.#hasNo("icdf");
  }

  /** The same distributions with a batch of that shape, to which batchShape broadcasts. */
  protected expanded(_batchShape: Shape): Distribution {
    throw this.#hasNo("expand");
  }

  /** @internal The log-density of any value, −∞ outside the support. */
  densityAnywhere(value: Tensor): Tensor {
    const { isWhole, eventDim, inside } = this.support;
    if (isWhole) return this.logDensity(value);
    const isInside = this.support.check(value);
    // Outside, the formula may have infinite derivatives: it sees another value there.
    const ofElements = reshape(isInside, [...isInside.shape, ...Array<number>(eventDim).fill(1)]);
    const safe = inside === null ? value : where(ofElements, value, inside);
    return where(isInside, this.logDensity(safe), Number.NEGATIVE_INFINITY);
  }

  /** The whole shape of samples, and the generator. */
  protected readSampling(
    method: string,
    shape: Shape,
    options: SampleOptions,
    others: readonly string[] = [],
  ): { all: Shape; generator: Generator } {
    const where = `${this.name}.${method}`;
    checkOptions(where, options, ["generator", ...others]);
    const { generator = defaultGenerator } = options;
    if (!isInstance(generator, Generator)) {
      throw new ArgumentError(`${where}: expected generator to be a Generator, got ${describe(generator)}`);
    }
    const all = [...checkShape(where, shape), ...this.batchShape, ...this.eventShape];
    return { all: checkShape(where, all), generator };
  }

  /** A value as a tensor of this distribution's dtype. */
  #readValue(method: string, value: Operand): Tensor {
    const where = `${this.name}.${method}`;
    const what = method === "icdf" ? "p" : "value";
    const given = typeof value === "number" ? scalar(value, this.dtype) : checkTensor(where, what, value);
    const x = this.support.isDiscrete && method !== "icdf" ? to(detach(given), this.dtype) : given;
    if (x.dtype !== this.dtype) {
      throw new DTypeError(
        `${where}: expected ${what} to be ${this.dtype} as the parameters are, got ${x.dtype}`,
      );
    }
    this.#checkValueShape(where, what, x.shape);
    return x;
  }

  #checkValueShape(where: string, what: string, shape: Shape): void {
    const axes = this.eventShape.length;
    const batch = shape.slice(0, shape.length - axes);
    if (shape.length < axes || !sameShape(shape.slice(shape.length - axes), this.eventShape)) {
      throw new ShapeError(
        `${where}: expected the last axes of ${what} to be ${format(this.eventShape)}, got ${format(shape)}`,
      );
    }
    broadcast(where, batch, this.batchShape);
  }

  #hasNo(what: string): ArgumentError {
    return new ArgumentError(`${this.name}.${what}: it is not available, as it has no closed form`);
  }
}
