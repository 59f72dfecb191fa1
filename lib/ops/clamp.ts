import { ArgumentError } from "../errors.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { checkNumber, checkOptions } from "../options.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { where } from "./where.js";

/** The bounds of `clamp`. */
export interface ClampOptions {
  /** Default: none. */
  readonly min?: number;
  /** Default: none. */
  readonly max?: number;
}

/**
 * y = x held within [min, max]; NaN stays (torch.clamp). Slope 1 within, the bounds included, 0 outside.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @example clamp(tensor([-2, 0.5, 3]), { min: 0, max: 1 })   // [0, 0.5, 1]
 * @throws ArgumentError without a bound; DTypeError, OptionError
 */
export function clamp(x: Tensor, options: ClampOptions): Tensor {
  checkTensor("clamp", "x", x);
  checkOptions("clamp", options, ["min", "max"]);
  const { min, max } = options;
  if (min === undefined && max === undefined)
    throw new ArgumentError("clamp: expected min or max, got neither");
  const raised = min === undefined ? x : where(less(x, checkNumber("clamp", "min", min)), min, x);
  return max === undefined ? raised : where(greater(raised, checkNumber("clamp", "max", max)), max, raised);
}
