import { setImmediate } from "node:timers/promises";
import { ArgumentError, DataError, ThalwegError } from "../../errors.js";
import { checkFlag, checkFunction, checkNumber, checkOptions, isPlainObject } from "../../options.js";
import { messageOf } from "../../realms.js";
import { checkDType, type DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { AnyDataset } from "../dataset.js";
import { checkSchema, type Schema, type SchemaInputs } from "../schema/schema.js";
import type { Table } from "../table/table.js";
import { stack, weightsOf } from "./collate.js";
import { EPOCHS, type Numbered, RowReader } from "./rows.js";

/** A sample or a row of a table, as an object. */
export type StreamRow = Readonly<Record<string, unknown>>;
/** What a source gives: a row, or rows together, in a list, a table or a set. */
export type StreamItem = StreamRow | readonly StreamRow[] | Table | AnyDataset;
/** A source of rows: a list, a generator, a Node.js `Readable`, a web stream, a database cursor. */
export type StreamSource = Iterable<StreamItem> | AsyncIterable<StreamItem>;

/** A mini-batch of a stream. */
export interface StreamBatch<X = SchemaInputs, Y = Tensor> {
  readonly x: X;
  readonly y: Y;
  /** What each sample counts, numbers ≥ 0. Default: 1. */
  readonly w?: Tensor | ArrayLike<number>;
}

export interface StreamOptions<X = SchemaInputs, Y = Tensor> {
  /** Samples in a mini-batch. Default: 32. */
  readonly batchSize?: number;
  /**
   * Rows held for shuffling. Each row is drawn from these, and the next row of the source takes its place. A buffer of
   * the set's size shuffles it fully. For training: `evaluate`, `predict` and `validation` take the order of the source.
   * Default: 0, the order of the source.
   */
  readonly shuffleBuffer?: number;
  /** Seed of the draws; they follow from it and the epoch's number alone. Default: 0. */
  readonly seed?: number;
  /**
   * Turns rows into tensors. Default: none, for rows `{ x, y }`, or `{ x, y, w }` with what each counts, of numbers,
   * lists, typed arrays or tensors; for several inputs or targets, objects of those. A row without w counts 1. The first
   * mini-batch has w if a later one has.
   */
  readonly schema?: Schema<SchemaInputs>;
  /**
   * Turns rows into `{ x, y }` instead: for ragged rows, see `pad`. Give new tensors in each call: batches that are made
   * ahead wait, and a tensor that is filled again would change them. Default: none.
   */
  readonly collate?: (rows: readonly StreamRow[]) => StreamBatch<X, Y>;
  /** The dtypes of x and y of rows `{ x, y }`: `{ y: "int32" }` for classes. Default: as `tensor` has them. */
  readonly dtypes?: { readonly x?: DType; readonly y?: DType };
  /**
   * Leave out the last batch if it is not full. For training: `evaluate`, `predict` and `validation` take all rows.
   * Default: false.
   */
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
export function stream<X = SchemaInputs, Y = Tensor>(
  open: (epoch: number) => StreamSource | Promise<StreamSource>,
  options: StreamOptions<X, Y> = {},
): StreamDataset<X, Y> {
  return new StreamDataset(open, options);
}

/** The name of the method that gives mini-batches with their rows' places. */
export const numbered = Symbol("numbered");

type Open = (epoch: number) => StreamSource | Promise<StreamSource>;

/** The mini-batches of a source: see `stream`. */
export class StreamDataset<X = SchemaInputs, Y = Tensor> implements AsyncIterable<StreamBatch<X, Y>> {
  readonly batchSize: number;
  readonly #open: Open;
  readonly #openInOrder: Open;
  readonly #collate: Collate<StreamBatch<X, Y>>;
  readonly #shuffleBuffer: number;
  readonly #seed: number;
  readonly #dropLast: boolean;
  readonly #readAhead: number;
  #epochs = 0;
  #hadRows = false;

  /** @param openInOrder opens the same source unshuffled, for `evaluate`, `predict` and `validation`. Default: `open`. */
  constructor(open: Open, options: StreamOptions<X, Y> = {}, openInOrder: Open = open) {
    const where = "stream";
    checkFunction(where, "open", open);
    checkFunction(where, "openInOrder", openInOrder);
    checkOptions(where, options, OPTIONS);
    this.#open = open;
    this.#openInOrder = openInOrder;
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
  [Symbol.asyncIterator](): AsyncIterator<StreamBatch<X, Y>> {
    return this.epoch(this.#epochs++)[Symbol.asyncIterator]();
  }

  /** The epoch of that number, from 0. @throws ArgumentError */
  epoch(epoch: number): AsyncIterable<StreamBatch<X, Y>> {
    checkNumber("stream", "epoch", epoch, { min: 0, max: EPOCHS.most, integer: true });
    this.#epochs = Math.max(this.#epochs, epoch + 1);
    const read = () => this[numbered](epoch).batches;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const { batch } of read()) yield batch;
      },
    };
  }

  /**
   * The batches of an epoch with their rows' places, of which the next ones are made while one is used.
   * @internal
   */
  [numbered](
    epoch: number,
    { skip = 0, dropLast = false, inputsOnly = false, inOrder = false }: Partial<EpochOptions> = {},
  ): NumberedBatches<X, Y> {
    const { batchSize } = this;
    const open = inOrder ? this.#openInOrder : this.#open;
    const [shuffleBuffer, seed] = [inOrder ? 0 : this.#shuffleBuffer, this.#seed];
    const reader = new RowReader({ open, epoch, batchSize, shuffleBuffer, seed });
    const batches = this.#batches(epoch, reader, {
      skip,
      dropLast: !inOrder && (dropLast || this.#dropLast),
      inputsOnly,
    });
    return { batches: this.#ahead(reader, batches), stop: () => reader.stop() };
  }

  async *#ahead(
    reader: RowReader,
    batches: AsyncGenerator<NumberedBatch<X, Y>>,
  ): AsyncGenerator<NumberedBatch<X, Y>> {
    const pending: Promise<IteratorResult<NumberedBatch<X, Y>>>[] = [];
    let isOver = false;
    try {
      for (;;) {
        while (pending.length <= this.#readAhead) {
          const next = batches.next();
          // Its error is thrown where it is waited for, below.
          next.catch(() => undefined);
          pending.push(next);
        }
        const { done, value } = await (pending.shift() as Promise<IteratorResult<NumberedBatch<X, Y>>>);
        isOver = done === true;
        if (isOver) return;
        yield value;
      }
    } finally {
      if (!isOver) {
        reader.stop();
        // Waited for at most as long as the event loop takes: a source may take long for the row that is being read.
        await Promise.race([batches.return(undefined).catch(() => undefined), setImmediate()]);
      }
    }
  }

  async *#batches(
    epoch: number,
    reader: RowReader,
    { skip, dropLast, inputsOnly }: Omit<EpochOptions, "inOrder">,
  ): AsyncGenerator<NumberedBatch<X, Y>> {
    let batches = 0;
    for await (const rows of reader.batches()) {
      if (dropLast && rows.length < this.batchSize) continue;
      if (batches++ < skip) continue;
      yield { batch: this.#collated(epoch, rows, inputsOnly), places: rows.map(({ at }) => at) };
    }
    if (reader.count === 0) {
      const why = this.#hadRows ? "; open has to open the source anew each time" : "";
      throw new DataError(`stream: epoch ${epoch}: the source gave no rows${why}`);
    }
    this.#hadRows = true;
  }

  #collated(epoch: number, rows: readonly Numbered[], inputsOnly: boolean): StreamBatch<X, Y> {
    try {
      return this.#collate(
        rows.map(({ row }) => row),
        inputsOnly,
      );
    } catch (error) {
      if (!(error instanceof ThalwegError)) throw error;
      const { place, cause } = this.#culprit(rows, inputsOnly) ?? { place: "", cause: error };
      throw new DataError(`stream: epoch ${epoch}${place}: ${withoutRow(messageOf(cause))}`, { cause });
    }
  }

  /** The first row that fails alone, and its error; null if each passes alone. */
  #culprit(
    rows: readonly Numbered[],
    inputsOnly: boolean,
  ): { readonly place: string; readonly cause: unknown } | null {
    for (const { row, at } of rows) {
      try {
        this.#collate([row], inputsOnly);
      } catch (cause) {
        return { place: `, row ${at}`, cause };
      }
    }
    return null;
  }
}

/** A mini-batch, and the places of its rows in the source. */
export interface NumberedBatch<X = unknown, Y = unknown> {
  readonly batch: StreamBatch<X, Y>;
  readonly places: readonly number[];
}

/** An epoch. `stop` ends it also while the source is waited for. */
export interface NumberedBatches<X = unknown, Y = unknown> {
  readonly batches: AsyncGenerator<NumberedBatch<X, Y>>;
  stop(): void;
}

/** How an epoch is read. */
export interface EpochOptions {
  /** Mini-batches that are left out at the beginning. */
  readonly skip: number;
  /** Whether a last one that is not full is left out. */
  readonly dropLast: boolean;
  /** Whether the rows need no targets. */
  readonly inputsOnly: boolean;
  /** Whether all rows come, in the order of the source. */
  readonly inOrder: boolean;
}

/** Makes a mini-batch of rows, with `inputsOnly` only x. */
type Collate<B> = (rows: readonly StreamRow[], inputsOnly: boolean) => B;

/** The message of a schema about a row that was given alone, whose place is said already. */
const withoutRow = (message: string): string =>
  message.replace(/^(\w+: )row 0(?=, column | has )(?:, )?/, (all, begin: string) =>
    all.endsWith(", ") ? begin : `${begin}the row`,
  );

function collateOf<X, Y>(where: string, options: StreamOptions<X, Y>): Collate<StreamBatch<X, Y>> {
  const { schema, collate, dtypes = {} } = options;
  if (schema !== undefined && collate !== undefined) {
    throw new ArgumentError(`${where}: expected either schema or collate, got both`);
  }
  if (collate !== undefined) {
    checkFunction(where, "collate", collate);
    return (rows) => collate(rows);
  }
  if (schema !== undefined) {
    checkSchema(where, schema);
    return (rows, inputsOnly) =>
      (inputsOnly ? { x: schema.encode(rows) } : schema.transform(rows)) as StreamBatch<X, Y>;
  }
  checkOptions(`${where}: dtypes`, dtypes, ["x", "y"]);
  const read = isPlainObject(dtypes) ? dtypes : {};
  const dtypeOf = (name: "x" | "y") => (read[name] === undefined ? undefined : checkDType(where, read[name]));
  const [ofX, ofY] = [dtypeOf("x"), dtypeOf("y")];
  return (rows, inputsOnly) => {
    const has = (name: string) => (row: StreamRow) => Object.hasOwn(row, name);
    if (!rows.every(has("x")) || (!inputsOnly && !rows.every(has("y")))) {
      throw new DataError("expected rows { x, y }; pass a schema or collate for others");
    }
    const values = (name: string) => rows.map((row) => row[name]);
    const x = stack("x", values("x"), ofX);
    if (inputsOnly) return { x } as StreamBatch<X, Y>;
    const y = stack("y", values("y"), ofY);
    const w = weightsOf(rows);
    const batch: StreamBatch<unknown, unknown> = w === null ? { x, y } : { x, y, w };
    return batch as StreamBatch<X, Y>;
  };
}
