import { ArgumentError, ShapeError } from "../errors.js";
import { defaultGenerator } from "../graph/generator.js";
import { format, sameShape } from "../graph/shape.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { amax } from "../ops/amax.js";
import { checkIndex } from "../ops/axis-index.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { checkChoice, checkNumber, checkOptions } from "../options.js";
import { lookUp } from "./embedding.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface EmbeddingBagOptions extends FloatOptions {
  /** What is made of the vectors of a bag. Default: mean. */
  readonly mode?: "sum" | "mean" | "max";
}

/**
 * The sum, mean or maximum of the vectors of each bag of indices (torch.nn.EmbeddingBag, of bags of one size).
 * Shapes: index [B, L] int32, L ≥ 1, and for `sum` weights of the indices [B, L] → y [B, D]; weight [N, D].
 * Init: weight ~ N(0, 1).
 * @throws IndexError for an index outside [0, N); ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.EmbeddingBag(1000, 16).forward(tensor([[3, 14, 15]], { dtype: "int32" }))   // [1, 16]
 */
export class EmbeddingBag extends Module {
  readonly mode: "sum" | "mean" | "max";
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    super();
    checkOptions("EmbeddingBag", options, ["mode", "dtype"]);
    checkNumber("EmbeddingBag", "numEmbeddings", numEmbeddings, { min: 1, integer: true });
    checkNumber("EmbeddingBag", "embeddingDim", embeddingDim, { min: 1, integer: true });
    this.mode = checkChoice("EmbeddingBag", "mode", options.mode ?? "mean", ["sum", "mean", "max"]);
    const dtype = readFloat("EmbeddingBag", options);
    this.weight = new Parameter(defaultGenerator.normal([numEmbeddings, embeddingDim], { dtype }));
  }

  forward(index: Tensor, perSampleWeights?: Tensor): Tensor {
    checkIndex("EmbeddingBag", index);
    if (index.rank !== 2 || index.shape[1] === 0) {
      throw new ShapeError(`EmbeddingBag: expected index [B, L] with L ≥ 1, got ${format(index.shape)}`);
    }
    const vectors = lookUp("EmbeddingBag", this.weight, index, null);
    if (this.mode === "max") return amax(this.#plain(vectors, perSampleWeights), { dim: 1 });
    if (this.mode === "mean") return mean(this.#plain(vectors, perSampleWeights), { dim: 1 });
    if (perSampleWeights === undefined) return sum(vectors, { dim: 1 });
    checkTensor("EmbeddingBag", "perSampleWeights", perSampleWeights);
    if (!sameShape(perSampleWeights.shape, index.shape)) {
      throw new ShapeError(
        `EmbeddingBag: expected perSampleWeights to be ${format(index.shape)}, got ${format(perSampleWeights.shape)}`,
      );
    }
    return sum(mul(vectors, unsqueeze(perSampleWeights, 2)), { dim: 1 });
  }

  #plain(vectors: Tensor, weights: Tensor | undefined): Tensor {
    if (weights === undefined) return vectors;
    throw new ArgumentError(`EmbeddingBag: perSampleWeights go with mode "sum", not with "${this.mode}"`);
  }
}
