import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { concat } from "../ops/concat.js";
import { checkDTypes } from "../ops/define.js";
import { flatten } from "../ops/flatten.js";
import { select } from "../ops/select.js";
import { slice } from "../ops/slice.js";
import { to } from "../ops/to.js";
import { checkFlag, checkList, checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import type { DType } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { BatchNorm1d } from "./batch-norm.js";
import { ModuleList } from "./containers.js";
import { Dropout } from "./dropout.js";
import { Embedding } from "./embedding.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { PeriodicEmbedding, type PeriodicOptions, readPeriodic } from "./periodic-embedding.js";
import { registerModule } from "./registry.js";
import { ReLU } from "./relu.js";
import { Sequential } from "./sequential.js";

/** What a network has to know of a table; a `data.Schema` says it. */
export interface TabularSizes {
  /** Columns of numbers. */
  readonly size: number;
  /** The embedded categories, and how many indices each has. Default: none. */
  readonly embeddings?: readonly { readonly count: number }[];
  readonly outputs: number;
}

/** The inputs of a network, as a schema with embeddings gives them: numbers [B, size], indices [B, embeddings]. */
export type TabularInputs = {
  readonly numbers: Tensor;
  readonly categories: Tensor;
};

export interface TabularOptions extends FloatOptions {
  /** Width of what goes from block to block. Default: 192. */
  readonly width?: number;
  /** Number of blocks. Default: 2. */
  readonly blocks?: number;
  /** Width within a block. Default: 2·width. */
  readonly hidden?: number;
  /** Dropout within a block. Default: 0.3. */
  readonly dropout?: number;
  /** Dropout at the end of a block. Default: 0. */
  readonly residualDropout?: number;
  /** Size of the vectors of a category with n indices. Default: min(600, ⌊1.6·n^0.56⌉), fastai's rule. */
  readonly embeddingDim?: number;
  /** Whether numbers become vectors by `PeriodicEmbedding`, or its options. Default: false. */
  readonly periodic?: boolean | PeriodicOptions;
}

/** What a network was made with, complete. */
export type TabularSettings = Required<Pick<TabularOptions, "width" | "blocks" | "hidden" | "dropout">> &
  Required<Pick<TabularOptions, "residualDropout">> & {
    readonly embeddingDim: number | undefined;
    readonly periodic: Required<PeriodicOptions> | false;
  };

const OPTIONS = [
  "width",
  "blocks",
  "hidden",
  "dropout",
  "residualDropout",
  "embeddingDim",
  "periodic",
  "dtype",
] as const;

/** float32 has all whole numbers below. */
const MOST_INDICES = 2 ** 24;

/**
 * A network for tables: the ResNet of Gorishniy et al., 2021 ("Revisiting deep learning models for tabular data"), with
 * an embedding for each category, and on request periodic embeddings of numbers (2022):
 *
 *     z_0 = Linear([numbers, E_1(c_1), E_2(c_2), …])
 *     z_k = z_{k−1} + dropout'(Linear(dropout(relu(Linear(BatchNorm(z_{k−1}))))))
 *     y = Linear(relu(BatchNorm(z_K)))
 *
 * Shapes: numbers [B, size], categories [B, embeddings] (int32) → y [B, outputs]. Both are given as an object, such as a
 * schema with embeddings makes, or as two arguments. Or one x [B, size + embeddings] of floats, with the indices as whole
 * numbers in the last columns, such as `join` makes.
 * Init: embeddings U(−k, k), k = 1/√dim; all else as of its modules. Defaults as of the authors' package.
 * @param sizes a `data.Schema`, or its numbers.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError; IndexError for an index outside its embedding
 * @example
 * const model = new nn.Tabular({ size: 6, embeddings: [{ count: 10 }, { count: 300 }], outputs: 2 }, { periodic: true });
 * @example
 * const inputs = { numbers: rand([4, 6]), categories: zeros([4, 1], { dtype: "int32" }) };
 * const model = new nn.Tabular({ size: 6, embeddings: [{ count: 10 }], outputs: 3 });
 * model.forward(inputs).shape   // [4, 3]
 */
export class Tabular extends Module {
  readonly sizes: Required<TabularSizes>;
  readonly settings: TabularSettings;
  readonly embeddings: ModuleList<Embedding> | null;
  readonly periodic: PeriodicEmbedding | null;
  readonly input: Linear;
  readonly blocks: ModuleList<Sequential>;
  readonly head: Sequential;

  constructor(sizes: TabularSizes, options: TabularOptions = {}) {
    super();
    checkOptions("Tabular", options, OPTIONS);
    const dtype = readFloat("Tabular", options);
    this.sizes = readSizes(sizes);
    this.settings = readSettings(options);
    const { size, embeddings, outputs } = this.sizes;
    const { width, blocks, periodic, embeddingDim } = this.settings;
    const tables = embeddings.map(({ count }) => newEmbedding(count, embeddingDim ?? usualDim(count), dtype));
    this.embeddings = tables.length === 0 ? null : new ModuleList(tables);
    this.periodic =
      periodic === false || size === 0 ? null : new PeriodicEmbedding(size, { ...periodic, dtype });
    const ofNumbers = periodic === false ? size : size * periodic.dim;
    const wide = tables.reduce((sum, { embeddingDim: dim }) => sum + dim, ofNumbers);
    this.input = new Linear(wide, width, { dtype });
    this.blocks = new ModuleList(Array.from({ length: blocks }, () => newBlock(this.settings, dtype)));
    this.head = new Sequential(
      new BatchNorm1d(width, { dtype }),
      new ReLU(),
      new Linear(width, outputs, { dtype }),
    );
  }

  /**
   * A schema's inputs as one tensor [B, size + embeddings] of floats: the numbers, then the indices. Inputs that are one
   * tensor already stay.
   * @throws ArgumentError, ShapeError, DTypeError
   * @example nn.Tabular.join({ numbers: zeros([2, 3]), categories: zeros([2, 1], { dtype: "int32" }) }).shape   // [2, 4]
   */
  static join(inputs: Tensor | TabularInputs): Tensor {
    if (isTensor(inputs)) return inputs;
    if (!isPlainObject(inputs)) {
      throw new ArgumentError(
        `Tabular.join: expected a tensor or { numbers, categories }, got ${describe(inputs)}`,
      );
    }
    const numbers = checkTensor("Tabular.join", "numbers", inputs["numbers"]);
    const categories = checkTensor("Tabular.join", "categories", inputs["categories"]);
    checkDTypes("Tabular.join", ["numbers"], [numbers], "float");
    return concat([numbers, to(categories, numbers.dtype)], 1);
  }

  /**
   * @param x an object of numbers and categories, the numbers, or one tensor of both.
   * @param categories Left out where x has them.
   */
  forward(x: Tensor | TabularInputs, categories?: Tensor | null): Tensor {
    const { numbers, indices } =
      !isTensor(x) && isPlainObject(x)
        ? partsOf(this, x.numbers, checkTensor("Tabular", "x.categories", x.categories), "x.numbers")
        : partsOf(this, x, categories ?? null);
    const vectors = (this.embeddings?.modules ?? []).map((table, i) => table.forward(select(indices, 1, i)));
    const { size } = this.sizes;
    const first = this.periodic === null ? numbers : flatten(this.periodic.forward(numbers), 1);
    const parts = size === 0 ? vectors : [first, ...vectors];
    let z = this.input.forward(parts.length === 1 ? (parts[0] as Tensor) : concat(parts, 1));
    for (const block of this.blocks) z = add(z, block.forward(z));
    return this.head.forward(z);
  }
}

/** Numbers [B, size] and indices [B, embeddings], int32, of what `forward` takes. */
function partsOf(
  { sizes: { size, embeddings }, input }: Tabular,
  x: Tensor,
  categories: Tensor | null,
  name = "x",
): { readonly numbers: Tensor; readonly indices: Tensor } {
  checkTensor("Tabular", name, x);
  checkDTypes("Tabular", ["the weights", name], [input.weight, x], "float");
  const count = embeddings.length;
  if (categories === null) {
    if (x.rank !== 2 || x.shape[1] !== size + count) {
      throw new ShapeError(
        `Tabular: expected x [B, ${size + count}], ${size} numbers and ${count} indices, got ${format(x.shape)}`,
      );
    }
    return count === 0
      ? { numbers: x, indices: x }
      : {
          numbers: slice(x, 1, { end: size }),
          indices: to(slice(x, 1, { start: size }), "int32"),
        };
  }
  const fits = (of: Tensor, columns: number): boolean => of.rank === 2 && of.shape[1] === columns;
  checkTensor("Tabular", "categories", categories);
  if (!fits(x, size) || !fits(categories, count) || x.shape[0] !== categories.shape[0]) {
    throw new ShapeError(
      `Tabular: expected numbers [B, ${size}] and categories [B, ${count}], got ${format(x.shape)} and ${format(categories.shape)}`,
    );
  }
  return { numbers: x, indices: categories };
}

/** A number of dims that grows with the categories (fastai's emb_sz_rule). */
const usualDim = (count: number): number => Math.min(600, Math.round(1.6 * count ** 0.56));

function newEmbedding(count: number, dim: number, dtype: DType): Embedding {
  const high = 1 / Math.sqrt(dim);
  const weight = defaultGenerator.uniform([count, dim], { low: -high, high, dtype });
  return new Embedding(count, dim, { weight });
}

function newBlock({ width, hidden, dropout, residualDropout }: TabularSettings, dtype: DType): Sequential {
  return new Sequential(
    new BatchNorm1d(width, { dtype }),
    new Linear(width, hidden, { dtype }),
    new ReLU(),
    new Dropout(dropout),
    new Linear(hidden, width, { dtype }),
    new Dropout(residualDropout),
  );
}

function readSizes(sizes: unknown): Required<TabularSizes> {
  if (typeof sizes !== "object" || sizes === null) {
    throw new ArgumentError(
      `Tabular: expected a schema or { size, embeddings, outputs }, got ${describe(sizes)}`,
    );
  }
  const { size, embeddings = [], outputs } = sizes as { readonly [name: string]: unknown };
  const list = checkList("Tabular", "embeddings to be a list", embeddings);
  const read = {
    size: checkNumber("Tabular", "size", size, { min: 0, integer: true }),
    embeddings: list.map((one, i) => ({ count: readCount(one, i) })),
    outputs: checkNumber("Tabular", "outputs", outputs, { min: 1, integer: true }),
  };
  if (read.size + read.embeddings.length === 0) {
    throw new ArgumentError("Tabular: expected at least one column of numbers or categories, got none");
  }
  return read;
}

function readCount(one: unknown, i: number): number {
  const count = isPlainObject(one) ? one["count"] : one;
  return checkNumber("Tabular", `embeddings[${i}].count`, count, {
    min: 1,
    max: MOST_INDICES,
    integer: true,
  });
}

function readSettings(options: TabularOptions): TabularSettings {
  const count = (name: string, value: unknown): number =>
    checkNumber("Tabular", name, value, { min: 1, integer: true });
  const share = (name: string, value: unknown): number =>
    checkNumber("Tabular", name, value, { min: 0, max: 1 });
  const width = count("width", options.width ?? 192);
  const { embeddingDim } = options;
  return {
    width,
    blocks: count("blocks", options.blocks ?? 2),
    hidden: count("hidden", options.hidden ?? 2 * width),
    dropout: share("dropout", options.dropout ?? 0.3),
    residualDropout: share("residualDropout", options.residualDropout ?? 0),
    embeddingDim: embeddingDim === undefined ? undefined : count("embeddingDim", embeddingDim),
    periodic: readPeriodicOption(options.periodic ?? false),
  };
}

function readPeriodicOption(periodic: unknown): TabularSettings["periodic"] {
  if (typeof periodic !== "object") {
    return checkFlag("Tabular", "periodic", periodic) && readPeriodic("Tabular: periodic", {});
  }
  checkOptions("Tabular: periodic", periodic, ["dim", "frequencies", "scale"]);
  return readPeriodic("Tabular: periodic", periodic as PeriodicOptions);
}

registerModule("Tabular", Tabular, {
  takes: ["sizes"],
  options: ({ settings, input }) => ({ ...settings, dtype: input.weight.dtype }),

  torch: "references.Tabular",
  cases: ({ values }) => {
    const small = { width: 4, blocks: 1, hidden: 3, dropout: 0 };
    const sizes = { size: 2, embeddings: [{ count: 2 }, { count: 5 }], outputs: 2 };
    const columns = values([
      [0.25, -1.5, 0, 1],
      [1.125, 0.5, 1, 1],
      [-0.75, 2, 1, 0],
    ]);
    return [
      { note: "numbers alone", arguments: [{ size: 4, outputs: 2 }, small], inputs: { x: [3, 4] } },
      {
        note: "numbers and indices in one tensor",
        arguments: [sizes, { ...small, embeddingDim: 3 }],
        inputs: { x: columns },
      },
      {
        note: "numbers and indices apart, in evaluation",
        arguments: [sizes, { ...small, blocks: 2, dropout: 0.5, residualDropout: 0.5, dtype: "float64" }],
        inputs: {
          x: [2, 2],
          categories: values(
            [
              [1, 4],
              [0, 2],
            ],
            "int32",
          ),
        },
        training: false,
      },
      {
        note: "periodic, in evaluation",
        arguments: [
          { size: 4, outputs: 1 },
          { ...small, periodic: { dim: 2, frequencies: 3 } },
        ],
        training: false,
      },
    ];
  },
});
