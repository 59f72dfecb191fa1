// One file holds all data that an implementation starts from, so that all implementations start from the same numbers:
//
//     uint32  length of the header, padded so that the data begin at a multiple of 64
//     JSON    { …, arrays: [{ name, dtype, shape, offset }] }, offset in bytes from the end of the header
//     data    little-endian float32, int32 or uint8, each array at a multiple of 64
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { type EvolutionSettings, firstSteps } from "./evolution/jobs.js";
import type { PpoSettings } from "./rl/jobs.js";
import { withZeros } from "./sparse/jobs.js";
import type { Descent, Job, OptimizerSettings, Product } from "./workloads.js";
import { OPTIMIZERS } from "./workloads.js";

export type DataArray = Float32Array | Int32Array | Uint8Array;

interface ArrayEntry {
  readonly name: string;
  readonly dtype: "float32" | "int32" | "uint8";
  readonly shape: readonly number[];
  readonly offset: number;
}

export interface Header {
  readonly kind: "network" | "product" | "descent" | "mnist" | "ppo";
  /** Features of a network: in → … → out. */
  readonly sizes?: readonly number[];
  readonly batch?: number;
  readonly batches?: number;
  readonly product?: Product;
  readonly descent?: Descent;
  /** Of the mode `evolution`. */
  readonly evolution?: EvolutionSettings;
  /** Of the mode `sparse`: percent of the weights that do not exist. Those are 0 in the file, and no others. */
  readonly zeros?: number;
  /** Of the mode `rl`. */
  readonly ppo?: PpoSettings;
  readonly optimizers?: Readonly<Record<string, OptimizerSettings>>;
  /** For kind `mnist`: the four files, and the settings of the run. */
  readonly mnist?: MnistRun;
}

export interface MnistRun {
  readonly files: Readonly<Record<"trainImages" | "trainLabels" | "testImages" | "testLabels", string>>;
  readonly lr: number;
  readonly momentum: number;
  /** Seed of the orders. The file holds the orders too. */
  readonly seed: number;
  readonly epochs: number;
  /** Accuracy on the test set at which the run ends. */
  readonly accuracy: number;
}

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: DataArray;
}

export interface DataFile {
  readonly header: Header;
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

const ALIGNMENT = 64;
const align = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function dtypeOf(values: DataArray): ArrayEntry["dtype"] {
  if (values instanceof Float32Array) return "float32";
  return values instanceof Int32Array ? "int32" : "uint8";
}

/** Writes a file that must not exist yet. */
export function writeDataFile(path: string, header: Header, arrays: readonly NamedArray[]): void {
  let end = 0;
  const entries = arrays.map(({ name, shape, values }): ArrayEntry => {
    const offset = end;
    end = align(offset + values.byteLength);
    return { name, dtype: dtypeOf(values), shape, offset };
  });
  const json = Buffer.from(JSON.stringify({ ...header, arrays: entries }));
  const head = Buffer.alloc(align(4 + json.length), " ");
  head.writeUInt32LE(head.length - 4);
  json.copy(head, 4);
  const file = openSync(path, "wx");
  try {
    writeAll(file, head, 0);
    arrays.forEach(({ values }, i) => {
      writeAll(file, values, head.length + (entries[i] as ArrayEntry).offset);
    });
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, values: Uint8Array | DataArray, position: number): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

export function readDataFile(path: string): DataFile {
  const file = openSync(path, "r");
  const read = (position: number, size: number): ArrayBuffer => {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) done += readSync(file, bytes, done, size - done, position + done);
    return bytes.buffer;
  };
  try {
    const length = new DataView(read(0, 4)).getUint32(0, true);
    const { arrays, ...header } = JSON.parse(new TextDecoder().decode(read(4, length))) as Header & {
      arrays: ArrayEntry[];
    };
    // Each array has a buffer of its own, so that it can be collected after a copy, independently of the others.
    const open = ({ name, dtype, shape, offset }: ArrayEntry): [string, NamedArray] => {
      const View = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype];
      const size = shape.reduce((product, n) => product * n, View.BYTES_PER_ELEMENT);
      return [name, { name, shape, values: new View(read(4 + length + offset, size)) }];
    };
    return { header, arrays: new Map(arrays.map(open)) };
  } finally {
    closeSync(file);
  }
}

/** A required array. @throws Error if the file does not have it. */
export function valuesOf<T extends DataArray>(
  { arrays }: DataFile,
  name: string,
  type: new (...args: never[]) => T,
): T {
  const values = arrays.get(name)?.values;
  if (values instanceof type) return values;
  throw new Error(`the data file has no array ${name} of the type wanted`);
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function fill(size: number, next: () => number, low: number, high: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = low + (high - low) * next();
  return values;
}

/** Initial weights as in torch.nn.Linear: U(−k, k), k = 1/√in; `w0` [out, in], `b0` [out], `w1`, … */
export function initialWeights(sizes: readonly number[], next: () => number): NamedArray[] {
  return sizes.slice(1).flatMap((out, layer) => {
    const inputs = sizes[layer] as number;
    const k = 1 / Math.sqrt(inputs);
    return [
      { name: `w${layer}`, shape: [out, inputs], values: fill(out * inputs, next, -k, k) },
      { name: `b${layer}`, shape: [out], values: fill(out, next, -k, k) },
    ];
  });
}

/** Writes a job's file: weights and data, the operands of a product, or parameters `w0`, … with gradients `g0`, … */
export function writeJobFile(path: string, { content }: Pick<Job, "content">, seed = 1): void {
  const next = uniform(seed);
  if ("product" in content) {
    const { m, n, k, layout } = content.product;
    const a = { name: "a", shape: layout[0] === "T" ? [k, m] : [m, k], values: fill(m * k, next, -1, 1) };
    const b = { name: "b", shape: layout[1] === "T" ? [n, k] : [k, n], values: fill(k * n, next, -1, 1) };
    writeDataFile(path, { kind: "product", product: content.product }, [a, b]);
    return;
  }
  if ("descent" in content) {
    const { descent } = content;
    const arrays = descent.shapes.flatMap((shape, i) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const of = (name: string) => ({ name: `${name}${i}`, shape, values: fill(size, next, -1, 1) });
      return [of("w"), of("g")];
    });
    writeDataFile(path, { kind: "descent", descent }, arrays);
    return;
  }
  const { sizes, batch, batches } = content.network;
  const { evolution, zeros } = content;
  const features = sizes[0] as number;
  const classes = sizes[sizes.length - 1] as number;
  const x = fill(batches * batch * features, next, 0, 1);
  const y = Int32Array.from({ length: batches * batch }, () => Math.floor(next() * classes));
  // The second half has the samples of the first half with other labels. No network can learn both, so the gradients
  // do not vanish in a long run, and its arithmetic stays representative.
  const half = (batches / 2) * batch;
  x.copyWithin(half * features, 0, half * features);
  for (let i = 0; i < half; i++) y[half + i] = ((y[i] as number) + 1) % classes;
  const all = initialWeights(sizes, next);
  const weights = zeros === undefined ? all : withZeros(all, zeros, next);
  writeDataFile(
    path,
    {
      kind: "network",
      sizes,
      batch,
      batches,
      optimizers: OPTIMIZERS,
      ...(evolution === undefined ? {} : { evolution }),
      ...(zeros === undefined ? {} : { zeros }),
    },
    [
      ...weights,
      { name: "x", shape: [batches, batch, features], values: x },
      { name: "y", shape: [batches, batch], values: y },
      ...(evolution === undefined ? [] : firstSteps(sizes, evolution)),
    ],
  );
}
