import { ArgumentError } from "../errors.js";
import { checkFlag, checkFunction, checkNumber, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Samples, toDataset } from "./dataset.js";
import { orderOf } from "./epochs.js";
import { type Apart, type Part, type Parts, putTogether, type TensorsOf, takePartsApart } from "./parts.js";
import { drawnBy, type Sampler } from "./sampler.js";
import { select, slice } from "./samples.js";

export interface LoaderOptions {
  /**
   * Samples in a mini-batch: 1 for stochastic descent, the set's length for full-batch descent.
   * Default: 32, or the set's length if it is less.
   */
  readonly batchSize?: number;
  /** Use a new random order in each epoch. Default: false. */
  readonly shuffle?: boolean;
  /** Seed of the orders; that of an epoch follows from it and the epoch's number, as in `fit`. Default: 0. */
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
 * Goes through a data set in mini-batches; each `for … of` is one epoch. x and y of a mini-batch have the form of the
 * set's: a tensor, a list or an object of tensors.
 * @example
 * const loader = new data.DataLoader({ x, y }, { batchSize: 128, shuffle: true });
 * for (const batch of loader) cost.crossEntropy(model.forward(batch.x), batch.y).backward();
 * @throws ArgumentError for a batch size outside 1 … P; as `Dataset`
 */
export class DataLoader<X extends Parts = Part, Y extends Parts = Tensor>
  implements Iterable<Samples<TensorsOf<X>, TensorsOf<Y>>>
{
  readonly batchSize: number;
  readonly #x: Apart;
  readonly #y: Apart;
  readonly #w: Tensor | null;
  /** Samples of the set. */
  readonly #length: number;
  readonly #samples: number;
  readonly #dropLast: boolean;
  readonly #shuffle: boolean;
  readonly #seed: number;
  readonly #sampler: Sampler | null;
  #epoch = 0;

  constructor(dataset: Samples<X, Y>, options: LoaderOptions = {}) {
    checkOptions("DataLoader", options, ["batchSize", "shuffle", "seed", "dropLast", "sampler"]);
    const { x, y, w, length } = toDataset("DataLoader", "data", dataset);
    this.#x = takePartsApart("DataLoader", "x", x);
    this.#y = takePartsApart("DataLoader", "y", y);
    this.#w = w;
    this.#length = length;
    this.#sampler = options.sampler ?? null;
    if (this.#sampler !== null) checkFunction("DataLoader", "sampler", this.#sampler);
    this.#samples = this.#sampler === null ? length : drawnBy("DataLoader", this.#sampler, 0, length).length;
    this.batchSize = readBatchSize("DataLoader", options.batchSize, this.#samples);
    this.#dropLast = checkFlag("DataLoader", "dropLast", options.dropLast ?? false);
    this.#shuffle = checkFlag("DataLoader", "shuffle", options.shuffle ?? false);
    this.#seed = checkNumber("DataLoader", "seed", options.seed ?? 0, { min: 0, integer: true });
    if (this.#sampler !== null && this.#shuffle) {
      throw new ArgumentError("DataLoader: expected either shuffle or a sampler");
    }
  }

  #order(): Int32Array | undefined {
    const epoch = this.#epoch++;
    if (this.#sampler === null) {
      return this.#shuffle ? orderOf(this.#seed, epoch, this.#samples) : undefined;
    }
    const drawn = drawnBy("DataLoader", this.#sampler, epoch, this.#length);
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

  *[Symbol.iterator](): Iterator<Samples<TensorsOf<X>, TensorsOf<Y>>> {
    const order = this.#order();
    for (let batch = 0; batch < this.length; batch++) {
      const begin = batch * this.batchSize;
      const end = Math.min(begin + this.batchSize, this.#samples);
      const take = (from: Part) =>
        order === undefined ? slice(from, begin, end) : select(from, order.subarray(begin, end));
      const whole = ({ form, parts }: Apart) => putTogether(form, parts.map(take));
      const w = this.#w === null ? {} : { w: take(this.#w) };
      yield { x: whole(this.#x) as TensorsOf<X>, y: whole(this.#y) as TensorsOf<Y>, ...w };
    }
  }
}
