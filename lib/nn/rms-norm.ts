import { add } from "../ops/add.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { rsqrt } from "../ops/rsqrt.js";
import { square } from "../ops/square.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { ones } from "../tensor/create.js";
import { ROUNDING } from "../tensor/dtype.js";
import { checkShape, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { lastAxes } from "./layer-norm.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface RMSNormOptions extends FloatOptions {
  /** Added to the mean of the squares. Default, and null: that of the dtype, 2⁻²³ for float32 and 2⁻⁵² for float64. */
  readonly eps?: number | null;
  /** Whether there is a weight w. Default: true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * y = x/√(mean x² + ε)·w over the last axes of each sample (Zhang and Sennrich, 2019; torch.nn.RMSNorm).
 * Shapes: x [..., ...shape] → y, the same; weight of that shape, at first 1.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.RMSNorm(60).forward(rand([32, 60]))
 */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number | null;
  readonly weight: Parameter | null;

  /** @param shape The sizes of the last axes, or of the last alone. */
  constructor(shape: number | Shape, options: RMSNormOptions = {}) {
    super();
    checkOptions("RMSNorm", options, ["eps", "elementwiseAffine", "dtype"]);
    this.normalizedShape = checkShape("RMSNorm", typeof shape === "number" ? [shape] : shape);
    const { eps = null } = options;
    this.eps = eps === null ? null : checkNumber("RMSNorm", "eps", eps, { min: 0 });
    const affine = checkFlag("RMSNorm", "elementwiseAffine", options.elementwiseAffine ?? true);
    const dtype = readFloat("RMSNorm", options);
    this.weight = affine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
  }

  forward(x: Tensor): Tensor {
    const dim = lastAxes("RMSNorm", x, this.normalizedShape);
    const eps = this.eps ?? (x.dtype === "float64" ? ROUNDING.float64 : ROUNDING.float32);
    const y = mul(x, rsqrt(add(mean(square(x), { dim, keepdim: true }), eps)));
    return this.weight === null ? y : mul(y, this.weight);
  }
}

registerModule("RMSNorm", RMSNorm, {
  takes: ["normalizedShape"],
  unnamed: true,
  options: ({ eps, weight }) => ({
    eps,
    elementwiseAffine: weight !== null,
    dtype: weight?.dtype,
  }),

  cases: () => [[4], [4, { eps: 0.1, elementwiseAffine: false }], [[3, 4], { dtype: "float64" }]],
});
