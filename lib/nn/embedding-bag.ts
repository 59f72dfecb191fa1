import { currentTrace } from "../context/trace.js";
import { ArgumentError, IndexError, ShapeError } from "../errors.js";
import { amax } from "../ops/amax.js";
import { any } from "../ops/any.js";
import { checkIndex } from "../ops/axis-index.js";
import { concat } from "../ops/concat.js";
import { cumsum } from "../ops/cumsum.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { inRange } from "../ops/in-range.js";
import { indexAdd } from "../ops/index-add.js";
import { logicalAnd } from "../ops/logical-and.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { notEqual } from "../ops/not-equal.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkChoice, checkFlag, checkNumber, checkOptions } from "../options.js";
import { full, ones, zeros } from "../tensor/create.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import {
  lookUp,
  newTable,
  readTable,
  TABLE_OPTIONS,
  type TableOptions,
  type TableSettings,
  tableOptions,
} from "./look-up.js";
import { Module } from "./module.js";
import type { Parameter } from "./parameter.js";
import { type ModuleCase, registerModule } from "./registry.js";

export interface EmbeddingBagOptions extends FloatOptions, TableOptions {
  /** What is made of the vectors of a bag. Default: mean. */
  readonly mode?: "sum" | "mean" | "max";
  /** The offsets end with the number of indices. Default: false. */
  readonly includeLastOffset?: boolean;
}

/**
 * The sum, mean or maximum of the vectors of each bag of indices (torch.nn.EmbeddingBag). An empty bag gives 0;
 * an index `paddingIdx` is not part of its bag.
 * Shapes: index [B, L] int32, or [n] with offsets [B] int32, where each bag begins; for `sum`, weights of the
 * indices in the index's shape → y [B, D]; weight [N, D]. Init: weight ~ N(0, 1), and 0 at `paddingIdx`.
 * @throws IndexError for an index outside [0, N), or offsets that do not rise from 0 to at most n; ShapeError, DTypeError, OptionError, ArgumentError
 * @example
 * const int32 = { dtype: "int32" } as const;
 * const bags = new nn.EmbeddingBag(1000, 16);
 * bags.forward(tensor([[3, 14, 15]], int32));                          // [1, 16]
 * bags.forward(tensor([3, 14, 15], int32), tensor([0, 1], int32));     // [2, 16]: of 3, and of 14 and 15
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly mode: "sum" | "mean" | "max";
  readonly includeLastOffset: boolean;
  readonly settings: TableSettings;
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    super();
    const name = "EmbeddingBag";
    checkOptions(name, options, [...TABLE_OPTIONS, "mode", "includeLastOffset", "dtype"]);
    this.numEmbeddings = checkNumber(name, "numEmbeddings", numEmbeddings, { min: 1, integer: true });
    this.embeddingDim = checkNumber(name, "embeddingDim", embeddingDim, { min: 1, integer: true });
    this.mode = checkChoice(name, "mode", options.mode ?? "mean", ["sum", "mean", "max"]);
    this.includeLastOffset = checkFlag(name, "includeLastOffset", options.includeLastOffset ?? false);
    this.settings = readTable(name, numEmbeddings, options);
    if (this.settings.scaleGradByFreq && this.mode === "max") {
      throw new ArgumentError(`${name}: scaleGradByFreq does not go with mode "max"`);
    }
    this.weight = newTable(numEmbeddings, embeddingDim, readFloat(name, options), this.settings);
  }

  /**
   * @param offsets Where each bag begins in a list of indices; without it, or with null, bags are the rows of an
   *   index [B, L].
   */
  forward(index: Tensor, offsets: Tensor | null = null, perSampleWeights?: Tensor): Tensor {
    checkIndex("EmbeddingBag", index);
    const { bags, count } =
      offsets === null ? rowsOf(index) : stretches(index, offsets, this.includeLastOffset);
    const weights = perSampleWeights === undefined ? null : weightsOf(index, perSampleWeights, this.mode);
    const vectors = lookUp("EmbeddingBag", this.weight, index, this.settings);
    const { paddingIdx } = this.settings;
    const isIn = paddingIdx === null ? null : notEqual(reshape(index, [index.size]), paddingIdx);
    if (this.mode === "max") return largest(vectors, bags, count, isIn);
    const { dtype } = vectors;
    const weighted = weights === null ? vectors : mul(vectors, unsqueeze(weights, 1));
    const shown = isIn === null ? weighted : where(unsqueeze(isIn, 1), weighted, 0);
    const total = indexAdd(zeros([count, vectors.shape[1] as number], { dtype }), 0, bags, shown);
    if (this.mode === "sum") return total;
    const ofEach = isIn === null ? ones([index.size], { dtype }) : to(isIn, dtype);
    const sizes = indexAdd(zeros([count], { dtype }), 0, bags, ofEach);
    return div(total, unsqueeze(maximum(sizes, 1), 1));
  }
}

/** The bag of each index, where bags are rows. */
function rowsOf(index: Tensor): { bags: Tensor; count: number } {
  const [count, length] = index.shape;
  if (index.rank !== 2 || count === undefined || length === undefined) {
    throw new ShapeError(
      `EmbeddingBag: expected index [B, L], or [n] with offsets, got ${format(index.shape)}`,
    );
  }
  const starts = full([count, length], 1, { dtype: "int32" });
  return { bags: sub(reshape(cumsum(starts, 0), [index.size]), 1), count };
}

/** The bag of each index, where bags are stretches of a list: how many have begun, less one. */
function stretches(index: Tensor, offsets: Tensor, endIsThere: boolean): { bags: Tensor; count: number } {
  const name = "EmbeddingBag";
  checkIndex(name, checkTensor(name, "offsets", offsets));
  if (index.rank !== 1 || offsets.rank !== 1 || offsets.size < (endIsThere ? 2 : 1)) {
    throw new ShapeError(
      `${name}: expected index [n] and offsets [B], got ${format(index.shape)} and ${format(offsets.shape)}`,
    );
  }
  const n = index.size;
  const checked = checkedOffsets(offsets, n, endIsThere);
  const count = offsets.size - Number(endIsThere);
  const begins = endIsThere ? slice(checked, 0, { start: 0, end: count }) : checked;
  const int32 = { dtype: "int32" } as const;
  const begun = cumsum(indexAdd(zeros([n + 1], int32), 0, begins, full([count], 1, int32)), 0);
  return { bags: sub(slice(begun, 0, { start: 0, end: n }), 1), count };
}

function weightsOf(index: Tensor, weights: Tensor, mode: string): Tensor {
  const name = "EmbeddingBag";
  if (mode !== "sum") {
    throw new ArgumentError(`${name}: perSampleWeights go with mode "sum", not with "${mode}"`);
  }
  checkTensor(name, "perSampleWeights", weights);
  if (!sameShape(weights.shape, index.shape)) {
    throw new ShapeError(
      `${name}: expected perSampleWeights to be ${format(index.shape)}, got ${format(weights.shape)}`,
    );
  }
  return reshape(weights, [index.size]);
}

/** The largest of each bag and column, 0 for none. */
function largest(vectors: Tensor, bags: Tensor, count: number, isIn: Tensor | null): Tensor {
  const numbers = cumsum(full([count], 1, { dtype: "int32" }), 0);
  const own = equal(unsqueeze(sub(numbers, 1), 1), unsqueeze(bags, 0)); // [B, n]
  const mask = unsqueeze(isIn === null ? own : logicalAnd(own, unsqueeze(isIn, 0)), 2); // [B, n, 1]
  const most = amax(where(mask, unsqueeze(vectors, 0), Number.NEGATIVE_INFINITY), { dim: 1 });
  return where(any(mask, { dim: 1 }), most, 0);
}

/** Offsets that were found to rise from 0 to at most n; where they are not known yet, by a program in each run. */
function checkedOffsets(offsets: Tensor, n: number, endIsThere: boolean): Tensor {
  if (currentTrace() === null && !offsets.storage.isSymbolic) {
    checkOffsets(offsets.storage.forReading(), n, endIsThere);
    return offsets;
  }
  const int32 = { dtype: "int32" } as const;
  const count = offsets.size;
  // From 0 to the first, from each to the next, from the last to n: their sum is n.
  const steps = sub(concat([offsets, full([1], n, int32)]), concat([zeros([1], int32), offsets]));
  const step = (start: number, end: number, most: number): Tensor =>
    inRange("EmbeddingBag", "step of the offsets", slice(steps, 0, { start, end }), most + 1);
  const checked = [step(0, 1, 0), step(1, count, n), step(count, count + 1, endIsThere ? 0 : n)];
  return slice(cumsum(concat(checked), 0), 0, { end: count });
}

function checkOffsets(offsets: ArrayLike<number>, n: number, endIsThere: boolean): void {
  for (let i = 0; i < offsets.length; i++) {
    const least = i === 0 ? 0 : (offsets[i - 1] as number);
    const isLast = endIsThere && i === offsets.length - 1;
    const at = offsets[i] as number;
    if (at < least || at > n || (i === 0 && at !== 0) || (isLast && at !== n)) {
      throw new IndexError(
        `EmbeddingBag: expected offsets that rise from 0 to at most ${n}${endIsThere ? ", and end with it" : ""}, got ${at} at ${i}`,
      );
    }
  }
}

type Case = ModuleCase<ConstructorParameters<typeof EmbeddingBag>>;

// Not scaleGradByFreq: EmbeddingBag of PyTorch 2.13 divides by other rows' counts.
registerModule("EmbeddingBag", EmbeddingBag, {
  takes: ["numEmbeddings", "embeddingDim"],
  unnamed: true,
  options: ({ settings, mode, includeLastOffset, weight }) => {
    // In the order in which PyTorch shows them.
    const { paddingIdx, ...others } = tableOptions(settings);
    return {
      ...others,
      mode,
      paddingIdx,
      includeLastOffset: includeLastOffset || undefined,
      dtype: weight.dtype,
    };
  },
  cases: ({ values }) => {
    const rows = {
      x: values(
        [
          [0, 2, 2],
          [4, 1, 2],
        ],
        "int32",
      ),
    };
    // The second bag is empty, and so is the last; the third holds what is padding, twice, and a row twice.
    const bags = { x: values([0, 2, 2, 4, 4, 2], "int32"), offsets: values([0, 2, 2, 6], "int32") };
    const ofMode = (mode: "sum" | "mean" | "max"): Case[] => [
      { note: `${mode}, offsets`, arguments: [5, 3, { mode }], inputs: bags },
      { note: mode, arguments: [5, 3, { mode }], inputs: rows },
      {
        note: `${mode}, offsets, padding`,
        arguments: [5, 3, { mode, paddingIdx: 2 }],
        inputs: bags,
        hasDerivatives: false,
      },
      {
        note: `${mode}, padding`,
        arguments: [5, 3, { mode, paddingIdx: 2 }],
        inputs: rows,
        hasDerivatives: false,
      },
      {
        note: `${mode}, offsets, last offset`,
        arguments: [5, 3, { mode, includeLastOffset: true }],
        inputs: bags,
      },
    ];
    return [
      ...ofMode("sum"),
      ...ofMode("mean"),
      ...ofMode("max"),
      {
        note: "short rows",
        arguments: [5, 3, { maxNorm: 1, dtype: "float64" }],
        inputs: rows,
        hasDerivatives: false,
      },
      {
        note: "weighted",
        arguments: [5, 3, { mode: "sum" }],
        inputs: { ...rows, offsets: null, perSampleWeights: [2, 3] },
      },
      {
        note: "offsets, weighted",
        arguments: [5, 3, { mode: "sum" }],
        inputs: { ...bags, perSampleWeights: [6] },
      },
    ];
  },
});
