import { ArgumentError, IndexError } from "../errors.js";
import { checkFlag, checkFunction, checkNumber, checkOptions, describe, isInstance } from "../options.js";
import { Generator } from "../random/generator.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Bytes } from "./bytes.js";
import { type Samples, toDataset } from "./dataset.js";
import type { Sampler } from "./sampler.js";
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
  /** Gives the samples of each epoch in place of `shuffle`, such as `data.sampler`. Default: none. */
  readonly sampler?: Sampler;
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
  readonly #sampler: Sampler | null;
  #epoch = 0;

  constructor(dataset: Samples, options: LoaderOptions = {}) {
    checkOptions("DataLoader", options, ["batchSize", "shuffle", "seed", "dropLast", "sampler"]);
    const { x, y, length } = toDataset("DataLoader", "data", dataset);
    this.#x = x;
    this.#y = y;
    this.#sampler = options.sampler ?? null;
    if (this.#sampler !== null) checkFunction("DataLoader", "sampler", this.#sampler);
    this.#samples = this.#sampler === null ? length : this.#drawn(this.#sampler, 0).length;
    this.batchSize = readBatchSize("DataLoader", options.batchSize, this.#samples);
    this.#dropLast = checkFlag("DataLoader", "dropLast", options.dropLast ?? false);
    const shuffle = checkFlag("DataLoader", "shuffle", options.shuffle ?? false);
    const seed = checkNumber("DataLoader", "seed", options.seed ?? 0, { min: 0, integer: true });
    const generator = new Generator(seed);
    this.#generator = shuffle ? generator : null;
    if (this.#sampler !== null && shuffle) {
      throw new ArgumentError("DataLoader: expected either shuffle or a sampler");
    }
  }

  /** The samples of an epoch. @throws unless they are samples of the set. */
  #drawn(sampler: Sampler, epoch: number): Int32Array {
    const drawn: unknown = sampler(epoch);
    if (!isInstance(drawn, Int32Array) || drawn.length === 0) {
      throw new ArgumentError(
        `DataLoader: expected sampler to give samples as an Int32Array, got ${describe(drawn)}`,
      );
    }
    const samples = this.#x.shape[0] as number;
    const other = drawn.find((sample) => sample < 0 || sample >= samples);
    if (other === undefined) return drawn;
    throw new IndexError(`DataLoader: sampler gave the sample ${other}, expected samples in [0, ${samples})`);
  }

  #order(): Int32Array | undefined {
    if (this.#sampler === null) {
      return this.#generator?.permutation(this.#samples).storage.forReading() as Int32Array | undefined;
    }
    const drawn = this.#drawn(this.#sampler, this.#epoch++);
    if (drawn.length === this.#samples) return drawn;
    throw new ArgumentError(
      `DataLoader: expected sampler to give ${this.#samples} samples, as in its first epoch, got ${drawn.length}`,
    );
  }

  /** Number of mini-batches in an epoch. */
  get length(): number {
    const batches = this.#samples / this.batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Iterator<Samples<Tensor>> {
    const order = this.#order();
    for (let batch = 0; batch < this.length; batch++) {
      const begin = batch * this.batchSize;
      const end = Math.min(begin + this.batchSize, this.#samples);
      const take = (from: Tensor | Bytes) =>
        order === undefined ? slice(from, begin, end) : select(from, order.subarray(begin, end));
      yield { x: take(this.#x), y: take(this.#y) };
    }
  }
}
