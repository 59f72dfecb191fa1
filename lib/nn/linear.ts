import { DTypeError, ShapeError } from "../errors.js";
import { addmm } from "../ops/addmm.js";
import { matmul } from "../ops/matmul.js";
import { reshape } from "../ops/reshape.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { markDiscreet } from "./discreet.js";
import { matrices } from "./matrices.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { type ModuleCase, registerModule } from "./registry.js";

export interface LinearOptions {
  /** Whether there is a bias b. Default: true. */
  readonly bias?: boolean;
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/**
 * Affine map y = x·Wᵀ + b (torch.nn.Linear).
 * Shapes: x [..., in] → y [..., out]; weight [out, in], bias [out].
 * Init: W, b ~ U(−k, k), k = 1/√in, from the generator that `manualSeed` starts.
 * @throws ShapeError if the last size of x is not `in`; DTypeError if x has another dtype than the weights.
 * @example new nn.Linear(600, 60).forward(rand([32, 600]))   // [32, 60]
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkOptions("Linear", options, ["bias", "dtype"]);
    this.inFeatures = checkNumber("Linear", "inFeatures", inFeatures, { min: 1, integer: true });
    this.outFeatures = checkNumber("Linear", "outFeatures", outFeatures, { min: 1, integer: true });
    const bias = checkFlag("Linear", "bias", options.bias ?? true);
    const dtype = checkDType("Linear", options.dtype ?? "float32");
    if (!isFloat(dtype)) throw new DTypeError(`Linear: expected dtype float32 or float64, got ${dtype}`);
    const high = 1 / Math.sqrt(inFeatures);
    this.weight = new Parameter(
      defaultGenerator.uniform([outFeatures, inFeatures], { low: -high, high, dtype }),
    );
    this.bias = bias
      ? new Parameter(defaultGenerator.uniform([outFeatures], { low: -high, high, dtype }))
      : null;
  }

  forward(x: Tensor): Tensor {
    checkTensor("Linear", "x", x);
    if (x.rank === 0 || x.shape[x.rank - 1] !== this.inFeatures) {
      throw new ShapeError(`Linear: expected x [..., ${this.inFeatures}], got ${format(x.shape)}`);
    }
    if (x.dtype !== this.weight.dtype) {
      throw new DTypeError(
        `Linear: expected x to be ${this.weight.dtype} as the weights are, got ${x.dtype}`,
      );
    }
    const rows = x.rank === 2 ? x : reshape(x, [x.size / this.inFeatures, this.inFeatures]);
    const y =
      this.bias === null
        ? matmul(rows, this.weight, { transposeB: true })
        : addmm(this.bias, rows, this.weight, { transposeB: true });
    return x.rank === 2 ? y : reshape(y, [...x.shape.slice(0, -1), this.outFeatures]);
  }

  /** @internal */
  [matrices](): readonly Tensor[] {
    return [this.weight];
  }
}

markDiscreet(Linear);

registerModule("Linear", Linear, {
  takes: ["inFeatures", "outFeatures"],
  options: ({ bias, weight }) => ({ bias: bias !== null, dtype: weight.dtype }),

  cases: () => [
    ...[true, false].flatMap((bias) =>
      Object.entries({
        "1-D": [3],
        "2-D": [4, 3],
        "3-D": [2, 2, 3],
        "one sample": [1, 3],
        "no samples": [0, 3],
      }).map(
        ([note, x]): ModuleCase<[number, number, LinearOptions]> => ({
          note: bias ? note : `${note}, no bias`,
          arguments: [3, 5, { bias }],
          inputs: { x },
        }),
      ),
    ),
    { note: "17 to 1", arguments: [17, 1], inputs: { x: [2, 17] } },
    { note: "1 to 7, float64", arguments: [1, 7, { dtype: "float64" }], inputs: { x: [3, 1] } },
  ],
});
