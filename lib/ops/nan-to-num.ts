import { ArgumentError } from "../errors.js";
import { checkOptions, describe } from "../options.js";
import { isFloat, LARGEST } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { equal } from "./equal.js";
import { isNaN } from "./is-nan.js";
import { register } from "./registry.js";
import { where } from "./where.js";

/** What `nanToNum` puts in the place of what is no number. */
export interface NanToNumOptions {
  /** Default: 0. */
  readonly nan?: number;
  /** Default: the largest number of x's dtype. */
  readonly posinf?: number;
  /** Default: the smallest number of x's dtype. */
  readonly neginf?: number;
}

/**
 * x with numbers in the place of NaN, ∞ and −∞ (torch.nan_to_num). Slope 1 at numbers, 0 elsewhere.
 * Shapes: x → y, the same. Any dtype; whole numbers and truths stay as they are.
 * @example nanToNum(tensor([1, NaN, Infinity]), { posinf: 9 })   // [1, 0, 9]
 * @throws ArgumentError, OptionError
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkTensor("nanToNum", "x", x);
  checkOptions("nanToNum", options, ["nan", "posinf", "neginf"]);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || typeof value === "number") continue;
    throw new ArgumentError(`nanToNum: expected ${name} to be a number, got ${describe(value)}`);
  }
  if (!isFloat(x.dtype)) return x;
  const largest = LARGEST[x.dtype];
  const { nan = 0, posinf = largest, neginf = -largest } = options;
  const infinity = Number.POSITIVE_INFINITY;
  const bounded = where(equal(x, infinity), posinf, where(equal(x, -infinity), neginf, x));
  return where(isNaN(x), nan, bounded);
}

register("nanToNum", nanToNum, {
  torch: "torch.nan_to_num",
  elementwise: ["floats"],
  cases: ({ values }) => ({
    "others for all": [values([NaN, Infinity, -Infinity, 1]), { nan: 0.5, posinf: 2, neginf: -3 }],
    "an infinity for NaN": [values([NaN, 1]), { nan: Infinity }],
    int32: [values([0, 1, -3], "int32")],
  }),
});
