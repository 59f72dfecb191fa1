import { context } from "../context/context.js";
import { stateAgain } from "../context/recomputation.js";
import { copy, currentTrace, fork, type RandomSource, take } from "../context/trace.js";
import { copyNow, emptyTensor, runInPlace } from "../eager/apply.js";
import { ArgumentError, DTypeError, GraphError, ShapeError, TraceError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { COUNT } from "../native/random-state.js";
import { broadcastParams } from "../ops/broadcast.js";
import { broadcastSpec } from "../ops/define.js";
import { gammaSample, logGammaSample } from "../ops/gamma-sample.js";
import { type Operand, operands } from "../ops/operand.js";
import { checkList, checkNumber, checkOptions } from "../options.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";
import { broadcast, checkShape, format, type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { drawForSamples } from "../vmap/mapped.js";

// structuredClone and postMessage cannot clone a symbol, and the error shows its description. Without it, they would
// silently give an object without a state.
const NOT_CLONEABLE = Symbol("a Generator; send what getState() gives, which setState() takes");

/** Where a generator stands: the low and the high 32 bits of its seed, and the number of blocks drawn so far. */
export type GeneratorState = readonly [low: number, high: number, blocks: number];

/**
 * A source of random tensors: Philox4x32-10. The numbers are a function of the seed and of the number of earlier
 * draws, so a seed gives the same numbers on any machine with any number of threads.
 *
 * @example
 * const generator = new Generator(42);
 * generator.uniform([2, 3], { low: -1, high: 1 });
 */
export class Generator implements RandomSource {
  /** @internal */
  readonly notCloneable = NOT_CLONEABLE;
  /** The seed's low and high 32 bits, and the count of blocks drawn. */
  readonly #state = new Tensor(new Float64Array(3), [3], "float64");

  constructor(seed = 0) {
    this.#start(seed);
  }

  /**
   * Starts again from a seed.
   * @throws ArgumentError unless it is a whole number in [0, 2⁵³); TraceError in a function that is traced.
   */
  seed(seed: number): void {
    if (currentTrace() !== null) {
      throw new TraceError(
        "seed: a generator cannot be started again in a compiled function, which would do so only when it is traced; seed it before the call",
      );
    }
    this.#start(seed);
  }

  /**
   * Where the generator stands, as plain numbers that JSON keeps. After `setState` of it, this generator or another
   * one draws what this one draws next.
   * torch.Generator.get_state
   * @example
   * const generator = new Generator(42);
   * const state = generator.getState();
   * const x = generator.normal([3]);
   * generator.setState(state);
   * generator.normal([3]);   // as x
   * @throws TraceError in a function that is traced.
   */
  getState(): GeneratorState {
    if (currentTrace() !== null) {
      throw new TraceError(
        "getState: a compiled function cannot read where a generator stands, which would be read only when it is traced; read it before the call",
      );
    }
    const [low, high, blocks] = this.#state.storage.forReading() as Float64Array;
    return [low as number, high as number, blocks as number];
  }

  /**
   * Goes on from where a generator stood.
   * torch.Generator.set_state
   * @param state What `getState` gave.
   * @throws ArgumentError unless it is a list of three whole numbers, two in [0, 2³²) and one in [0, 2⁵³); TraceError in
   *   a function that is traced.
   */
  setState(state: GeneratorState): void {
    if (currentTrace() !== null) {
      throw new TraceError(
        "setState: a generator cannot be set in a compiled function, which would do so only when it is traced; set it before the call",
      );
    }
    const where = "setState";
    const list = checkList(where, "a state of three numbers", state);
    if (list.length !== 3) {
      throw new ArgumentError(`${where}: expected a state of three numbers, got ${list.length}`);
    }
    const half = { min: 0, max: 2 ** 32 - 1, integer: true };
    const low = checkNumber(where, "the seed's low bits", list[0], half);
    const high = checkNumber(where, "the seed's high bits", list[1], half);
    const blocks = checkNumber(where, "the number of blocks", list[2], { min: 0, integer: true });
    this.#state.storage.forWriting().set([low, high, blocks]);
  }

  /**
   * What `JSON.stringify` writes: `getState()`, for `setState`.
   * @throws TraceError in a function that is traced.
   * @example new Generator().setState(JSON.parse(JSON.stringify(new Generator(42))));
   */
  toJSON(): GeneratorState {
    return this.getState();
  }

  #start(seed: number): void {
    checkNumber("seed", "the seed", seed, { min: 0, integer: true });
    this.#state.storage.forWriting().set([seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0]);
  }

  /** @internal */
  [take](blocks: number): Float64Array {
    const state = this.#state.storage.forWriting() as Float64Array;
    const before = state.slice();
    state[COUNT] = (before[COUNT] as number) + blocks;
    return before;
  }

  /** @internal */
  [copy](): Generator {
    const other = new Generator();
    other.#state.storage.forWriting().set(this.#state.storage.forReading());
    return other;
  }

  /** @internal */
  [fork](): Generator {
    const [low, high] = this.uniform([2], { dtype: "float64" }).storage.forReading() as Float64Array;
    const other = new Generator();
    const words = [low, high].map((value) => Math.floor((value as number) * 2 ** 32));
    other.#state.storage.forWriting().set([...words, 0]);
    return other;
  }

  /**
   * x ~ U[low, high). Default: low 0, high 1, float32.
   * @throws ShapeError, DTypeError, ArgumentError, OptionError
   */
  uniform(shape: Shape, options: { low?: number; high?: number; dtype?: DType } = {}): Tensor {
    checkOptions("uniform", options, ["low", "high", "dtype"]);
    const { low = 0, high = 1, dtype = "float32" } = options;
    checkNumber("uniform", "low", low);
    checkNumber("uniform", "high", high, { min: low });
    return this.#draw("uniform", checkShape("uniform", shape), checkFloat("uniform", dtype), [low, high]);
  }

  /**
   * x ~ N(mean, std²), by Box and Muller (1958). Default: mean 0, std 1, float32.
   *
   * A float32 is drawn from 32 random bits and computed in float32, |x − mean| < 6.8·std; a float64 from 53 bits,
   * |x − mean| < 8.6·std. So a seed gives other numbers for the other dtype.
   * @throws ShapeError, DTypeError, OptionError; ArgumentError if mean or std are not finite numbers of the dtype, or std
   *   is negative.
   */
  normal(shape: Shape, options: { mean?: number; std?: number; dtype?: DType } = {}): Tensor {
    checkOptions("normal", options, ["mean", "std", "dtype"]);
    const { mean = 0, std = 1 } = options;
    const dtype = checkFloat("normal", options.dtype ?? "float32");
    const most = dtype === "float32" ? LARGEST_FLOAT32 : Number.MAX_VALUE;
    checkNumber("normal", "mean", mean);
    checkNumber("normal", "std", std, { min: 0 });
    // Apart, so that only who comes near it is told of the dtype's limit.
    checkNumber("normal", "mean", mean, { min: -most, max: most });
    checkNumber("normal", "std", std, { max: most });
    return this.#draw("normal", checkShape("normal", shape), dtype, [mean, std]);
  }

  /**
   * The numbers 0 … n − 1 in random order, int32. Each swap depends on the one before, so one thread does all of
   * them. A swap takes about 0.1 µs if the numbers do not fit into the caches. A compiled program that runs
   * asynchronously does them on the engine's thread, and the event loop goes on.
   * @example
   * const generator = new Generator(0);
   * generator.permutation(60_000);
   * await compile(() => generator.permutation(1_000_000)).runAsync();
   * @throws ArgumentError unless n is a whole number in [0, 2³¹); GraphError under a `vmap` with `randomness`
   *   "different".
   */
  permutation(n: number): Tensor {
    checkNumber("permutation", "n", n, { min: 0, max: 2 ** 31 - 1, integer: true });
    if (context.mappings.some(({ randomness }) => randomness === "different")) {
      throw new GraphError('vmap: permutation cannot be "different" for each sample');
    }
    return this.#draw("permutation", [n], "int32", []);
  }

  /**
   * x ~ Gamma(α, 1), density x^(α − 1)·e^(−x)/Γ(α), for a tensor of shapes α > 0 (torch._standard_gamma,
   * numpy's standard_gamma). A number that the dtype cannot hold is 0: most of them for α < 0.01, for which
   * there is `logStandardGamma`. By the method of Marsaglia and Tsang (2000).
   *
   * Differentiable in α: dx/dα = −(∂P(α, x)/∂α)/p(x; α) with the distribution function P and the density p
   * (Figurnov et al., "Implicit reparameterization gradients", 2018). It has no second derivative by α.
   *
   * Shapes: α → x, the same, or `shape`, to which α broadcasts. Dtypes: float32, float64.
   * @example new Generator(0).standardGamma(tensor([0.5, 2]), { shape: [1000, 2] }).mean({ dim: 0 });
   * @throws ArgumentError where α is not above 0 or not finite, also in a compiled function; ShapeError, DTypeError,
   *   OptionError
   */
  standardGamma(alpha: Tensor, options: { shape?: Shape } = {}): Tensor {
    return gammaSample(this.#sample("standardGamma", "standard_gamma", { alpha }, options), alpha);
  }

  /**
   * ln x for x ~ Gamma(α, 1), with all its digits also where x is too small for the dtype: for Dirichlet and Beta
   * distributions with small α (jax.random.loggamma). From the same state it is the logarithm of `standardGamma`.
   * Differentiable in α as that is.
   * Shapes: α → x, the same, or `shape`, to which α broadcasts. Dtypes: float32, float64.
   * @example new Generator(0).logStandardGamma(tensor([1e-3, 1e-4]));
   * @throws ArgumentError where α is not above 0 or not finite, also in a compiled function; ShapeError, DTypeError,
   *   OptionError
   */
  logStandardGamma(alpha: Tensor, options: { shape?: Shape } = {}): Tensor {
    return logGammaSample(this.#sample("logStandardGamma", "log_standard_gamma", { alpha }, options), alpha);
  }

  /**
   * k ~ Poisson(λ), probability λᵏ·e^(−λ)/k!, for a tensor of rates λ ≥ 0 (torch.poisson). Of the rates' dtype;
   * a float32 rounds counts above 2²⁴. By inversion for λ < 10, otherwise by Hörmann's PTRS (1993). No derivative.
   * Shapes: rate → k, the same, or `shape`, to which the rate broadcasts. Dtypes: float32, float64.
   * @example new Generator(0).poisson(tensor([0.5, 100]), { shape: [1000, 2] }).mean({ dim: 0 });
   * @throws ArgumentError where a rate is below 0 or not finite, also in a compiled function; ShapeError, DTypeError,
   *   OptionError
   */
  poisson(rate: Tensor, options: { shape?: Shape } = {}): Tensor {
    return this.#sample("poisson", "poisson", { rate }, options);
  }

  /**
   * k ~ Binomial(n, p), probability n!/(k! (n − k)!)·pᵏ·(1 − p)^(n − k) (torch.binomial, numpy's binomial). Of the
   * dtype of count and p; one of them may be a number. By inversion for n·min(p, 1 − p) < 10, otherwise by Hörmann's
   * BTRS (1993). No derivative.
   * Shapes: count and p broadcast to k, or to `shape`. Dtypes: float32, float64.
   * @example new Generator(0).binomial(10, tensor([0.1, 0.5]), { shape: [1000, 2] }).mean({ dim: 0 });
   * @throws ArgumentError where a count is no whole number from 0 on or p is not in [0, 1], also in a compiled
   *   function; ShapeError, DTypeError, OptionError
   */
  binomial(count: Operand, p: Operand, options: { shape?: Shape } = {}): Tensor {
    const [n, probability] = operands("binomial", count, p, ["count", "p"]);
    return this.#sample("binomial", "binomial", { count: n, p: probability }, options);
  }

  /** Numbers of a distribution whose parameters are tensors. Each takes a step of the counter. */
  #sample(
    name: string,
    instruction: string,
    named: Readonly<Record<string, Tensor>>,
    options: { shape?: Shape },
  ): Tensor {
    checkOptions(name, options, ["shape"]);
    const names = Object.keys(named);
    const parameters = Object.entries(named).map(([one, value]) => checkTensor(name, one, value));
    const least = broadcastSpec(name, names, parameters, "float");
    const shape = options.shape === undefined ? least.shape : checkShape(name, options.shape);
    if (!sameShape(broadcast(name, least.shape, shape), shape)) {
      throw new ShapeError(
        `${name}: parameters of shape ${format(least.shape)} do not broadcast to ${format(shape)}`,
      );
    }
    return drawForSamples(
      name,
      shape,
      (spec) => {
        const y = emptyTensor(name, spec.shape, least.dtype);
        const shapes = [spec.counters, ...spec.parameters.map((one) => one.shape)];
        const params = broadcastParams(
          shapes.map((one) => ({ shape: one, rank: one.length, size: sizeOf(one) })),
          spec.shape,
          y.size,
        );
        const inputs = spec.parameters.map(({ all }) => all);
        return this.#fill(y, sizeOf(spec.counters), (state) =>
          runInPlace(name, instructionId(instruction), params, [state, ...inputs, y], [y]),
        );
      },
      parameters,
    );
  }

  #draw(instruction: string, shape: Shape, dtype: DType, more: readonly number[]): Tensor {
    return drawForSamples(instruction, shape, ({ shape: all }) => {
      const y = emptyTensor(instruction, all, dtype);
      // One step of the counter gives four numbers, or one swap of a permutation.
      const blocks = instruction === "permutation" ? y.size : Math.ceil(y.size / 4);
      return this.#fill(y, blocks, (state) =>
        runInPlace(instruction, instructionId(instruction), [y.size, ...more, 0], [state, y], [y]),
      );
    });
  }

  /** Fills y from the state, and moves the state on by these blocks but in a recomputation. */
  #fill(y: Tensor, blocks: number, fill: (state: Tensor) => void): Tensor {
    const again = stateAgain(() => copyNow(this.#stateInUse()));
    if (again !== null) {
      fill(again);
      return y;
    }
    const state = this.#stateInUse();
    fill(state);
    currentTrace()?.countDraws(this, blocks);
    const moved = new Tensor(Float64Array.of(0, 0, blocks), [3], "float64");
    runInPlace("draw", ADD, [1, 3, 1, 1], [state, moved, state], [state]);
    return y;
  }

  /** The state to draw from. A program has a state of its own; each run first fills it from this generator. */
  #stateInUse(): Tensor {
    const trace = currentTrace();
    if (trace === null) return this.#state;
    // A generator made in the traced function starts again in each run.
    const isMadeAnew = this.#state.storage.bornIn === trace.id;
    return trace.stateOf(this, () =>
      isMadeAnew ? copyNow(this.#state) : new Tensor(new Float64Array(3), [3], "float64"),
    );
  }
}

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
const ADD = instructionId("add");

function checkFloat(where: string, value: unknown): DType {
  const dtype = checkDType(where, value);
  if (isFloat(dtype)) return dtype;
  throw new DTypeError(`${where}: expected dtype float32 or float64, got ${dtype}`);
}

let seedings = 0;

/** How often `manualSeed` was called. */
export const timesSeeded = (): number => seedings;

/** The generator from which initialisers, `rand` and `randn` draw. */
export const defaultGenerator = new Generator(0);

/**
 * Starts the default generator again: weights made after this call are the same in every run.
 * @example manualSeed(0);
 * @throws ArgumentError unless the seed is a whole number in [0, 2⁵³).
 */
export function manualSeed(seed: number): void {
  defaultGenerator.seed(seed);
  seedings++;
}
