import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { ones, zeros } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { normalize } from "./layer-norm.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface GroupNormOptions extends FloatOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether there are a weight w and a bias b. Default: true. */
  readonly affine?: boolean;
  /** Whether there is a bias b beside the weight. Default: true. */
  readonly bias?: boolean;
}

/**
 * y = (x − mean)/√(variance + ε)·w + b over each group of channels of each sample (Wu and He, 2018;
 * torch.nn.GroupNorm).
 * Shapes: x [B, C, ...] → y, the same; weight and bias [C], at first 1 and 0.
 * @throws ShapeError, DTypeError, OptionError; ArgumentError unless the groups divide the channels
 * @example new nn.GroupNorm(3, 60).forward(rand([32, 60]))
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super();
    checkOptions("GroupNorm", options, ["eps", "affine", "bias", "dtype"]);
    this.numGroups = checkNumber("GroupNorm", "numGroups", numGroups, { min: 1, integer: true });
    this.numChannels = checkNumber("GroupNorm", "numChannels", numChannels, { min: 1, integer: true });
    if (numChannels % numGroups !== 0) {
      throw new ArgumentError(
        `GroupNorm: expected a number of groups that divides ${numChannels} channels, got ${numGroups}`,
      );
    }
    this.eps = checkNumber("GroupNorm", "eps", options.eps ?? 1e-5, { min: 0 });
    const affine = checkFlag("GroupNorm", "affine", options.affine ?? true);
    const bias = checkFlag("GroupNorm", "bias", options.bias ?? true);
    const dtype = readFloat("GroupNorm", options);
    this.weight = affine ? new Parameter(ones([numChannels], { dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros([numChannels], { dtype })) : null;
  }

  forward(x: Tensor): Tensor {
    checkTensor("GroupNorm", "x", x);
    if (x.rank < 2 || x.shape[1] !== this.numChannels) {
      throw new ShapeError(`GroupNorm: expected x [B, ${this.numChannels}, ...], got ${format(x.shape)}`);
    }
    const samples = x.shape[0] as number;
    const groups = reshape(x, [
      samples,
      this.numGroups,
      samples === 0 ? 0 : x.size / samples / this.numGroups,
    ]);
    const y = reshape(normalize(groups, [2], this.eps), x.shape);
    const line = [this.numChannels, ...x.shape.slice(2).map(() => 1)];
    const scaled = this.weight === null ? y : mul(y, reshape(this.weight, line));
    return this.bias === null ? scaled : add(scaled, reshape(this.bias, line));
  }
}

registerModule("GroupNorm", GroupNorm, {
  takes: ["numGroups", "numChannels"],
  unnamed: true,
  options: ({ eps, weight, bias }) => ({
    eps,
    affine: weight !== null,
    bias: bias !== null,
    dtype: weight?.dtype,
  }),

  cases: () => [
    [2, 4],
    [4, 4, { affine: false, eps: 0.01 }],
    [2, 4, { bias: false, dtype: "float64" }],
    { note: "3-D", arguments: [2, 4], inputs: { x: [2, 4, 3] } },
  ],
});
