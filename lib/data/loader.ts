import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { Generator } from "../random/generator.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Bytes } from "./bytes.js";
import { type Samples, toDataset } from "./dataset.js";
import { select, slice } from "./samples.js";

export interface LoaderOptions {
  /**
   * Samples in a mini-batch: 1 for stochastic descent, the set's length for full-batch descent.
   * Default: 32, or the set's length if it is less.
   */
  readonly batchSize?: number;
  /** Use a new random order in each epoch. Default: false. */
  readonly shuffle?: boolean;
  /** Seed of the orders. Default: 0. */
  readonly seed?: number;
  /** Leave out the last batch if it is not full. Default: false. */
  readonly dropLast?: boolean;
}

const DEFAULT_BATCH = 32;

/** The batch size of `options`, which must be at least 1 and at most the set's length. */
export function readBatchSize(where: string, batchSize: unknown, length: number): number {
  if (batchSize === undefined) return Math.min(DEFAULT_BATCH, length);
  return checkNumber(where, `batchSize (the set has ${length} samples)`, batchSize, {
    min: 1,
    max: length,
    integer: true,
  });
}

/**
 * Goes through a data set in mini-batches; each `for … of` is one epoch.
 * @example
 * const loader = new data.DataLoader({ x, y }, { batchSize: 128, shuffle: true });
 * for (const batch of loader) cost.crossEntropy(model.forward(batch.x), batch.y).backward();
 * @throws ArgumentError for a batch size outside 1 … P; as `Dataset`
 */
export class DataLoader implements Iterable<Samples<Tensor>> {
  readonly batchSize: number;
  readonly #x: Tensor | Bytes;
  readonly #y: Tensor;
  readonly #samples: number;
  readonly #dropLast: boolean;
  readonly #generator: Generator | null;

  constructor(dataset: Samples, options: LoaderOptions = {}) {
    checkOptions("DataLoader", options, ["batchSize", "shuffle", "seed", "dropLast"]);
    const { x, y, length } = toDataset("DataLoader", "data", dataset);
    this.#x = x;
    this.#y = y;
    this.#samples = length;
    this.batchSize = readBatchSize("DataLoader", options.batchSize, length);
    this.#dropLast = checkFlag("DataLoader", "dropLast", options.dropLast ?? false);
    const shuffle = checkFlag("DataLoader", "shuffle", options.shuffle ?? false);
    const seed = checkNumber("DataLoader", "seed", options.seed ?? 0, { min: 0, integer: true });
    const generator = new Generator(seed);
    this.#generator = shuffle ? generator : null;
  }

  /** Number of mini-batches in an epoch. */
  get length(): number {
    const batches = this.#samples / this.batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Iterator<Samples<Tensor>> {
    const order = this.#generator?.permutation(this.#samples).storage.forReading() as Int32Array | undefined;
    for (let batch = 0; batch < this.length; batch++) {
      const begin = batch * this.batchSize;
      const end = Math.min(begin + this.batchSize, this.#samples);
      const take = (from: Tensor | Bytes) =>
        order === undefined ? slice(from, begin, end) : select(from, order.subarray(begin, end));
      yield { x: take(this.#x), y: take(this.#y) };
    }
  }
}
