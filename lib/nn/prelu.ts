import { prelu } from "../ops/prelu.js";
import { checkNumber, checkOptions } from "../options.js";
import { full } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface PReLUOptions extends FloatOptions {
  /** How many slopes: 1 for all channels, or one for each. Default: 1. */
  readonly numParameters?: number;
  /** What the slopes begin with. Default: 0.25. */
  readonly init?: number;
}

/**
 * y = x where x > 0, else w·x with slopes w that are learned (He et al., 2015; torch.nn.PReLU).
 * Shapes: x [B, C, ...] → y, the same; weight [1] or [C].
 * @throws OptionError, ArgumentError, DTypeError
 * @example new nn.PReLU({ numParameters: 60 }).forward(rand([32, 60]))
 */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super();
    checkOptions("PReLU", options, ["numParameters", "init", "dtype"]);
    this.numParameters = checkNumber("PReLU", "numParameters", options.numParameters ?? 1, {
      min: 1,
      integer: true,
    });
    const init = checkNumber("PReLU", "init", options.init ?? 0.25);
    this.weight = new Parameter(full([this.numParameters], init, { dtype: readFloat("PReLU", options) }));
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}

registerModule("PReLU", PReLU, {
  options: ({ numParameters, weight }) => ({ numParameters, dtype: weight.dtype }),

  cases: () => [
    [],
    [{ numParameters: 4, dtype: "float64" }],
    { note: "3-D", arguments: [{ numParameters: 3 }], inputs: { x: [2, 3, 2] } },
    [{ init: 0.5 }],
  ],
});
