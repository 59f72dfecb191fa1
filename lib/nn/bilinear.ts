import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { einsum } from "../ops/einsum.js";
import { reshape } from "../ops/reshape.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { matrices } from "./matrices.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { type ModuleCase, registerModule } from "./registry.js";

export interface BilinearOptions extends FloatOptions {
  /** Whether there is a bias b. Default: true. */
  readonly bias?: boolean;
}

/**
 * y_k = a·W_k·c + b_k, linear in each of its two inputs (torch.nn.Bilinear).
 * Shapes: a [..., in1], c [..., in2] → y [..., out]; weight [out, in1, in2], bias [out].
 * Init: W, b ~ U(−k, k), k = 1/√in1.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example new nn.Bilinear(20, 30, 40).forward(rand([128, 20]), rand([128, 30]))   // [128, 40]
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: BilinearOptions = {}) {
    super();
    checkOptions("Bilinear", options, ["bias", "dtype"]);
    const size = (name: string, value: number): number =>
      checkNumber("Bilinear", name, value, { min: 1, integer: true });
    this.outFeatures = size("outFeatures", outFeatures);
    this.in1Features = size("in1Features", in1Features);
    this.in2Features = size("in2Features", in2Features);
    const bias = checkFlag("Bilinear", "bias", options.bias ?? true);
    const high = 1 / Math.sqrt(in1Features);
    const range = { low: -high, high, dtype: readFloat("Bilinear", options) };
    this.weight = new Parameter(defaultGenerator.uniform([outFeatures, in1Features, in2Features], range));
    this.bias = bias ? new Parameter(defaultGenerator.uniform([outFeatures], range)) : null;
  }

  forward(a: Tensor, c: Tensor): Tensor {
    checkTensor("Bilinear", "input 1", a);
    checkTensor("Bilinear", "input 2", c);
    checkDTypes("Bilinear", ["weight", "input 1", "input 2"], [this.weight, a, c], "float");
    const [out, in1, in2] = this.weight.shape as [number, number, number];
    const front = a.shape.slice(0, -1);
    const fits =
      a.rank > 0 &&
      a.shape.at(-1) === in1 &&
      c.shape.at(-1) === in2 &&
      sameShape(front, c.shape.slice(0, -1));
    if (!fits) {
      throw new ShapeError(
        `Bilinear: expected inputs [..., ${in1}] and [..., ${in2}], got ${format(a.shape)} and ${format(c.shape)}`,
      );
    }
    const rows = a.size / in1;
    const y = einsum("bi,kij,bj->bk", [reshape(a, [rows, in1]), this.weight, reshape(c, [rows, in2])]);
    return reshape(this.bias === null ? y : add(y, this.bias), [...front, out]);
  }

  /** @internal */
  [matrices](): readonly Tensor[] {
    return [this.weight];
  }
}

registerModule("Bilinear", Bilinear, {
  takes: ["in1Features", "in2Features", "outFeatures"],
  options: ({ bias, weight }) => ({ bias: bias !== null, dtype: weight.dtype }),

  cases: () =>
    [true, false].flatMap((bias) =>
      Object.entries({ "2-D": [5], "1-D": [], "3-D": [2, 2] }).map(
        ([note, front]): ModuleCase<[number, number, number, BilinearOptions]> => ({
          note: `${note}, bias ${bias}`,
          arguments: [2, 3, 4, { bias, dtype: "float64" }],
          inputs: { x0: [...front, 2], x1: [...front, 3] },
        }),
      ),
    ),
});
