import { DTypeError } from "../errors.js";
import { instructionId } from "../native/binding.js";
import { checkNumber, checkOptions } from "../options.js";
import { emptyTensor, update } from "./apply.js";
import { checkDType, type DType, isFloat } from "./dtype.js";
import { checkShape, type Shape, sizeOf } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * A source of random tensors: Philox4x32-10, a function of a seed and of how much was drawn before, so
 * that a seed gives the same numbers on any machine with any number of threads.
 *
 * @example
 * const generator = new Generator(42);
 * generator.uniform([2, 3], { low: -1, high: 1 });
 */
export class Generator {
  /** The seed's low and high 32 bits, and the count of blocks drawn. */
  readonly #state = new Tensor(new Float64Array(3), [3], "float64");

  constructor(seed = 0) {
    this.seed(seed);
  }

  /**
   * Starts again from that seed.
   * @throws ArgumentError unless it is a whole number in [0, 2⁵³).
   */
  seed(seed: number): void {
    checkNumber("seed", "the seed", seed, { min: 0, integer: true });
    this.#state.storage.array.set([seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0]);
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
   * The numbers 0 … n − 1 in random order, int32.
   * @throws ArgumentError unless n is a whole number in [0, 2³¹).
   */
  permutation(n: number): Tensor {
    checkNumber("permutation", "n", n, { min: 0, max: 2 ** 31 - 1, integer: true });
    return this.#draw("permutation", [n], "int32", []);
  }

  #draw(instruction: string, shape: Shape, dtype: DType, more: readonly number[]): Tensor {
    const size = sizeOf(shape);
    const y = emptyTensor(instruction, shape, dtype);
    const state = this.#state;
    update(instruction, instructionId(instruction), [size, ...more], [state, y], [y]);
    // One step of the counter makes four numbers, or one swap of a permutation.
    const blocks = instruction === "permutation" ? size : Math.ceil(size / 4);
    const moved = new Tensor(Float64Array.of(0, 0, blocks), [3], "float64");
    update("draw", ADD, [1, 3, 1, 1], [state, moved, state], [state]);
    return y;
  }
}

const ADD = instructionId("add");

function checkFloat(where: string, value: unknown): DType {
  const dtype = checkDType(where, value);
  if (isFloat(dtype)) return dtype;
  throw new DTypeError(`${where}: expected dtype float32 or float64, got ${dtype}`);
}

/** The generator that initialisers and `rand`, `randn` draw from. */
export const defaultGenerator = new Generator(0);

/**
 * Starts the default generator again: weights made after this call are the same in every run.
 * @example manualSeed(0);
 * @throws ArgumentError unless the seed is a whole number in [0, 2⁵³).
 */
export function manualSeed(seed: number): void {
  defaultGenerator.seed(seed);
}
