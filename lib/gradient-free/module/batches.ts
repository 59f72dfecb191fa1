import { fork } from "../../context/trace.js";
import type { Dataset } from "../../data/dataset.js";
import type { Part } from "../../data/parts.js";
import { select, slice } from "../../data/samples.js";
import { Generator, type GeneratorState } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StateReader, StrategyState } from "../state.js";

/**
 * The mini-batches of the generations: all samples each time, or those of a new random order in each epoch. What is
 * left of an epoch that is less than a mini-batch is left out. Without data, mini-batches of nothing.
 */
export class Batches {
  /** What the indices that `take` gives are of: x and y, or without data a tensor of one element. */
  readonly sources: readonly Tensor[];
  readonly hasData: boolean;
  /** Samples in a mini-batch. */
  readonly size: number;
  readonly #length: number;
  readonly #generator: Generator;
  /** Where the generator stood before it made the order of this epoch. */
  #before: GeneratorState;
  #order: Int32Array;
  #next = 0;

  constructor(dataset: Dataset<Part, Part> | null, batchSize: number | null, seed: number) {
    this.hasData = dataset !== null;
    this.#length = dataset?.length ?? 1;
    this.sources =
      dataset === null
        ? [zeros([1])]
        : [slice(dataset.x, 0, dataset.length), slice(dataset.y, 0, dataset.length)];
    this.size = batchSize ?? this.#length;
    // Not the numbers that a method draws with the same seed.
    this.#generator = new Generator(seed)[fork]() as Generator;
    this.#before = this.#generator.getState();
    this.#order = this.#newOrder();
  }

  /** The samples of the next `count` mini-batches, [count · size]. */
  take(count: number): Int32Array {
    const taken = new Int32Array(count * this.size);
    for (let i = 0; i < count; i++) {
      if (this.#next + this.size > this.#length) {
        this.#before = this.#generator.getState();
        this.#order = this.#newOrder();
        this.#next = 0;
      }
      taken.set(this.#order.subarray(this.#next, this.#next + this.size), i * this.size);
      this.#next += this.size;
    }
    return taken;
  }

  /** The samples of the next mini-batch, as the loss takes them. */
  takeSamples(): readonly Tensor[] {
    return this.#samplesOf(this.take(1));
  }

  /** All samples, as the loss takes them. */
  get all(): readonly Tensor[] {
    return this.hasData ? this.sources : [];
  }

  #samplesOf(order: Int32Array): readonly Tensor[] {
    if (this.size === this.#length) return this.all;
    return this.sources.map((source) => select(source, order));
  }

  #newOrder(): Int32Array {
    if (this.size === this.#length) return Int32Array.from({ length: this.#length }, (_, p) => p);
    return this.#generator.permutation(this.#length).storage.forReading().slice() as Int32Array;
  }

  save(): StrategyState {
    return { before: Float64Array.from(this.#before), next: this.#next };
  }

  /** Reads such a state and changes nothing. @returns what puts it in place. @throws ArgumentError */
  prepare(state: StateReader): () => void {
    const [low, high, blocks] = state.numbers("before", 3);
    const before = [low, high, blocks] as GeneratorState;
    const next = state.number("next", { min: 0, max: this.#length, integer: true });
    new Generator().setState(before);
    return () => {
      this.#generator.setState(before);
      this.#before = before;
      this.#order = this.#newOrder();
      this.#next = next;
    };
  }
}
