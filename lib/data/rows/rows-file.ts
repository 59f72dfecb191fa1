import * as fs from "node:fs";
import { promisify, types } from "node:util";
import { ArgumentError, DataError, FileError, IndexError } from "../../errors.js";
import { checkPath, type FilePath, fileError } from "../../files/path.js";
import { toTensor } from "../../formats/convert.js";
import type { StoredDType } from "../../formats/stored-array.js";
import {
  checkFlag,
  checkFunction,
  checkNumber,
  checkOptions,
  describe,
  isInstance,
  isPlainObject,
} from "../../options.js";
import { allocateUnset } from "../../tensor/dtype.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Bytes } from "../bytes.js";
import { orderOf } from "../epochs.js";
import { EPOCHS } from "../stream/rows.js";
import { type StreamBatch, StreamDataset, type StreamOptions } from "../stream/stream.js";
import {
  checkRowsOptions,
  HEAD_BYTES,
  type Layout,
  layoutOf,
  type Part,
  type RowPart,
  type RowsOptions,
  readParts,
} from "./layout.js";
import { RowsReader } from "./reader.js";

declare global {
  // The library "esnext.disposable" has it too, which TypeScript before 5.2 lacks.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

export interface RowBatchesOptions<P extends string = string, X = Tensor, Y = Tensor> {
  /** Rows in a mini-batch. Default: 32. */
  readonly batchSize?: number;
  /**
   * Read the rows in a new random order in each epoch: all orders are equally likely. For training: `evaluate`,
   * `predict` and `validation` take all rows in their order. Default: false.
   */
  readonly shuffle?: boolean;
  /** Seed of the orders; they follow from it and the epoch's number alone. Default: 0. */
  readonly seed?: number;
  /** Leave out the last batch if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Mini-batches that are read ahead, while the last one is used. Default: 2. */
  readonly readAhead?: number;
  /** Makes `{ x, y }`, or `{ x, y, w }`, of the parts. Default: the parts of these names. */
  readonly collate?: (parts: Readonly<Record<P, Tensor>>) => StreamBatch<X, Y>;
}

/**
 * Opens a file of rows of one size, which is read where rows are asked for: it may be larger than the memory. NPY files
 * and IDX files of bytes say themselves what their rows are; of others, `parts` says it. Several files with the same
 * number of rows may be opened as one.
 *
 * `read` gives any rows; `batches` gives mini-batches in a random order, read ahead, for `fit`. The file is not mapped
 * into memory: one that is cut off meanwhile is an error with its row.
 * @param files the path, or the path of each part.
 * @param parts the tensors that a row is made of, in their order. Default for an NPY or IDX file: `x`.
 * @throws FileError; DataError for files that do not consist of whole rows, of different lengths, big-endian or in
 *   Fortran's order; ShapeError, DTypeError for parts that do not fit; ArgumentError, OptionError
 * @example
 * // As CIFAR-10 has them: a label, then an image of 3 · 32 · 32 bytes.
 * const image = { dtype: "uint8", shape: [3, 32, 32], scale: 1 / 255 };
 * const file = await data.openRows("data_batch_1.bin", { y: { dtype: "uint8" }, x: image });
 * const read = await file.read([1, 0, 1]);
 * read.x.shape                               // [3, 3, 32, 32]
 * for await (const batch of file.batches({ batchSize: 128, shuffle: true })) console.log(batch.y.shape);
 * await file.close();
 */
export async function openRows<P extends string = "x">(
  file: FilePath,
  parts?: Readonly<Record<P, RowPart>>,
  options?: RowsOptions,
): Promise<RowsFile<P>>;
export async function openRows<P extends string>(
  files: Readonly<Record<P, FilePath>>,
  parts?: Readonly<Partial<Record<P, RowPart>>>,
  options?: RowsOptions,
): Promise<RowsFile<P>>;
export async function openRows(
  files: FilePath | Readonly<Record<string, FilePath>>,
  parts?: Readonly<Partial<Record<string, RowPart>>>,
  options: RowsOptions = {},
): Promise<RowsFile> {
  const where = "openRows";
  const said = readParts(where, parts);
  checkRowsOptions(where, options);
  const paths = pathsOf(where, files);
  const names = paths.flatMap(([name]) => (name === null ? [] : [name]));
  const other = said.find(([name]) => names.length > 0 && !names.includes(name));
  if (other !== undefined) {
    throw new ArgumentError(`${where}: expected the path of part ${describe(other[0])}, as of the others`);
  }
  const opened: OpenFile[] = [];
  try {
    for (const [name, path] of paths) {
      const own = said.filter(([part]) => name === null || part === name);
      const ofFile: [string, RowPart][] = name !== null && own.length === 0 ? [[name, {}]] : own;
      opened.push(await openOne(`${where}: ${path}`, path, ofFile, options));
    }
    const [first] = opened as [OpenFile];
    const odd = opened.find(({ layout }) => layout.length !== first.layout.length);
    if (odd !== undefined) {
      throw new DataError(
        `${where}: expected as many rows in each file, got ${first.layout.length} in ${first.path} and ${odd.layout.length} in ${odd.path}`,
      );
    }
    return new RowsFile(new OpenRows(opened, where));
  } catch (error) {
    await Promise.all(opened.map(({ reader }) => reader.close()));
    throw error;
  }
}

/** The path of each part, or one path, whose parts have names of their own. */
function pathsOf(where: string, files: unknown): [name: string | null, path: string][] {
  if (!isPlainObject(files)) return [[null, checkPath(where, files)]];
  const paths = Object.entries(files).map(([name, path]): [string, string] => [
    name,
    checkPath(`${where}: ${name}`, path),
  ]);
  if (paths.length === 0)
    throw new ArgumentError(`${where}: expected the path of at least one part, got none`);
  return paths;
}

/** A file that is open, and where its rows are. */
interface OpenFile {
  readonly path: string;
  readonly layout: Layout;
  readonly reader: RowsReader;
}

// Without O_NONBLOCK, opening a pipe waits for its writer. Windows lacks the flag.
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

async function openOne(
  where: string,
  path: string,
  parts: readonly [string, RowPart][],
  options: RowsOptions,
): Promise<OpenFile> {
  let reader: RowsReader | null = null;
  try {
    const file = await promisify(fs.open)(path, FLAGS);
    reader = new RowsReader(file, path);
    const found = await promisify(fs.fstat)(file);
    if (!found.isFile()) {
      throw new FileError(`${where} could not be read: it is a folder, a device or a pipe`);
    }
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await promisify(fs.read)(file, head, 0, HEAD_BYTES, 0);
    const layout = layoutOf(where, parts, options, head.subarray(0, bytesRead), found.size);
    return { path, layout, reader };
  } catch (error) {
    await reader?.close();
    throw fileError("openRows", path, "read", error);
  }
}

/** Rows as they were read, of each file. */
interface Block {
  readonly count: number;
  readonly bytes: readonly Uint8Array[];
}

/** The open files, which all views of them share. */
class OpenRows {
  readonly #files: readonly OpenFile[];
  readonly length: number;
  /** In the order in which they were given. */
  readonly parts: readonly Part[];

  constructor(files: readonly OpenFile[], where: string) {
    this.#files = files;
    this.length = (files[0] as OpenFile).layout.length;
    this.parts = files.flatMap(({ layout }) => layout.parts);
    if (this.parts.length === 0) throw new ArgumentError(`${where}: expected at least one part, got none`);
  }

  async read(where: string, rows: Int32Array): Promise<Block> {
    const reads = this.#files.map(({ reader, layout }) => reader.rows(where, rows, layout));
    // Wait for all reads: one that still runs would write into memory that is no longer used.
    await Promise.allSettled(reads);
    return { count: rows.length, bytes: await Promise.all(reads) };
  }

  /** Rows of a block as tensors, by the parts' names. */
  tensors(where: string, { bytes, count }: Block, rows: readonly number[] | null): Record<string, Tensor> {
    return Object.fromEntries(
      this.#files.flatMap(({ layout }, i) =>
        layout.parts.map((part) => {
          const places = rows ?? count;
          return [
            part.name,
            tensorOf(where, part, valuesOf(where, part, layout, bytes[i] as Uint8Array, places)),
          ];
        }),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map(({ reader }) => reader.close()));
  }
}

interface Values {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The bytes of a part of all of `count` rows, or of those listed. */
function valuesOf(
  where: string,
  { offset, bytes }: Part,
  { rowBytes }: Layout,
  from: Uint8Array,
  rows: readonly number[] | number,
): Values {
  if (typeof rows === "number" && bytes === rowBytes) return { count: rows, bytes: from };
  const count = typeof rows === "number" ? rows : rows.length;
  const into = allocateUnset("bool", count * bytes, where) as Uint8Array;
  for (let i = 0; i < count; i++) {
    const at = (typeof rows === "number" ? i : (rows[i] as number)) * rowBytes + offset;
    into.set(from.subarray(at, at + bytes), i * bytes);
  }
  return { count, bytes: into };
}

function tensorOf(where: string, part: Part, { count, bytes }: Values): Tensor {
  const { name, dtype, scale, zeroPoint, as } = part;
  const shape = [count, ...part.shape];
  if (scale === undefined) return toTensor(where, name, { dtype, shape, bytes }, { dtype: as });
  return new Bytes(bytes, shape, { scale, zeroPoint, ...(as === undefined ? {} : { dtype: as }) }).toTensor();
}

/** How a part is stored. */
export interface PartInfo {
  readonly dtype: StoredDType;
  /** Of a row. */
  readonly shape: Shape;
}

/** The rows of one or more open files, or some of them: see `openRows`. */
export class RowsFile<P extends string = string> {
  readonly #open: OpenRows;
  /** The rows in the file; null for all. */
  readonly #rows: Int32Array | null;

  /** @internal Use `openRows`. */
  constructor(open: object, rows: Int32Array | null = null) {
    if (!isInstance(open, OpenRows)) {
      throw new ArgumentError(`RowsFile: expected what openRows makes, got ${describe(open)}; use openRows`);
    }
    this.#open = open;
    this.#rows = rows;
  }

  /** Number of rows. */
  get length(): number {
    return this.#rows?.length ?? this.#open.length;
  }

  /** The names of the parts, with the shape of each in a row and how it is stored. */
  get parts(): Readonly<Record<P, PartInfo>> {
    const parts: Record<string, PartInfo> = Object.fromEntries(
      this.#open.parts.map(({ name, dtype, shape }) => [name, { dtype, shape: [...shape] }]),
    );
    return parts as Record<P, PartInfo>;
  }

  /**
   * Some rows, in the given order: each part as a tensor [rows, ...shape]. Rows that lie near each other are read
   * together, others at the same time.
   * @throws IndexError for a row outside [0, `length`); DataError if the file has become shorter, or a value does not fit
   *   its dtype; FileError, also after `close`; MemoryError; ArgumentError
   */
  async read(rows: Int32Array | readonly number[]): Promise<Record<P, Tensor>> {
    const where = "RowsFile.read";
    const block = await this.#open.read(where, this.#inFile(where, rows));
    return this.#open.tensors(where, block, null) as Record<P, Tensor>;
  }

  /** The rows [begin, end) of the same open file, such as those for validation. @throws ArgumentError */
  slice(begin: number, end: number = this.length): RowsFile<P> {
    checkNumber("RowsFile.slice", "begin", begin, { min: 0, max: this.length, integer: true });
    checkNumber("RowsFile.slice", "end", end, { min: begin, max: this.length, integer: true });
    return this.select(Int32Array.from({ length: end - begin }, (_, i) => begin + i));
  }

  /** Some rows of the same open file, in the given order. @throws IndexError, ArgumentError */
  select(rows: Int32Array | readonly number[]): RowsFile<P> {
    return new RowsFile<P>(this.#open, this.#inFile("RowsFile.select", rows));
  }

  /**
   * Mini-batches `{ x, y }` for `fit`, or for a loop of one's own: each `for await` is an epoch. They are read ahead while
   * the last one is used. A shuffled epoch takes 4 bytes of memory for each row.
   * @throws ArgumentError, OptionError. An epoch rejects with DataError or FileError, as `read`.
   * @example
   * const file = await data.openRows({ x: "images.npy", y: "labels.npy" });
   * for await (const batch of file.batches({ batchSize: 2, shuffle: true, seed: 1 })) console.log(batch.x.shape);
   * await file.close();
   */
  batches<X = Tensor, Y = Tensor>(options: RowBatchesOptions<P, X, Y> = {}): StreamDataset<X, Y> {
    const where = "RowsFile.batches";
    checkOptions(where, options, ["batchSize", "shuffle", "seed", "dropLast", "readAhead", "collate"]);
    const batchSize = checkNumber(where, "batchSize", options.batchSize ?? 32, { min: 1, integer: true });
    const shuffle = checkFlag(where, "shuffle", options.shuffle ?? false);
    const seed = checkNumber(where, "seed", options.seed ?? 0, { min: 0, integer: true });
    const { collate, dropLast, readAhead } = options;
    if (collate !== undefined) checkFunction(where, "collate", collate);
    else for (const name of ["x", "y"]) this.#checkPart(where, name);
    const own = {
      ...(dropLast === undefined ? {} : { dropLast }),
      ...(readAhead === undefined ? {} : { readAhead }),
    };
    const reading: StreamOptions<X, Y> = {
      ...own,
      batchSize,
      collate: (rows) => {
        const parts = this.#collated(where, rows as readonly Placed[]) as Record<P, Tensor>;
        if (collate !== undefined) return collate(parts);
        const { x, y, w } = parts as Record<string, Tensor>;
        return { x, y, ...(w === undefined ? {} : { w }) } as StreamBatch<X, Y>;
      },
    };
    const read = (by: number | null) => (epoch: number) => this.#epoch(epoch, by, batchSize);
    return new StreamDataset(read(shuffle ? seed : null), reading, read(null));
  }

  /** Closes the file, of which all slices and selections are part, after the reads that have begun. */
  async close(): Promise<void> {
    await this.#open.close();
  }

  /** As `close`: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkPart(where: string, name: string): void {
    if (this.#open.parts.some((part) => part.name === name)) return;
    const names = this.#open.parts.map((part) => part.name).join(", ");
    throw new ArgumentError(`${where}: expected a part ${name} among ${names}, or collate to make { x, y }`);
  }

  /** Rows of this view as rows of the file. */
  #inFile(where: string, rows: Int32Array | readonly number[]): Int32Array {
    const isList = !types.isProxy(rows) && (Array.isArray(rows) || types.isInt32Array(rows));
    if (!isList)
      throw new ArgumentError(`${where}: expected rows as a list or an Int32Array, got ${describe(rows)}`);
    const { length } = this;
    const inFile = new Int32Array(rows.length);
    for (let i = 0; i < inFile.length; i++) {
      const row = rows[i] as unknown;
      if (!Number.isInteger(row) || (row as number) < 0 || (row as number) >= length) {
        throw new IndexError(`${where}: expected rows in [0, ${length}), got ${describe(row)}`);
      }
      inFile[i] = this.#rows === null ? (row as number) : (this.#rows[row as number] as number);
    }
    return inFile;
  }

  /** Lists of the rows of each mini-batch; each row says only where it is in what was read. */
  async *#epoch(epoch: number, seed: number | null, batchSize: number): AsyncGenerator<readonly Placed[]> {
    const { length } = this;
    const order = seed === null || length === 0 ? null : orderOf(seed, epoch, length, EPOCHS);
    for (let begin = 0; begin < length; begin += batchSize) {
      const count = Math.min(batchSize, length - begin);
      const rows =
        order?.subarray(begin, begin + count) ?? Int32Array.from({ length: count }, (_, i) => begin + i);
      const block = await this.#open.read("RowsFile.batches", this.#inFile("RowsFile.batches", rows));
      yield Array.from(rows, (_, at) => ({ block, at }));
    }
  }

  /** The parts of rows of one block. */
  #collated(where: string, rows: readonly Placed[]): Record<string, Tensor> {
    const [{ block }] = rows as [Placed];
    const places = rows.length === block.count ? null : rows.map(({ at }) => at);
    return this.#open.tensors(where, block, places);
  }
}

/** A row of a block, as a row of a stream. */
interface Placed {
  readonly [name: string]: unknown;
  readonly block: Block;
  readonly at: number;
}
