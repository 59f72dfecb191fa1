import type { Tensor } from "../tensor/tensor.js";
import { concat } from "./concat.js";
import { countable } from "./countable.js";
import { expand } from "./expand.js";
import { mul } from "./mul.js";
import { scalar } from "./operand.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";

/**
 * Product over the axes `dim`, or over all, by pairs: right derivatives of every order where factors are 0
 * too (torch.prod).
 * Shapes: as `sum`. Dtypes: float32, float64, int32; of bool as int32. An empty product is 1.
 * @example prod(tensor([[1, 2], [3, 4]]), { dim: 0 })   // [3, 8]
 * @throws ShapeError, DTypeError, OptionError
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  const numbers = countable("prod", x);
  return reduceDims("prod", numbers, options, (part, begin, end) => {
    const front = part.shape.slice(0, begin);
    const back = part.shape.slice(end);
    const length = part.shape.slice(begin, end).reduce((product, size) => product * size, 1);
    if (length === 0) return expand(scalar(1, numbers.dtype), [...front, ...back]);
    let y = reshape(part, [...front, length, ...back]);
    for (let n = length; n > 1; n = y.shape[begin] as number) {
      const half = Math.floor(n / 2);
      const pairs = mul(slice(y, begin, { end: half }), slice(y, begin, { start: half, end: 2 * half }));
      y = n % 2 === 0 ? pairs : concat([pairs, slice(y, begin, { start: n - 1 })], begin);
    }
    return reshape(y, [...front, ...back]);
  });
}

register("prod", prod, {
  torch: "prod",
  reduces: { axes: "several", of: "floats" },
  gives: { bool: "int32" },
  cases: ({ values }) => ({
    "factors of 0": [
      values([
        [0, 2, 3],
        [0, 0, 3],
        [1, 2, 3],
      ]),
      { dim: 1 },
    ],
  }),
});
