// Where the steps of an epoch come from: a set in memory in an order, or a stream.

import { type AnyDataset, partsOfSet } from "../data/dataset.js";
import { asTheyLie, orderOf } from "../data/epochs.js";
import { drawnBy, type Sampler } from "../data/sampler.js";
import { checkNumber } from "../options.js";
import type { TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rows, RunningSet } from "./steps.js";

/** Which epoch it is. */
export interface EpochId {
  /** In this training, from 1. */
  readonly epoch: number;
  /** Of all epochs that the optimizer has gone through with this data, from 0. */
  readonly pass: number;
  /** Of the orders. */
  readonly seed: number;
}

/** The sizes of an epoch. */
export interface EpochSize {
  /** Samples that are used, and steps; Infinity while they are not known. */
  readonly samples: number;
  readonly steps: number;
  /** Samples in a mini-batch, and in a step, which may have several mini-batches. */
  readonly part: number;
  readonly batchSize: number;
}

/** Rows in the engine's memory, for some steps. */
export interface Portion {
  readonly set: Rows;
  /** The rows in the order in which the steps take them. */
  readonly order: Int32Array;
  /** Samples in a mini-batch, and in a step. */
  readonly part: number;
  readonly batchSize: number;
}

/** Gives the rows of each epoch. */
export interface Feed {
  /** How the order of an epoch comes about, in a word. */
  readonly order: "shuffled" | "as it is" | "sampler" | "stream";
  /** Samples of the set; null of a stream. */
  readonly samples: number | null;
  /** Copies what is copied, at once. */
  begin(): void;
  /** The dtypes and shapes of the parts of the samples; of a stream, those of its first mini-batch. */
  readonly specs: readonly TensorSpec[];
  sizeOf(epoch: EpochId): EpochSize;
  /**
   * The rows of an epoch that are left after `done` steps. Between two portions the caller may use the engine. The memory
   * of a portion is valid until the next one is asked for.
   */
  portions(epoch: EpochId, done: number, signal?: AbortSignal): AsyncIterable<Portion>;
  close(): Promise<void>;
}

/** How mini-batches are made of a set in memory. */
export interface SetFeedOptions {
  /** Samples in a mini-batch of an epoch, from 1, of which a step has `accumulate`. */
  readonly batchSize: (epoch: number) => number;
  readonly accumulate: number;
  readonly dropLast: boolean;
  readonly shuffle: boolean;
  readonly sampler: Sampler | null;
}

const DEFAULT_BATCH = 32;

/** The batch size of each epoch. @throws ArgumentError */
export function readBatchSizes(where: string, given: unknown): (epoch: number) => number {
  const checked = (name: string, size: unknown) => checkNumber(where, name, size, { min: 1, integer: true });
  if (typeof given === "function") return (epoch) => checked(`batchSize of epoch ${epoch}`, given(epoch));
  const size = checked("batchSize", given ?? DEFAULT_BATCH);
  return () => size;
}

/** A set in memory. */
export class SetFeed implements Feed {
  readonly order: Feed["order"];
  readonly samples: number;
  readonly specs: readonly TensorSpec[];
  readonly #options: SetFeedOptions;
  readonly #copied: () => RunningSet;
  #set: RunningSet | null = null;
  /** What was made last: it is asked for once in an epoch. */
  #order: { readonly epoch: EpochId; readonly order: Int32Array } | null = null;
  #size: { readonly epoch: EpochId; readonly size: EpochSize } | null = null;

  constructor(name: string, dataset: AnyDataset, weights: Tensor | null, options: SetFeedOptions) {
    this.#options = options;
    this.#copied = () => new RunningSet(name, dataset, weights);
    this.samples = dataset.length;
    this.specs = [...partsOfSet(dataset), ...(weights === null ? [] : [weights])];
    this.order = options.sampler === null ? (options.shuffle ? "shuffled" : "as it is") : "sampler";
  }

  begin(): void {
    this.#set = this.#copied();
  }

  sizeOf(epoch: EpochId): EpochSize {
    const last = this.#size;
    if (last?.epoch.epoch === epoch.epoch && last.epoch.pass === epoch.pass) return last.size;
    const { accumulate, dropLast, batchSize: batchSizeOf, sampler } = this.#options;
    const all = sampler === null ? this.samples : this.#orderOf(epoch).length;
    const part = Math.min(batchSizeOf(epoch.epoch), all);
    const samples = dropLast ? all - (all % part) : all;
    const batchSize = Math.min(part * accumulate, samples);
    const size = { samples, steps: Math.ceil(samples / batchSize), part, batchSize };
    this.#size = { epoch, size };
    return size;
  }

  async *portions(epoch: EpochId, done: number): AsyncGenerator<Portion> {
    const { samples, part, batchSize } = this.sizeOf(epoch);
    const order = this.#orderOf(epoch).subarray(done * batchSize, samples);
    yield { set: this.#set as RunningSet, order, part, batchSize };
  }

  #orderOf(epoch: EpochId): Int32Array {
    const last = this.#order;
    const isSame = !this.#options.shuffle || last?.epoch.seed === epoch.seed;
    if (isSame && last?.epoch.pass === epoch.pass) return last.order;
    const order = this.#draw(epoch);
    this.#order = { epoch, order };
    return order;
  }

  #draw({ pass, seed }: EpochId): Int32Array {
    const { sampler, shuffle } = this.#options;
    if (sampler !== null) return drawnBy("fit", sampler, pass, this.samples);
    if (shuffle) return orderOf(seed, pass, this.samples);
    return asTheyLie(this.samples);
  }

  async close(): Promise<void> {
    this.#set?.close();
  }
}
