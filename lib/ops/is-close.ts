import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { add } from "./add.js";
import { all } from "./all.js";
import type { Draw, Draws } from "./cases.js";
import { broadcastSpec } from "./define.js";
import { equal } from "./equal.js";
import { isFinite } from "./is-finite.js";
import { isNaN } from "./is-nan.js";
import { knownValues } from "./known-values.js";
import { lessEqual } from "./less-equal.js";
import { logicalAnd } from "./logical-and.js";
import { logicalOr } from "./logical-or.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";
import { to } from "./to.js";

/** How close is close: for `isClose` and `allclose`. */
export interface CloseOptions {
  /** The relative part. Default: 1e-5. */
  readonly rtol?: number;
  /** The absolute part. Default: 1e-8. */
  readonly atol?: number;
  /** Whether two NaN are close. Default: false. */
  readonly equalNan?: boolean;
}

/**
 * Whether |a − b| ≤ atol + rtol·|b|, element by element (torch.isclose). Equal infinities are close. Whole numbers and
 * truths are compared as float64. No gradient.
 * Shapes: a and b broadcast to y bool. Dtypes: any, the same.
 * @example isClose(tensor([1, 2]), tensor([1.000001, 2.1]))   // [true, false]
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function isClose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor {
  return close("isClose", a, b, options);
}

/**
 * Whether all elements are close, as true or false of JavaScript (torch.allclose). Within a compiled function or
 * `vmap`, where there is no such answer yet: `all(isClose(a, b))`.
 * @example allclose(tensor([1, 2]), tensor([1.000001, 2]))   // true
 * @throws TraceError within `compile` and `vmap`; as `isClose`
 */
export function allclose(a: Tensor, b: Tensor, options: CloseOptions = {}): boolean {
  const each = close("allclose", a, b, options);
  const answer = all(each);
  return (
    knownValues("allclose", "it gives true or false of JavaScript; use all(isClose(a, b))", answer)[0] === 1
  );
}

function close(name: string, a: Tensor, b: Tensor, options: CloseOptions): Tensor {
  broadcastSpec(name, ["a", "b"], [checkTensor(name, "a", a), checkTensor(name, "b", b)], "any");
  checkOptions(name, options, ["rtol", "atol", "equalNan"]);
  const rtol = checkNumber(name, "rtol", options.rtol ?? 1e-5, { min: 0 });
  const atol = checkNumber(name, "atol", options.atol ?? 1e-8, { min: 0 });
  const equalNan = checkFlag(name, "equalNan", options.equalNan ?? false);
  const [x, y] = isFloat(a.dtype) ? [a, b] : [to(a, "float64"), to(b, "float64")];
  const difference = abs(sub(x, y));
  const isNear = logicalAnd(isFinite(difference), lessEqual(difference, add(mul(abs(y), rtol), atol)));
  const isSame = logicalOr(isNear, equal(x, y));
  return equalNan ? logicalOr(isSame, logicalAnd(isNaN(x), isNaN(y))) : isSame;
}

const of = ({
  floats,
  integers,
  values,
}: Draws): Readonly<Record<string, readonly [Draw, Draw, CloseOptions?]>> => ({
  "far apart": [floats([2, 3]), floats([3])],
  "at the tolerance": [values([1, 1, 100, 100]), values([1.000001, 1.1, 100.0001, 101])],
  "a tolerance of its own": [values([1, 2, 3]), values([1.05, 2.05, 3.5]), { atol: 0.125, rtol: 0 }],
  "infinities and NaN": [
    values([Infinity, -Infinity, NaN, 1, Infinity]),
    values([Infinity, Infinity, NaN, Infinity, 1]),
  ],
  "NaN is NaN": [values([NaN, 1]), values([NaN, 1]), { equalNan: true }],
  "whole numbers": [integers([5], 3), integers([5], 3)],
  "0-d": [values(1), values(1)],
  empty: [floats([0, 3]), floats([3])],
});

register("isClose", isClose, {
  torch: "lambda a, b, equalNan=False, **how: torch.isclose(a, b, equal_nan=equalNan, **how)",
  cases: of,
});
register("allclose", allclose, {
  torch:
    "lambda a, b, equalNan=False, **how: torch.tensor(torch.allclose(*torch.broadcast_tensors(a, b), equal_nan=equalNan, **how))",
  eager: true,
  cases: of,
});
