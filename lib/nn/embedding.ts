import { defaultGenerator } from "../graph/generator.js";
import type { Tensor } from "../graph/tensor.js";
import { checkIndex } from "../ops/axis-index.js";
import { detach } from "../ops/detach.js";
import { indexSelect } from "../ops/index-select.js";
import { notEqual } from "../ops/not-equal.js";
import { reshape } from "../ops/reshape.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkNumber, checkOptions } from "../options.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface EmbeddingOptions extends FloatOptions {
  /** The row of this index is 0 at first and has no gradient: it stands for nothing. */
  readonly paddingIdx?: number;
}

/**
 * A table of vectors, looked up by index (torch.nn.Embedding).
 * Shapes: index [...] int32 → y [..., D]; weight [N, D]. Init: weight ~ N(0, 1).
 * @throws IndexError for an index outside [0, N); DTypeError, OptionError, ArgumentError
 * @example new nn.Embedding(1000, 16).forward(tensor([[3, 14]], { dtype: "int32" }))   // [1, 2, 16]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions("Embedding", options, ["paddingIdx", "dtype"]);
    this.numEmbeddings = checkNumber("Embedding", "numEmbeddings", numEmbeddings, { min: 1, integer: true });
    this.embeddingDim = checkNumber("Embedding", "embeddingDim", embeddingDim, { min: 1, integer: true });
    this.paddingIdx =
      options.paddingIdx === undefined
        ? null
        : checkNumber("Embedding", "paddingIdx", options.paddingIdx, {
            min: 0,
            below: numEmbeddings,
            integer: true,
          });
    const dtype = readFloat("Embedding", options);
    const weight = defaultGenerator.normal([numEmbeddings, embeddingDim], { dtype });
    if (this.paddingIdx !== null) {
      weight.data.fill(0, this.paddingIdx * embeddingDim, (this.paddingIdx + 1) * embeddingDim);
    }
    this.weight = new Parameter(weight);
  }

  forward(index: Tensor): Tensor {
    return lookUp("Embedding", this.weight, index, this.paddingIdx);
  }
}

/** The rows of a table at an index of any shape; that of the padding without gradient. */
export function lookUp(name: string, weight: Tensor, index: Tensor, paddingIdx: number | null): Tensor {
  checkIndex(name, index);
  const list = reshape(index, [index.size]);
  const rows = indexSelect(weight, 0, list);
  const learned =
    paddingIdx === null ? rows : where(unsqueeze(notEqual(list, paddingIdx), 1), rows, detach(rows));
  return reshape(learned, [...index.shape, weight.shape[1] as number]);
}
