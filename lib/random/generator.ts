import { context } from "../context/context.js";
import { stateAgain } from "../context/recomputation.js";
import { copy, currentTrace, fork, type RandomSource, take } from "../context/trace.js";
import { copyNow, emptyTensor, runInPlace } from "../eager/apply.js";
import { ArgumentError, DTypeError, GraphError, TraceError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { checkList, checkNumber, checkOptions } from "../options.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";
import { checkShape, type Shape } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { drawForSamples } from "../vmap/mapped.js";

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
   * x ~ N(mean, std²). Default: mean 0, std 1, float32.
   * @throws ShapeError, DTypeError, ArgumentError, OptionError
   */
  normal(shape: Shape, options: { mean?: number; std?: number; dtype?: DType } = {}): Tensor {
    checkOptions("normal", options, ["mean", "std", "dtype"]);
    const { mean = 0, std = 1, dtype = "float32" } = options;
    checkNumber("normal", "mean", mean);
    checkNumber("normal", "std", std, { min: 0 });
    return this.#draw("normal", checkShape("normal", shape), checkFloat("normal", dtype), [mean, std]);
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

  #draw(instruction: string, shape: Shape, dtype: DType, more: readonly number[]): Tensor {
    return drawForSamples(instruction, shape, (all) => {
      const y = emptyTensor(instruction, all, dtype);
      const fill = (state: Tensor): void =>
        runInPlace(instruction, instructionId(instruction), [y.size, ...more], [state, y], [y]);
      const again = stateAgain(() => copyNow(this.#stateInUse()));
      if (again !== null) {
        fill(again);
        return y;
      }
      const state = this.#stateInUse();
      fill(state);
      // One step of the counter gives four numbers, or one swap of a permutation.
      const blocks = instruction === "permutation" ? y.size : Math.ceil(y.size / 4);
      currentTrace()?.countDraws(this, blocks);
      const moved = new Tensor(Float64Array.of(0, 0, blocks), [3], "float64");
      runInPlace("draw", ADD, [1, 3, 1, 1], [state, moved, state], [state]);
      return y;
    });
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

const COUNT = 2;
const ADD = instructionId("add");

function checkFloat(where: string, value: unknown): DType {
  const dtype = checkDType(where, value);
  if (isFloat(dtype)) return dtype;
  throw new DTypeError(`${where}: expected dtype float32 or float64, got ${dtype}`);
}

/** The generator from which initialisers, `rand` and `randn` draw. */
export const defaultGenerator = new Generator(0);

/**
 * Starts the default generator again: weights made after this call are the same in every run.
 * @example manualSeed(0);
 * @throws ArgumentError unless the seed is a whole number in [0, 2⁵³).
 */
export function manualSeed(seed: number): void {
  defaultGenerator.seed(seed);
}
