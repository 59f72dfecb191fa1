// The rows of a source, shuffled through a buffer and cut into mini-batches.

import { types } from "node:util";
import { DataError } from "../../errors.js";
import { describe, isInstance } from "../../options.js";
import { messageOf } from "../../realms.js";
import { sizeOf } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { type AnyDataset, Dataset } from "../dataset.js";
import { type Epochs, generatorOf } from "../epochs.js";
import { formOf, type Parts, partsIn } from "../parts.js";
import { asTensor } from "../samples.js";
import { checkRow } from "../table/source.js";
import { Table } from "../table/table.js";
import type { StreamRow, StreamSource } from "./stream.js";

/** A row and its place in the source. */
export interface Numbered {
  readonly row: StreamRow;
  readonly at: number;
}

/** How an epoch is read. */
export interface Reading {
  readonly open: (epoch: number) => StreamSource | Promise<StreamSource>;
  /** From 0. */
  readonly epoch: number;
  readonly batchSize: number;
  /** Rows held for shuffling. */
  readonly shuffleBuffer: number;
  readonly seed: number;
}

/** One epoch of a source. */
export class RowReader {
  readonly #reading: Reading;
  readonly #where: string;
  #source: unknown = null;
  #isStopped = false;
  /** Rows that the source has given. */
  #count = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#where = `stream: epoch ${reading.epoch}`;
  }

  /** Rows that the source has given. */
  get count(): number {
    return this.#count;
  }

  /** Ends the reading where the source gives the next row. A Node.js stream is destroyed at once. */
  stop(): void {
    this.#isStopped = true;
    const { destroy } = (this.#source ?? {}) as { destroy?: unknown };
    if (types.isProxy(this.#source) || typeof destroy !== "function") return;
    destroy.call(this.#source);
  }

  /** The rows of each mini-batch. @throws DataError for an error of the source, with its row */
  async *batches(): AsyncGenerator<readonly Numbered[]> {
    const { batchSize } = this.#reading;
    const buffer = new ShuffleBuffer(this.#reading);
    let batch: Numbered[] = [];
    const iterator = await this.#named(async () => this.#open());
    let isOpen = true;
    try {
      for (;;) {
        isOpen = false;
        // A source that is no asynchronous one is read without a promise for each row.
        const step = this.#named(() => iterator.next());
        const { done, value } = types.isPromise(step) ? await this.#named(() => step) : step;
        if (done === true) break;
        isOpen = true;
        const item = types.isPromise(value) ? await this.#named(() => value) : value;
        for (const row of this.#named(() => this.#rowsIn(item))) {
          const given = buffer.put({ row, at: this.#count++ });
          if (given === null) continue;
          if (batch.push(given) < batchSize) continue;
          yield batch;
          batch = [];
          if (this.#isStopped) return;
        }
        if (this.#isStopped) return;
      }
    } finally {
      if (isOpen) await iterator.return?.();
    }
    for (const row of buffer.rest()) {
      if (batch.push(row) < batchSize) continue;
      yield batch;
      batch = [];
      if (this.#isStopped) return;
    }
    if (batch.length > 0) yield batch;
  }

  async #open(): Promise<Iterator<unknown> | AsyncIterator<unknown>> {
    this.#source = await this.#reading.open(this.#reading.epoch);
    // It may have been stopped meanwhile.
    if (this.#isStopped) this.stop();
    const source = this.#source;
    const isObject = typeof source === "object" && source !== null && !types.isProxy(source);
    if (isObject && Symbol.asyncIterator in source) {
      return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    }
    if (isObject && Symbol.iterator in source) return (source as Iterable<unknown>)[Symbol.iterator]();
    throw new DataError(
      `${this.#where}: expected open to give rows one after the other, got ${describe(source)}`,
    );
  }

  /** Runs what the source does; its error becomes one that names the row. */
  #named<T>(run: () => T): T {
    try {
      const result = run();
      if (!types.isPromise(result)) return result;
      return result.catch((error: unknown) => {
        throw this.#errorOf(error);
      }) as T;
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  #errorOf(error: unknown): DataError {
    if (error instanceof DataError && error.message.startsWith(this.#where)) return error;
    const message = `${this.#where}, row ${this.#count}: the source failed: ${messageOf(error)}`;
    return new DataError(message, { cause: error });
  }

  #rowsIn(item: unknown): Iterable<StreamRow> {
    if (isInstance(item, Table)) return item;
    if (isInstance(item, Dataset)) return rowsOfSet(item as AnyDataset);
    const list: readonly unknown[] = Array.isArray(item) && !types.isProxy(item) ? item : [item];
    list.forEach((row, i) => {
      try {
        checkRow(this.#where, row, this.#count + i);
      } catch (cause) {
        throw new DataError((cause as Error).message, { cause });
      }
    });
    return list as readonly StreamRow[];
  }
}

/** The samples of a set as rows, over the same memory. */
function* rowsOfSet({ x, y, w, length }: AnyDataset): Generator<StreamRow> {
  const [ofX, ofY] = [x, y].map(samplesOf) as [(at: number) => unknown, (at: number) => unknown];
  const weights = w?.storage.forReading();
  for (let at = 0; at < length; at++) {
    const row = { x: ofX(at), y: ofY(at) };
    yield weights === undefined ? row : { ...row, w: weights[at] };
  }
}

/** Gives each sample of parts. */
function samplesOf(parts: Parts): (at: number) => unknown {
  const form = formOf(parts);
  const each = partsIn(parts).map((part) => {
    const { storage, shape, dtype } = asTensor(part);
    const values = storage.forReading();
    const own = shape.slice(1);
    const size = sizeOf(own);
    return (at: number) => new Tensor(values.subarray(at * size, (at + 1) * size), own, dtype);
  });
  if (form.kind === "one") return each[0] as (at: number) => Tensor;
  return (at) => Object.fromEntries(form.names.map((name, i) => [name, each[i]?.(at)]));
}

/** Rows of which one is drawn for each that comes. */
class ShuffleBuffer {
  readonly #size: number;
  readonly #draw: (below: number) => number;
  readonly #rows: Numbered[] = [];

  constructor({ shuffleBuffer, seed, epoch }: Reading) {
    this.#size = shuffleBuffer;
    this.#draw = drawsOf(seed, epoch);
  }

  /** Takes a row in. @returns the one that it replaces; null while the buffer is not full. */
  put(row: Numbered): Numbered | null {
    const rows = this.#rows;
    if (this.#size === 0) return row;
    if (rows.length < this.#size) {
      rows.push(row);
      return null;
    }
    const at = this.#draw(rows.length);
    const given = rows[at] as Numbered;
    rows[at] = row;
    return given;
  }

  /** The rows that are left. */
  *rest(): Generator<Numbered> {
    const rows = this.#rows;
    while (rows.length > 0) {
      const at = this.#draw(rows.length);
      const given = rows[at] as Numbered;
      rows[at] = rows.at(-1) as Numbered;
      rows.pop();
      yield given;
    }
  }
}

/** The epochs of a stream: each has at most 2^32 draws. */
export const EPOCHS: Epochs = { blocks: 2 ** 30, most: 2 ** 22 };
const AT_ONCE = 1024;

/** Draws whole numbers below a bound, from the seed and the epoch's number. */
function drawsOf(seed: number, epoch: number): (below: number) => number {
  const generator = generatorOf(seed, epoch, EPOCHS);
  let numbers = new Float64Array(0);
  let at = 0;
  return (below) => {
    if (at === numbers.length) {
      numbers = generator
        .uniform([AT_ONCE], { dtype: "float64" })
        .storage.forReading() as Float64Array<ArrayBuffer>;
      at = 0;
    }
    return Math.floor((numbers[at++] as number) * below);
  };
}
