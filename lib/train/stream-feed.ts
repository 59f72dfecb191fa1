// The mini-batches of a stream, gathered in the engine's memory while it computes the ones before.

import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Source } from "../compiler/executable.js";
import { Bytes } from "../data/bytes.js";
import { asTheyLie } from "../data/epochs.js";
import type { Part } from "../data/parts.js";
import { stored, toSource } from "../data/samples.js";
import { takeFrom } from "../data/split/set.js";
import {
  type EpochOptions,
  type NumberedBatch,
  type NumberedBatches,
  numbered,
  type StreamDataset,
} from "../data/stream/stream.js";
import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { type NativeMemory, newMemory } from "../native/binding.js";
import { describe, isInstance } from "../options.js";
import { withResolvers } from "../tensor/run.js";
import { format, sameShape, type TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { BatchParts } from "./batch-use.js";
import type { EpochId, EpochSize, Feed, Portion } from "./feed.js";
import type { Rows } from "./steps.js";
import { giveWay } from "./turn.js";

export interface StreamFeedOptions {
  /** Mini-batches of a step. */
  readonly accumulate: number;
  /** Takes a mini-batch apart. @throws where it does not fit */
  readonly take: (batch: unknown) => BatchParts;
}

/** Bytes of rows that are gathered for one call of the engine, if they are of more than one step. */
const GATHERED_BYTES = 8 * 2 ** 20;
const GATHERED_STEPS = 256;

/** A stream of mini-batches of any form. */
export type AnyStream = StreamDataset<unknown, unknown>;

/** How the epochs of a stream are read. */
export type Reading = Partial<Pick<EpochOptions, "dropLast" | "inOrder">>;

/** An epoch of a stream whose first mini-batch has been read. */
export class OpenedStream {
  readonly stream: AnyStream;
  readonly pass: number;
  readonly how: Reading;
  readonly first: NumberedBatch;
  readonly #rest: NumberedBatches;
  #isLeft = true;

  constructor(stream: AnyStream, pass: number, how: Reading, first: NumberedBatch, rest: NumberedBatches) {
    this.stream = stream;
    this.pass = pass;
    this.how = how;
    this.first = first;
    this.#rest = rest;
  }

  /** The mini-batches of the epoch; null if they have been taken or the source was closed. */
  take(): NumberedBatches | null {
    if (!this.#isLeft) return null;
    this.#isLeft = false;
    const { batches, stop } = this.#rest;
    return { batches: startingWith(this.first, batches), stop };
  }

  /** Closes the source, if the mini-batches have not been taken. */
  async close(): Promise<void> {
    if (this.#isLeft) await this.#rest.batches.return(undefined);
    this.#isLeft = false;
  }
}

/** The epoch of a stream that is evaluated. */
export const EVALUATED = 0;

/** Options that a stream has not, and what does that of a stream. */
const OF_SETS = {
  shuffle: "a stream shuffles by its shuffleBuffer",
  sampler: "a stream gives the rows that its source gives",
  seed: "a stream has its own seed",
  sampleWeight: "give each row a weight: { x, y, w }",
  validationSplit: "give another stream as validation, of a source that has the other rows",
} as const;

/** @throws ArgumentError for options that are for sets in memory, and for another batch size than the stream's. */
export function checkStreamOptions(
  where: string,
  options: { readonly [name: string]: unknown },
  stream: AnyStream,
): void {
  const { batchSize = stream.batchSize } = options;
  if (batchSize !== stream.batchSize) {
    throw new ArgumentError(
      `${where}: expected batchSize to be that of the stream, ${stream.batchSize}, got ${describe(batchSize)}`,
    );
  }
  for (const [name, instead] of Object.entries(OF_SETS)) {
    if (options[name] === undefined) continue;
    throw new ArgumentError(`${where}: ${name} is for sets in memory; ${instead}`);
  }
}

/** The next mini-batch. @throws as the stream; the reason of a signal that is aborted, and then the source is closed */
async function nextOf(
  { batches, stop }: NumberedBatches,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<NumberedBatch>> {
  const { promise: aborted, resolve } = withResolvers();
  const abort = (): void => resolve();
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort);
  try {
    const next = await Promise.race([aborted, batches.next()]);
    if (next !== undefined) return next;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  stop();
  await closed(batches);
  throw signal?.reason;
}

/** Closes the source. Waits at most as long as the event loop takes, as the stream itself does. */
const closed = (batches: AsyncGenerator<unknown>): Promise<unknown> =>
  Promise.race([batches.return(undefined).catch(() => undefined), setImmediate()]);

/** Reads the first mini-batch of an epoch. @throws as the stream */
export async function openStream(
  stream: AnyStream,
  pass: number,
  how: Reading,
  signal?: AbortSignal,
): Promise<OpenedStream> {
  const rest = stream[numbered](pass, how);
  const { done, value } = await nextOf(rest, signal);
  if (done === true) throw tooFew(pass, stream);
  return new OpenedStream(stream, pass, how, value, rest);
}

/** Reads the first mini-batch of what is evaluated: all rows in the order of the source. @throws as the stream */
export const openEvaluated = (stream: AnyStream, signal?: AbortSignal): Promise<OpenedStream> =>
  openStream(stream, EVALUATED, { inOrder: true }, signal);

/** A stream. Memory holds the rows of two calls of the engine. */
export class StreamFeed implements Feed {
  readonly order = "stream";
  readonly samples = null;
  readonly specs: readonly TensorSpec[];
  readonly #opened: OpenedStream;
  readonly #stream: AnyStream;
  readonly #options: StreamFeedOptions;
  readonly #slots = [new Slot(), new Slot()] as const;
  /** Of the last epoch that was read to its end. */
  #known: { readonly samples: number; readonly steps: number } | null = null;

  constructor(opened: OpenedStream, options: StreamFeedOptions) {
    this.#opened = opened;
    this.#stream = opened.stream;
    this.#options = options;
    this.specs = Object.values(this.#taken(opened.first, opened.pass).parts);
  }

  begin(): void {}

  sizeOf(): EpochSize {
    const part = this.#stream.batchSize;
    return {
      samples: this.#known?.samples ?? Infinity,
      steps: this.#known?.steps ?? Infinity,
      part,
      batchSize: part * this.#options.accumulate,
    };
  }

  async *portions(
    { pass }: Pick<EpochId, "pass">,
    done: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Portion> {
    signal?.throwIfAborted();
    const { batches, stop } = await this.#read(pass, done * this.#options.accumulate);
    const filler = new Filler(this.#steps(pass, batches), stop, this.#slots);
    const abort = (): void => filler.fail(signal?.reason);
    signal?.addEventListener("abort", abort);
    const part = this.#stream.batchSize;
    try {
      for (let slot = await filler.next(); slot !== null; slot = await filler.next()) {
        yield { set: slot, order: slot.order(), part, batchSize: slot.batchSize };
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      await filler.stop();
    }
    const { samples, steps } = filler;
    if (done > 0) return;
    if (steps === 0) throw tooFew(pass, this.#stream);
    this.#known = { samples, steps };
  }

  /** The mini-batches of an epoch. */
  async *batches({ pass }: Pick<EpochId, "pass">, signal?: AbortSignal): AsyncGenerator<BatchParts> {
    const rest = await this.#read(pass, 0);
    try {
      for (;;) {
        const { done, value } = await nextOf(rest, signal);
        if (done === true) return;
        yield this.#taken(value, pass).parts;
      }
    } finally {
      await closed(rest.batches);
    }
  }

  /** The mini-batches of an epoch after these. */
  async #read(pass: number, skip: number): Promise<NumberedBatches> {
    const opened = this.#opened.pass === pass && skip === 0 ? this.#opened.take() : null;
    if (opened !== null) return opened;
    await this.#opened.close();
    return this.#stream[numbered](pass, { ...this.#opened.how, skip });
  }

  /** The mini-batches of each step. */
  async *#steps(pass: number, batches: AsyncGenerator<NumberedBatch>): AsyncGenerator<readonly Taken[]> {
    const { accumulate } = this.#options;
    let step: Taken[] = [];
    for await (const batch of batches) {
      const taken = this.#taken(batch, pass);
      const [first = taken] = step;
      if (!areAlike(first.parts, taken.parts)) throw unlike(pass, first.parts, taken.parts);
      if (step.push(taken) < accumulate) continue;
      yield step;
      step = [];
    }
    if (step.length > 0) yield step;
  }

  #taken({ batch, places }: NumberedBatch, pass: number): Taken {
    try {
      const parts = this.#options.take(batch);
      const samples = Object.values(parts)[0]?.shape[0] as number;
      // Where collate gives more or fewer samples than rows, a sample has no place.
      const names = samples === places.length ? places.map((at) => `row ${at} of epoch ${pass}`) : null;
      return { parts, samples, places: names };
    } catch (error) {
      if (!isInstance(error, ThalwegError)) throw error;
      const at = this.#culprit(batch, places.length);
      const where = at < 0 ? `rows ${places[0]} to ${places.at(-1)}` : `row ${places[at]}`;
      error.message += ` (${where} of epoch ${pass} of the stream)`;
      throw error;
    }
  }

  /** The first sample that does not fit alone; -1 if there is none. */
  #culprit(batch: unknown, samples: number): number {
    for (let sample = 0; sample < samples; sample++) {
      try {
        this.#options.take(takeFrom(batch, Int32Array.of(sample)));
      } catch {
        return sample;
      }
    }
    return -1;
  }

  async close(): Promise<void> {
    await this.#opened.close();
    for (const slot of this.#slots) slot.close();
  }
}

async function* startingWith<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

const tooFew = (pass: number, { batchSize }: AnyStream): DataError =>
  new DataError(
    `stream: epoch ${pass}: the source gave fewer rows than a mini-batch of ${batchSize}, and dropLast leaves it out`,
  );

function unlike(pass: number, first: BatchParts, other: BatchParts): DataError {
  const name = Object.keys(first).find((part) => !isAlike(first[part], other[part])) as string;
  const [one, two] = [first, other].map((parts) => {
    const { dtype, shape } = parts[name] as Part;
    return `${dtype} ${format(shape)}`;
  });
  return new DataError(
    `stream: epoch ${pass}: the mini-batches of a step need one shape; pad to one \`length\`, or accumulate: 1; got ${name} ${one} and ${two}`,
  );
}

interface Taken {
  readonly parts: BatchParts;
  readonly samples: number;
  /** What the samples are called; null where it is not known. */
  readonly places: readonly string[] | null;
}

/** Rows of some steps in the engine's memory, which is used again. */
class Slot implements Rows {
  parts: Readonly<Record<string, TensorSpec>> = {};
  sources: readonly Source[] = [];
  /** Samples in a step. */
  batchSize = 0;
  steps = 0;
  #room = 0;
  memories: readonly NativeMemory[] = [];
  #bytes: readonly number[] = [];
  #places: (readonly string[] | null)[] = [];

  /** Whether nothing more goes in. */
  get isFull(): boolean {
    return this.steps >= this.#room;
  }

  /** Adds the rows of a step. @returns whether it could: all steps are alike. */
  put(step: readonly Taken[]): boolean {
    const samples = step.reduce((sum, batch) => sum + batch.samples, 0);
    const [{ parts }] = step as [Taken];
    if (this.steps === 0) this.#begin(parts, samples);
    else if (this.isFull || samples !== this.batchSize || !areAlike(this.parts, parts)) return false;
    let row = this.steps * samples;
    for (const batch of step) {
      this.#write(batch, row);
      row += batch.samples;
    }
    this.steps++;
    return true;
  }

  /** Makes room for steps of that size. */
  #begin(parts: BatchParts, samples: number): void {
    this.parts = parts;
    this.batchSize = samples;
    const list = Object.values(parts);
    const rowBytes = list.map((part) => stored(part).byteLength / (part.shape[0] as number));
    const stepBytes = samples * rowBytes.reduce((sum, bytes) => sum + bytes, 0);
    this.#room = Math.min(GATHERED_STEPS, Math.max(1, Math.floor(GATHERED_BYTES / Math.max(1, stepBytes))));
    const rows = this.#room * samples;
    const needed = rowBytes.map((bytes) => bytes * rows);
    if (
      needed.length !== this.#bytes.length ||
      needed.some((bytes, i) => bytes > (this.#bytes[i] as number))
    ) {
      this.close();
      this.#bytes = needed;
      this.memories = needed.map(newMemory);
    }
    this.sources = list.map((part, i) => ({
      ...toSource(part, this.memories[i] as NativeMemory),
      rows,
      rowBytes: rowBytes[i] as number,
    }));
  }

  #write({ parts, places }: Taken, row: number): void {
    Object.values(parts).forEach((part, i) => {
      this.memories[i]?.write(stored(part), row * (this.sources[i] as Source).rowBytes);
    });
    this.#places.push(places);
  }

  /** All rows in their order. */
  order(): Int32Array {
    return asTheyLie(this.steps * this.batchSize);
  }

  placeOf(row: number): string {
    let at = row;
    for (const places of this.#places) {
      if (places === null) break;
      if (at < places.length) return places[at] as string;
      at -= places.length;
    }
    return `sample ${row}`;
  }

  clear(): void {
    this.steps = 0;
    this.#places = [];
  }

  close(): void {
    for (const memory of this.memories) memory.release();
    this.memories = [];
    this.#bytes = [];
  }
}

/** Whether samples have the same parts, but for their number. */
function areAlike(a: Readonly<Record<string, TensorSpec>>, b: BatchParts): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isAlike(a[name], b[name]));
}

function isAlike(a: TensorSpec | undefined, b: Tensor | Bytes | undefined): boolean {
  if (a === undefined || b === undefined || a.dtype !== b.dtype) return false;
  if (!sameShape(a.shape.slice(1), b.shape.slice(1))) return false;
  const [one, other] = [a, b].map((part) => (part instanceof Bytes ? part : null));
  return one?.scale === other?.scale && one?.zeroPoint === other?.zeroPoint;
}

/** A use of a slot that takes longer than this makes the cost of changing slots small. */
const LONG_MILLISECONDS = 2;

/** Fills slots in turn with the steps of an epoch, ahead of who takes them. */
class Filler {
  readonly #steps: AsyncGenerator<readonly Taken[]>;
  readonly #stopReading: () => void;
  /** The slot that is filled, and the one that is used. */
  #filling: Slot;
  #using: Slot;
  /** Whether the filled slot takes no more: it is full, or the next step is another one. */
  #isClosed = false;
  #isOver = false;
  #failure: { readonly error: unknown } | null = null;
  /** Ends when something of the above has changed. */
  #changed = withResolvers();
  /** When the last slot was given. */
  #given = 0;
  samples = 0;
  steps = 0;

  constructor(
    steps: AsyncGenerator<readonly Taken[]>,
    stopReading: () => void,
    [filling, using]: readonly [Slot, Slot],
  ) {
    this.#steps = steps;
    this.#stopReading = stopReading;
    this.#filling = filling;
    this.#using = using;
    for (const slot of [filling, using]) slot.clear();
    this.#run().then(
      () => this.#end(null),
      (error: unknown) => this.#end({ error }),
    );
  }

  async #run(): Promise<void> {
    for await (const step of this.#steps) {
      while (!this.#isOver && !this.#filling.put(step)) {
        this.#isClosed = true;
        this.#tell();
        await this.#changed.promise;
      }
      if (this.#isOver) return;
      this.steps++;
      for (const { samples } of step) this.samples += samples;
      this.#isClosed = this.#filling.isFull;
      this.#tell();
      await giveWay();
    }
  }

  #end(failure: { readonly error: unknown } | null): void {
    if (this.#isOver) return;
    this.#failure = failure;
    this.#isOver = true;
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = withResolvers();
    resolve();
  }

  /**
   * The next slot; null after the last one. It is full if the source is quick, otherwise it holds what is there. The slot
   * before is then filled again.
   * @throws the error of the steps, after the steps before it have been given
   */
  async next(): Promise<Slot | null> {
    const wasLong = this.#filling.steps > 0 && performance.now() - this.#given > LONG_MILLISECONDS;
    if (!this.#isClosed && !this.#isOver && !wasLong) await setImmediate();
    while (this.#filling.steps === 0 && !this.#isOver) await this.#changed.promise;
    if (this.#filling.steps === 0) {
      if (this.#failure !== null) throw this.#failure.error;
      return null;
    }
    [this.#filling, this.#using] = [this.#using, this.#filling];
    this.#filling.clear();
    this.#isClosed = false;
    this.#tell();
    this.#given = performance.now();
    return this.#using;
  }

  /** Ends what is waited for with an error. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  /** Ends the filling and closes the source, which is waited for as the stream waits. */
  async stop(): Promise<void> {
    const isEarly = !this.#isOver || this.#failure !== null;
    this.#end(null);
    if (isEarly) this.#stopReading();
    await closed(this.#steps);
  }
}
