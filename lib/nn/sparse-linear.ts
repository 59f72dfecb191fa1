import { assume } from "../context/trace.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { indexAdd } from "../ops/index-add.js";
import { reshape } from "../ops/reshape.js";
import { sparseLinear } from "../ops/sparse-linear.js";
import {
  newPattern,
  patternOfLists,
  patternOfMask,
  SparsePattern,
  type SparsePatternOptions,
} from "../ops/sparse-pattern.js";
import { checkFlag, checkNumber, checkOptions, describe, isInstance, isPlainObject } from "../options.js";
import { defaultGenerator, Generator } from "../random/generator.js";
import { zeros } from "../tensor/create.js";
import { allocate, type DType } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { checkTensor, isTensor, Tensor } from "../tensor/tensor.js";
import { Buffer } from "./buffer.js";
import { markDiscreet } from "./discreet.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Linear } from "./linear.js";
import { matrices } from "./matrices.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

/** Which weights there are: a pattern, rows and columns of the entries, a mask [out, in], or the inputs of each output. */
export type SparseWeights =
  | SparsePattern
  | Omit<SparsePatternOptions, "shape">
  | Tensor
  | readonly (readonly number[])[];

export interface SparseLinearOptions extends FloatOptions {
  /** Which weights there are. Either this or `density`. */
  readonly pattern?: SparseWeights;
  /** The share of weights that there are, drawn at random: in [0, 1]. */
  readonly density?: number;
  /** Of the pattern that is drawn. Default: the generator that `manualSeed` starts. */
  readonly seed?: number;
  /** Whether there is a bias b. Default: true. */
  readonly bias?: boolean;
}

/**
 * Affine map y = x·Wᵀ + b of which only some weights exist; all others are 0, have no gradient and take neither memory
 * nor time:
 *
 *     y[..., i] = Σ_{e: rows[e] = i} values[e]·x[..., columns[e]] + b[i]
 *
 * `values` are its parameters. `rows` and `columns`, which say where they stand, are buffers: they are saved and loaded
 * with it.
 * Shapes: x [..., in] → y [..., out]; values, rows and columns [entries], bias [out].
 * Init: the weights and the bias of an output with n inputs ~ U(−k, k), k = 1/√n, as those of PyTorch's Linear with n
 * inputs, so that outputs of few inputs vary as much as others. With n = 0, k = 1.
 * @throws ShapeError if the last size of x is not `in`; DTypeError if x has another dtype than the weights;
 *   ArgumentError, IndexError, OptionError
 * @example new nn.SparseLinear(600, 60, { density: 0.1, seed: 0 }).forward(rand([32, 600])).shape   // [32, 60]
 * @example
 * // y₀ of x₀ and x₂, y₁ of x₁ alone.
 * new nn.SparseLinear(3, 2, { pattern: [[0, 2], [1]] });
 */
export class SparseLinear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The weights that exist, row by row: [entries]. */
  readonly values: Parameter;
  readonly bias: Parameter | null;
  /** The output of each weight: int32 [entries], not descending. */
  readonly rows: Buffer;
  /** The input of each weight: int32 [entries]. */
  readonly columns: Buffer;

  constructor(inFeatures: number, outFeatures: number, options: SparseLinearOptions = {}) {
    super();
    const where = "SparseLinear";
    checkOptions(where, options, ["pattern", "density", "seed", "bias", "dtype"]);
    this.inFeatures = checkNumber(where, "inFeatures", inFeatures, { min: 1, integer: true });
    this.outFeatures = checkNumber(where, "outFeatures", outFeatures, { min: 1, integer: true });
    const bias = checkFlag(where, "bias", options.bias ?? true);
    const dtype = readFloat(where, options);
    const pattern = readPattern([outFeatures, inFeatures], options);
    this.values = new Parameter(newValues(pattern, dtype));
    this.bias = bias ? new Parameter(newBias(pattern, dtype)) : null;
    this.rows = new Buffer(copyOf(pattern.rows));
    this.columns = new Buffer(copyOf(pattern.columns));
    remember(this, pattern);
  }

  /**
   * The layer with the largest weights of a Linear layer, and its bias: magnitude pruning (Han et al., 2015; for one
   * layer torch.nn.utils.prune.l1_unstructured).
   * @param options `threshold`: keep the weights whose absolute value is larger. `density`: keep this share of them; of
   *   equal ones the first. One of the two.
   * @throws ArgumentError, OptionError
   * @example nn.SparseLinear.fromLinear(new nn.Linear(8, 4), { density: 0.25 }).values.size   // 8
   */
  static fromLinear(
    linear: Linear,
    options: { readonly threshold?: number; readonly density?: number },
  ): SparseLinear {
    const where = "SparseLinear.fromLinear";
    if (!isInstance(linear, Linear)) {
      throw new ArgumentError(`${where}: expected linear to be a Linear, got ${describe(linear)}`);
    }
    checkOptions(where, options, ["threshold", "density"]);
    const { weight, bias, inFeatures, outFeatures } = linear;
    const w = weight.storage.forReading();
    const kept = keptWeights(where, Float64Array.from(w, Math.abs), options);
    const mask = new Tensor(kept, [outFeatures, inFeatures], "bool");
    const pattern = SparsePattern.fromMask(mask);
    const layer = new SparseLinear(inFeatures, outFeatures, {
      pattern,
      bias: bias !== null,
      dtype: weight.dtype,
    });
    layer.values.storage.forWriting().set(w.filter((_, i) => kept[i] !== 0));
    if (bias !== null) layer.bias?.storage.forWriting().set(bias.storage.forReading());
    return layer;
  }

  /** Which weights there are. */
  get pattern(): SparsePattern {
    // Whoever loads a state writes to the buffers, and says that a setting has changed.
    assume(this.columns.storage, () => versionsOf(this), isSamePair);
    const shape = [this.outFeatures, this.inFeatures] as const;
    return recall(this, shape) ?? remember(this, checkedPattern(bufferedPattern(this), shape));
  }

  forward(x: Tensor): Tensor {
    checkTensor("SparseLinear", "x", x);
    if (x.rank === 0 || x.shape[x.rank - 1] !== this.inFeatures) {
      throw new ShapeError(`SparseLinear: expected x [..., ${this.inFeatures}], got ${format(x.shape)}`);
    }
    if (x.dtype !== this.values.dtype) {
      throw new DTypeError(
        `SparseLinear: expected x to be ${this.values.dtype} as the weights are, got ${x.dtype}`,
      );
    }
    return sparseLinear(x, this.values, this.bias, this.pattern);
  }

  /** The matrix W [out, in], with zeros where there are no weights. It can be differentiated by the values. */
  toDense(): Tensor {
    return denseOf(this.values, this.pattern);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures, values, bias } = this;
    return `inFeatures=${inFeatures}, outFeatures=${outFeatures}, entries=${values.size}, bias=${bias !== null}`;
  }

  /** @internal */
  [matrices](): readonly Tensor[] {
    return [this.values];
  }
}

const versionsOf = ({ rows, columns }: SparseLinear): [number, number] => [
  rows.storage.version,
  columns.storage.version,
];

const isSamePair = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] === b[0] && a[1] === b[1];

interface Known {
  readonly rows: Storage;
  readonly versions: readonly [number, number];
  readonly pattern: SparsePattern;
}

/** The patterns of buffers, by the memory of `columns`: that of a copy of a layer is another. */
const known = new WeakMap<Storage, Known>();

function remember(layer: SparseLinear, pattern: SparsePattern): SparsePattern {
  known.set(layer.columns.storage, { rows: layer.rows.storage, versions: versionsOf(layer), pattern });
  return pattern;
}

/** The pattern that the buffers have, unless they were written to or are others since it was made. */
function recall(layer: SparseLinear, shape: readonly [number, number]): SparsePattern | null {
  const found = known.get(layer.columns.storage);
  if (found === undefined || found.rows !== layer.rows.storage) return null;
  const isCurrent = isSamePair(versionsOf(layer), found.versions) && isSamePair(shape, found.pattern.shape);
  return isCurrent ? found.pattern : null;
}

function bufferedPattern({ rows, columns }: SparseLinear): { rows: Int32Array; columns: Int32Array } {
  const read = (one: Buffer): Int32Array => one.storage.forReading() as Int32Array;
  return { rows: read(rows), columns: read(columns) };
}

const copyOf = (x: Tensor): Tensor => new Tensor(x.storage.forReading().slice(), x.shape, x.dtype);

/** The matrix of a pattern with these values: [rows, columns]. */
function denseOf(values: Tensor, { rows, columns, shape }: SparsePattern): Tensor {
  const [height, width] = shape;
  const places = allocate("int32", values.size, "toDense");
  const [row, column] = [rows.storage.forReading(), columns.storage.forReading()];
  for (let e = 0; e < places.length; e++) places[e] = (row[e] as number) * width + (column[e] as number);
  const flat = zeros([height * width], { dtype: values.dtype });
  return reshape(indexAdd(flat, 0, new Tensor(places, [places.length], "int32"), values), [height, width]);
}

// --- which weights there are ---------------------------------------------------------------------

function readPattern(shape: readonly [number, number], options: SparseLinearOptions): SparsePattern {
  const where = "SparseLinear";
  const { pattern, density, seed } = options;
  if ((pattern === undefined) === (density === undefined)) {
    throw new ArgumentError(
      `${where}: expected either pattern or density, got ${pattern === undefined ? "none" : "both"}`,
    );
  }
  if (pattern !== undefined) {
    if (seed !== undefined) throw new ArgumentError(`${where}: seed is for a density; this has a pattern`);
    return checkedPattern(pattern, shape);
  }
  checkNumber(where, "density", density, { min: 0, max: 1 });
  const generator =
    seed === undefined
      ? defaultGenerator
      : new Generator(checkNumber(where, "seed", seed, { min: 0, integer: true }));
  return drawPattern(shape, density as number, generator);
}

function checkedPattern(given: SparseWeights, shape: readonly [number, number]): SparsePattern {
  const where = "SparseLinear";
  const pattern = isInstance(given, SparsePattern) ? given : madePattern(given, shape);
  if (pattern.shape[0] !== shape[0] || pattern.shape[1] !== shape[1]) {
    throw new ShapeError(`${where}: expected a pattern ${format(shape)}, got ${format(pattern.shape)}`);
  }
  return pattern;
}

function madePattern(given: unknown, shape: readonly [number, number]): SparsePattern {
  const where = "SparseLinear: pattern";
  if (isTensor(given)) return patternOfMask(where, given);
  if (Array.isArray(given)) return patternOfLists(where, given, shape[1]);
  if (!isPlainObject(given)) {
    throw new ArgumentError(
      `SparseLinear: expected pattern to be a SparsePattern, { rows, columns }, a mask or a list for each output, got ${describe(given)}`,
    );
  }
  checkOptions(where, given, ["rows", "columns"]);
  return newPattern(where, { ...(given as Omit<SparsePatternOptions, "shape">), shape });
}

/** That share of all places, each set of them equally likely (Floyd's algorithm). */
function drawPattern(shape: readonly [number, number], density: number, generator: Generator): SparsePattern {
  const places = shape[0] * shape[1];
  const count = Math.round(density * places);
  const drawn = generator.uniform([count], { dtype: "float64" }).storage.forReading();
  const chosen = new Set<number>();
  for (let k = 0; k < count; k++) {
    const last = places - count + k;
    const place = Math.floor((drawn[k] as number) * (last + 1));
    chosen.add(chosen.has(place) ? last : place);
  }
  const sorted = Float64Array.from(chosen).sort();
  const index = (of: (place: number) => number): Tensor => {
    const values = allocate("int32", count, "SparseLinear");
    for (let e = 0; e < count; e++) values[e] = of(sorted[e] as number);
    return new Tensor(values, [count], "int32");
  };
  return new SparsePattern({
    rows: index((place) => Math.floor(place / shape[1])),
    columns: index((place) => place % shape[1]),
    shape,
  });
}

/** For each weight, whether it is kept. */
function keptWeights(
  where: string,
  sizes: Float64Array,
  { threshold, density }: { readonly threshold?: number; readonly density?: number },
): Uint8Array {
  if ((threshold === undefined) === (density === undefined)) {
    throw new ArgumentError(
      `${where}: expected either threshold or density, got ${threshold === undefined ? "none" : "both"}`,
    );
  }
  if (threshold !== undefined) {
    const least = checkNumber(where, "threshold", threshold, { min: 0 });
    return Uint8Array.from(sizes, (size) => (size > least ? 1 : 0));
  }
  const share = checkNumber(where, "density", density, { min: 0, max: 1 });
  const count = Math.round(share * sizes.length);
  // NaN is sorted after all numbers: it is kept and seen.
  const least = sizes.slice().sort()[sizes.length - count] ?? Number.POSITIVE_INFINITY;
  const isLarger = (size: number): boolean => size > least || (Number.isNaN(size) && !Number.isNaN(least));
  const larger = sizes.reduce((sum, size) => sum + (isLarger(size) ? 1 : 0), 0);
  let equal = count - larger;
  return Uint8Array.from(sizes, (size) => {
    if (isLarger(size)) return 1;
    return Object.is(size, least) && equal-- > 0 ? 1 : 0;
  });
}

// --- first values ----------------------------------------------------------------------------------

/** k = 1/√n for a row of n entries. */
function boundOf(starts: ArrayLike<number>, row: number): number {
  return 1 / Math.sqrt(Math.max(1, (starts[row + 1] as number) - (starts[row] as number)));
}

/** First weights: those of a row with n entries ~ U(−1/√n, 1/√n). */
export function newValues({ entries, rows, rowStarts }: SparsePattern, dtype: DType): Tensor {
  const row = rows.storage.forReading();
  return scaled(entries, dtype, rowStarts, (e) => row[e] as number);
}

/** A first bias, as the weights of its row. */
export function newBias({ shape, rowStarts }: SparsePattern, dtype: DType): Tensor {
  return scaled(shape[0], dtype, rowStarts, (i) => i);
}

function scaled(size: number, dtype: DType, rowStarts: Tensor, rowOf: (at: number) => number): Tensor {
  const values = defaultGenerator.uniform([size], { low: -1, high: 1, dtype });
  const [array, starts] = [values.storage.forWriting(), rowStarts.storage.forReading()];
  for (let at = 0; at < size; at++) array[at] = (array[at] as number) * boundOf(starts, rowOf(at));
  return values;
}

markDiscreet(SparseLinear);

registerModule("SparseLinear", SparseLinear, {
  takes: ["inFeatures", "outFeatures"],
  options: ({ rows, columns, bias, values }) => ({
    pattern: { rows, columns },
    bias: bias !== null,
    dtype: values.dtype,
  }),

  torch: "references.SparseLinear",
  cases: () => {
    const pattern = { rows: [0, 0, 1, 3, 3, 3, 4], columns: [2, 0, 1, 0, 1, 2, 2] };
    return [
      { note: "2-D", arguments: [3, 5, { pattern }], inputs: { x: [4, 3] } },
      { note: "1-D", arguments: [3, 5, { pattern }], inputs: { x: [3] } },
      { note: "3-D, no bias", arguments: [3, 5, { pattern, bias: false }], inputs: { x: [2, 2, 3] } },
      {
        note: "one sample, float64",
        arguments: [3, 5, { pattern, dtype: "float64" }],
        inputs: { x: [1, 3] },
      },
      { note: "17 samples", arguments: [3, 5, { pattern }], inputs: { x: [17, 3] } },
      { note: "no samples", arguments: [3, 5, { pattern }], inputs: { x: [0, 3] } },
      { note: "by lists", arguments: [3, 2, { pattern: [[0, 2], [1]] }], inputs: { x: [4, 3] } },
      { note: "no weights", arguments: [3, 2, { pattern: [[], []] }], inputs: { x: [4, 3] } },
    ];
  },
});
