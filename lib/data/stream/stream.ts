import { types } from "node:util";
import { ArgumentError, DataError, ThalwegError } from "../../errors.js";
import {
  checkFlag,
  checkFunction,
  checkNumber,
  checkOptions,
  describe,
  isInstance,
  isPlainObject,
} from "../../options.js";
import { checkDType, type DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Epochs, generatorOf } from "../epochs.js";
import { Schema, type SchemaInputs } from "../schema/schema.js";
import { checkRow } from "../table/source.js";
import { Table } from "../table/table.js";
import { stack } from "./collate.js";

/** A sample or a row of a table, as an object. */
export type StreamRow = Readonly<Record<string, unknown>>;
/** What a source gives: a row, or rows together, in a list or a table. */
export type StreamItem = StreamRow | readonly StreamRow[] | Table;
/** A source of rows: a list, a generator, a Node.js `Readable`, a web stream, a database cursor. */
export type StreamSource = Iterable<StreamItem> | AsyncIterable<StreamItem>;

/** A mini-batch of a stream. */
export interface StreamBatch {
  readonly x: SchemaInputs;
  readonly y: Tensor;
}

export interface StreamOptions {
  /** Samples in a mini-batch. Default: 32. */
  readonly batchSize?: number;
  /**
   * Rows held for shuffling. Each row is drawn from these, and the next row of the source takes its place. A buffer of
   * the set's size shuffles it fully. Default: 0, the order of the source.
   */
  readonly shuffleBuffer?: number;
  /** Seed of the draws; they follow from it and the epoch's number alone. Default: 0. */
  readonly seed?: number;
  /** Turns rows into tensors. Default: none, for rows `{ x, y }` of numbers, lists, typed arrays or tensors. */
  readonly schema?: Schema<SchemaInputs>;
  /** Turns rows into `{ x, y }` instead: for ragged rows, see `pad`. Default: none. */
  readonly collate?: (rows: readonly StreamRow[]) => StreamBatch;
  /** The dtypes of x and y of rows `{ x, y }`: `{ y: "int32" }` for classes. Default: as `tensor` has them. */
  readonly dtypes?: { readonly x?: DType; readonly y?: DType };
  /** Leave out the last batch if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Mini-batches that are made ahead, while the last one is used. Default: 2. */
  readonly readAhead?: number;
}

const OPTIONS = [
  "batchSize",
  "shuffleBuffer",
  "seed",
  "schema",
  "collate",
  "dtypes",
  "dropLast",
  "readAhead",
] as const;

/**
 * Mini-batches of a source that need not fit into memory. `open` opens it anew for each epoch; rows are read ahead while the
 * last mini-batch is used, and shuffled through a buffer. Memory holds the buffer and `readAhead` + 1 mini-batches.
 *
 * A `for await` is an epoch. Where it is left early, the source is closed.
 *
 * @param open gives the rows, or a promise of them, for the epoch's number, from 0.
 * @throws ArgumentError, OptionError. An epoch rejects with DataError for an error of the source, which is its `cause`, or
 *   for a row that does not fit; the message has epoch and row.
 * @example
 * const rows = [{ age: 22, ok: false }, { age: 38, ok: true }, { age: 26, ok: true }];
 * const schema = data.Schema.learn(rows, { target: "ok" });
 * const set = data.stream(() => rows, { schema, batchSize: 2, shuffleBuffer: 100, seed: 1 });
 * for await (const { x: inputs, y: classes } of set) console.log(inputs.shape, classes.shape);   // [2, 1] [2], [1, 1] [1]
 */
export function stream(
  open: (epoch: number) => StreamSource | Promise<StreamSource>,
  options: StreamOptions = {},
): StreamDataset {
  return new StreamDataset(open, options);
}

/** The mini-batches of a source: see `stream`. */
export class StreamDataset implements AsyncIterable<StreamBatch> {
  readonly batchSize: number;
  readonly #open: (epoch: number) => StreamSource | Promise<StreamSource>;
  readonly #collate: (rows: readonly StreamRow[]) => StreamBatch;
  readonly #shuffleBuffer: number;
  readonly #seed: number;
  readonly #dropLast: boolean;
  readonly #readAhead: number;
  #epochs = 0;
  #hadRows = false;

  constructor(open: (epoch: number) => StreamSource | Promise<StreamSource>, options: StreamOptions = {}) {
    const where = "stream";
    checkFunction(where, "open", open);
    checkOptions(where, options, OPTIONS);
    this.#open = open;
    const whole = (name: "batchSize" | "shuffleBuffer" | "seed" | "readAhead", usual: number, min: number) =>
      checkNumber(where, name, options[name] ?? usual, { min, integer: true });
    this.batchSize = whole("batchSize", 32, 1);
    this.#shuffleBuffer = whole("shuffleBuffer", 0, 0);
    this.#seed = whole("seed", 0, 0);
    this.#readAhead = whole("readAhead", 2, 0);
    this.#dropLast = checkFlag(where, "dropLast", options.dropLast ?? false);
    this.#collate = collateOf(where, options);
  }

  /** The next epoch. */
  [Symbol.asyncIterator](): AsyncIterator<StreamBatch> {
    return this.epoch(this.#epochs++)[Symbol.asyncIterator]();
  }

  /** The epoch of that number, from 0. @throws ArgumentError */
  epoch(epoch: number): AsyncIterable<StreamBatch> {
    checkNumber("stream", "epoch", epoch, { min: 0, max: EPOCHS.most, integer: true });
    this.#epochs = Math.max(this.#epochs, epoch + 1);
    return { [Symbol.asyncIterator]: () => this.#ahead(epoch) };
  }

  /** The batches, of which the next ones are made while one is used. */
  async *#ahead(epoch: number): AsyncGenerator<StreamBatch> {
    const state = { isOver: false };
    const batches = this.#batches(epoch, state);
    const pending: Promise<IteratorResult<StreamBatch>>[] = [];
    try {
      for (;;) {
        while (pending.length <= this.#readAhead) {
          const next = batches.next();
          // Its error is thrown where it is waited for, below.
          next.catch(() => undefined);
          pending.push(next);
        }
        const { done, value } = await (pending.shift() as Promise<IteratorResult<StreamBatch>>);
        if (done === true) return;
        yield value;
      }
    } finally {
      state.isOver = true;
      // Not waited for: a source may take long for the row that is being read.
      batches.return(undefined).catch(() => undefined);
    }
  }

  async *#batches(epoch: number, state: { readonly isOver: boolean }): AsyncGenerator<StreamBatch> {
    let rows: Numbered[] = [];
    for await (const row of this.#shuffled(epoch, state)) {
      rows.push(row);
      if (rows.length < this.batchSize) continue;
      yield this.#collated(epoch, rows);
      rows = [];
    }
    if (rows.length > 0 && !this.#dropLast && !state.isOver) yield this.#collated(epoch, rows);
  }

  #collated(epoch: number, rows: readonly Numbered[]): StreamBatch {
    try {
      return this.#collate(rows.map(({ row }) => row));
    } catch (error) {
      if (!(error instanceof ThalwegError)) throw error;
      const { place, cause } = this.#culprit(rows) ?? { place: "", cause: error };
      throw new DataError(`stream: epoch ${epoch}${place}: ${withoutRow(messageOf(cause))}`, { cause });
    }
  }

  /** The first row that fails alone, and its error; null if each passes alone. */
  #culprit(rows: readonly Numbered[]): { readonly place: string; readonly cause: unknown } | null {
    for (const { row, at } of rows) {
      try {
        this.#collate([row]);
      } catch (cause) {
        return { place: `, row ${at}`, cause };
      }
    }
    return null;
  }

  async *#shuffled(epoch: number, state: { readonly isOver: boolean }): AsyncGenerator<Numbered> {
    const draw = drawsOf(this.#seed, epoch);
    const buffer: Numbered[] = [];
    for await (const row of this.#rows(epoch)) {
      if (state.isOver) return;
      if (buffer.length < this.#shuffleBuffer) buffer.push(row);
      else if (buffer.length === 0) yield row;
      else {
        const at = draw(buffer.length);
        const given = buffer[at] as Numbered;
        buffer[at] = row;
        yield given;
      }
    }
    while (buffer.length > 0) {
      const at = draw(buffer.length);
      const given = buffer[at] as Numbered;
      buffer[at] = buffer.at(-1) as Numbered;
      buffer.pop();
      yield given;
    }
  }

  async *#rows(epoch: number): AsyncGenerator<Numbered> {
    const where = `stream: epoch ${epoch}`;
    let at = 0;
    try {
      const source: unknown = await this.#open(epoch);
      for await (const item of checkSource(where, source)) {
        for (const row of rowsIn(where, item, at)) yield { row, at: at++ };
      }
    } catch (error) {
      if (error instanceof DataError && error.message.startsWith(where)) throw error;
      throw new DataError(`${where}, row ${at}: the source failed: ${messageOf(error)}`, { cause: error });
    }
    if (at === 0) {
      const why = this.#hadRows ? "; open has to open the source anew each time" : "";
      throw new DataError(`${where}: the source gave no rows${why}`);
    }
    this.#hadRows = true;
  }
}

/** A row and its place in the source. */
interface Numbered {
  readonly row: StreamRow;
  readonly at: number;
}

// An epoch has at most 2^32 draws.
const EPOCHS: Epochs = { blocks: 2 ** 30, most: 2 ** 22 };
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

function checkSource(where: string, source: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  const isObject = typeof source === "object" && source !== null && !types.isProxy(source);
  if (isObject && (Symbol.asyncIterator in source || Symbol.iterator in source)) {
    return source as AsyncIterable<unknown>;
  }
  throw new DataError(`${where}: expected open to give rows one after the other, got ${describe(source)}`);
}

function rowsIn(where: string, item: unknown, at: number): Iterable<StreamRow> {
  if (isInstance(item, Table)) return item;
  const list: readonly unknown[] = Array.isArray(item) && !types.isProxy(item) ? item : [item];
  return list.map((row, i) => {
    try {
      return checkRow(where, row, at + i);
    } catch (cause) {
      throw new DataError((cause as Error).message, { cause });
    }
  });
}

/** The message of a schema about a row that was given alone, whose place is said already. */
const withoutRow = (message: string): string =>
  message.replace(/^(\w+: )row 0(?=, column | has )(?:, )?/, (all, begin: string) =>
    all.endsWith(", ") ? begin : `${begin}the row`,
  );

/** The message of what was thrown, which may be no error. */
const messageOf = (error: unknown): string => (types.isNativeError(error) ? error.message : describe(error));

function collateOf(where: string, options: StreamOptions): (rows: readonly StreamRow[]) => StreamBatch {
  const { schema, collate, dtypes = {} } = options;
  if (schema !== undefined && collate !== undefined) {
    throw new ArgumentError(`${where}: expected either schema or collate, got both`);
  }
  if (collate !== undefined) {
    checkFunction(where, "collate", collate);
    return collate;
  }
  if (schema !== undefined) {
    if (!isInstance(schema, Schema)) {
      throw new ArgumentError(`${where}: expected schema to be a Schema, got ${describe(schema)}`);
    }
    return (rows) => schema.transform(rows);
  }
  checkOptions(`${where}: dtypes`, dtypes, ["x", "y"]);
  const read = isPlainObject(dtypes) ? dtypes : {};
  const dtypeOf = (name: "x" | "y") => (read[name] === undefined ? undefined : checkDType(where, read[name]));
  const [ofX, ofY] = [dtypeOf("x"), dtypeOf("y")];
  return (rows) => {
    const absent = rows.findIndex((row) => !Object.hasOwn(row, "x") || !Object.hasOwn(row, "y"));
    if (absent >= 0) {
      throw new DataError("expected rows { x, y }; pass a schema or collate for others");
    }
    const part = (name: "x" | "y", dtype: DType | undefined) =>
      stack(
        name,
        rows.map((row) => row[name]),
        dtype,
      );
    return { x: part("x", ofX), y: part("y", ofY) };
  };
}
