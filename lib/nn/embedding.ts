import { ShapeError } from "../errors.js";
import { reshape } from "../ops/reshape.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import {
  checkTable,
  lookUp,
  newTable,
  readTable,
  TABLE_OPTIONS,
  type TableOptions,
  type TableSettings,
  tableOptions,
} from "./look-up.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface EmbeddingOptions extends FloatOptions, TableOptions {
  /** The vectors to begin with, whose memory it takes over. Default: drawn. */
  readonly weight?: Tensor;
}

/**
 * A table of vectors, looked up by index (torch.nn.Embedding).
 * Shapes: index [...] int32 → y [..., D]; weight [N, D]. Init: weight ~ N(0, 1), and 0 at `paddingIdx`.
 * @throws IndexError for an index outside [0, N); DTypeError, OptionError, ArgumentError
 * @example new nn.Embedding(1000, 16).forward(tensor([[3, 14]], { dtype: "int32" }))   // [1, 2, 16]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly settings: TableSettings;
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions("Embedding", options, [...TABLE_OPTIONS, "weight", "dtype"]);
    this.numEmbeddings = checkNumber("Embedding", "numEmbeddings", numEmbeddings, { min: 1, integer: true });
    this.embeddingDim = checkNumber("Embedding", "embeddingDim", embeddingDim, { min: 1, integer: true });
    this.settings = readTable("Embedding", numEmbeddings, options);
    const dtype = readFloat("Embedding", options);
    this.weight =
      options.weight === undefined
        ? newTable(numEmbeddings, embeddingDim, dtype, this.settings)
        : new Parameter(checkTable("Embedding", options.weight, [numEmbeddings, embeddingDim]));
  }

  /**
   * An embedding of these vectors, which it takes over (torch.nn.Embedding.from_pretrained).
   * @param options `freeze`: the vectors do not learn. Default: true.
   * @example nn.Embedding.fromPretrained(tensor([[1, 0], [0, 1]]))
   */
  static fromPretrained(
    vectors: Tensor,
    options: TableOptions & { readonly freeze?: boolean } = {},
  ): Embedding {
    checkOptions("Embedding", options, [...TABLE_OPTIONS, "freeze"]);
    const { freeze = true, ...others } = options;
    checkFlag("Embedding", "freeze", freeze);
    checkTensor("Embedding", "vectors", vectors);
    if (vectors.rank !== 2) {
      throw new ShapeError(`Embedding: expected vectors [N, D], got ${format(vectors.shape)}`);
    }
    const [rows, columns] = vectors.shape as [number, number];
    const embedding = new Embedding(rows, columns, { ...others, weight: vectors });
    embedding.weight.requiresGrad = !freeze;
    return embedding;
  }

  forward(index: Tensor): Tensor {
    const rows = lookUp("Embedding", this.weight, index, this.settings);
    return reshape(rows, [...index.shape, this.embeddingDim]);
  }
}

registerModule("Embedding", Embedding, {
  takes: ["numEmbeddings", "embeddingDim"],
  unnamed: true,
  options: ({ settings, weight }) => ({ ...tableOptions(settings), dtype: weight.dtype }),

  cases: ({ values }) => {
    const inputs = {
      x: values(
        [
          [0, 2, 2],
          [4, 1, 2],
        ],
        "int32",
      ),
    };
    return [
      { note: "2-D", arguments: [5, 3], inputs },
      {
        note: "padding",
        arguments: [5, 3, { paddingIdx: 2, dtype: "float64" }],
        inputs,
        hasDerivatives: false,
      },
      {
        note: "short rows",
        arguments: [5, 3, { maxNorm: 1, scaleGradByFreq: true }],
        inputs,
        hasDerivatives: false,
      },
      {
        note: "short rows by another norm",
        arguments: [5, 3, { maxNorm: 2, normType: 1, paddingIdx: 2 }],
        inputs,
        hasDerivatives: false,
      },
    ];
  },
});
