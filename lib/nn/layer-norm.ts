import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { sqrt } from "../ops/sqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { ones, zeros } from "../tensor/create.js";
import { checkShape, format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

/** The last axes of x, whose sizes are this shape. @throws ShapeError where they are not. */
export function lastAxes(name: string, x: Tensor, shape: Shape): number[] {
  checkTensor(name, "x", x);
  const first = x.rank - shape.length;
  if (first < 0 || !shape.every((size, i) => size === x.shape[first + i])) {
    throw new ShapeError(`${name}: expected x [..., ${shape.join(", ")}], got ${format(x.shape)}`);
  }
  return shape.map((_, i) => first + i);
}

/** (x − mean)/√(variance + ε) over those axes, the variance without correction. */
export function normalize(x: Tensor, dim: readonly number[], eps: number): Tensor {
  const centred = sub(x, mean(x, { dim, keepdim: true }));
  return div(centred, sqrt(add(mean(square(centred), { dim, keepdim: true }), eps)));
}

export interface LayerNormOptions extends FloatOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether there are a weight w and a bias b. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a bias b beside the weight. Default: true. */
  readonly bias?: boolean;
}

/**
 * y = (x − mean)/√(variance + ε)·w + b over the last axes of each sample (Ba et al., 2016;
 * torch.nn.LayerNorm).
 * Shapes: x [..., ...shape] → y, the same; weight and bias of that shape, at first 1 and 0.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.LayerNorm(60).forward(rand([32, 60]))
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  /** @param shape The sizes of the last axes, or of the last alone. */
  constructor(shape: number | Shape, options: LayerNormOptions = {}) {
    super();
    checkOptions("LayerNorm", options, ["eps", "elementwiseAffine", "bias", "dtype"]);
    this.normalizedShape = checkShape("LayerNorm", typeof shape === "number" ? [shape] : shape);
    this.eps = checkNumber("LayerNorm", "eps", options.eps ?? 1e-5, { min: 0 });
    const affine = checkFlag("LayerNorm", "elementwiseAffine", options.elementwiseAffine ?? true);
    const bias = checkFlag("LayerNorm", "bias", options.bias ?? true);
    const dtype = readFloat("LayerNorm", options);
    this.weight = affine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros(this.normalizedShape, { dtype })) : null;
  }

  forward(x: Tensor): Tensor {
    const y = normalize(x, lastAxes("LayerNorm", x, this.normalizedShape), this.eps);
    const scaled = this.weight === null ? y : mul(y, this.weight);
    return this.bias === null ? scaled : add(scaled, this.bias);
  }
}

registerModule("LayerNorm", LayerNorm, {
  takes: ["normalizedShape"],
  unnamed: true,
  options: ({ eps, weight, bias }) => ({
    eps,
    elementwiseAffine: weight !== null,
    bias: bias !== null,
    dtype: weight?.dtype,
  }),

  cases: () => [
    [4],
    [[3, 4], { eps: 0.1 }],
    [4, { bias: false, dtype: "float64" }],
    [4, { elementwiseAffine: false }],
  ],
});
