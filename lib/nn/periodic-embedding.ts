import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { concat } from "../ops/concat.js";
import { cos } from "../ops/cos.js";
import { checkDTypes } from "../ops/define.js";
import { einsum } from "../ops/einsum.js";
import { mul } from "../ops/mul.js";
import { relu } from "../ops/relu.js";
import { sin } from "../ops/sin.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { checkNumber, checkOptions } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { zeros } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { truncNormal } from "./init.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface PeriodicOptions {
  /** Size of the vector of a number. Default: 24. */
  readonly dim?: number;
  /** Frequencies of each number. Default: 48. */
  readonly frequencies?: number;
  /** σ, the deviation of the frequencies at first: the one to be tuned first. Default: 0.01. */
  readonly scale?: number;
}

export interface PeriodicEmbeddingOptions extends PeriodicOptions, FloatOptions {}

/**
 * A vector for each number, from sines and cosines whose frequencies are learnt ("PLR" of Gorishniy et al., 2022, "On
 * embeddings for numerical features in tabular deep learning"). For the number x_i, with its own c_i, W_i and b_i:
 *
 *     v = 2π·c_i·x_i
 *     y_i = relu([sin v, cos v]·W_i + b_i)
 *
 * Shapes: x [..., n] → y [..., n, dim]; frequency [n, frequencies], weight [n, 2·frequencies, dim], bias [n, dim].
 * Init: c from N(0, σ), drawn again beyond 3σ; W, b ~ U(−k, k), k = 1/√(2·frequencies), as in the authors' package.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.PeriodicEmbedding(8, { dim: 16 }).forward(rand([32, 8])).shape   // [32, 8, 16]
 */
export class PeriodicEmbedding extends Module {
  readonly features: number;
  readonly scale: number;
  readonly frequency: Parameter;
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(features: number, options: PeriodicEmbeddingOptions = {}) {
    super();
    checkOptions("PeriodicEmbedding", options, ["dim", "frequencies", "scale", "dtype"]);
    this.features = checkNumber("PeriodicEmbedding", "features", features, { min: 1, integer: true });
    const { dim, frequencies, scale } = readPeriodic("PeriodicEmbedding", options);
    const dtype = readFloat("PeriodicEmbedding", options);
    this.scale = scale;
    const drawn = truncNormal(zeros([features, frequencies], { dtype }), {
      std: scale,
      a: -3 * scale,
      b: 3 * scale,
    });
    const high = 1 / Math.sqrt(2 * frequencies);
    const uniform = (shape: readonly number[]): Parameter =>
      new Parameter(defaultGenerator.uniform(shape, { low: -high, high, dtype }));
    this.frequency = new Parameter(drawn);
    this.weight = uniform([features, 2 * frequencies, dim]);
    this.bias = uniform([features, dim]);
  }

  forward(x: Tensor): Tensor {
    if (checkTensor("PeriodicEmbedding", "x", x).shape.at(-1) !== this.features) {
      throw new ShapeError(`PeriodicEmbedding: expected x [..., ${this.features}], got ${format(x.shape)}`);
    }
    checkDTypes("PeriodicEmbedding", ["the weights", "x"], [this.weight, x], "float");
    const v = mul(unsqueeze(x, -1), mul(this.frequency, 2 * Math.PI));
    const waves = concat([sin(v), cos(v)], -1);
    return relu(add(einsum("...ni,nid->...nd", [waves, this.weight]), this.bias));
  }
}

/** The options with their defaults, checked. */
export function readPeriodic(where: string, options: PeriodicOptions): Required<PeriodicOptions> {
  const count = { min: 1, integer: true };
  return {
    dim: checkNumber(where, "dim", options.dim ?? 24, count),
    frequencies: checkNumber(where, "frequencies", options.frequencies ?? 48, count),
    scale: checkNumber(where, "scale", options.scale ?? 0.01, { above: 0 }),
  };
}

registerModule("PeriodicEmbedding", PeriodicEmbedding, {
  takes: ["features"],
  unnamed: true,
  options: ({ scale, frequency, bias }) => ({
    dim: bias.shape[1],
    frequencies: frequency.shape[1],
    scale,
    dtype: bias.dtype,
  }),

  torch: "references.PeriodicEmbedding",
  cases: () => [
    [4, { dim: 2, frequencies: 3 }],
    { note: "3-D", arguments: [2, { dim: 3, frequencies: 1, scale: 1 }], inputs: { x: [2, 3, 2] } },
    { note: "one sample", arguments: [3, { dim: 2, frequencies: 2, dtype: "float64" }], inputs: { x: [3] } },
  ],
});
