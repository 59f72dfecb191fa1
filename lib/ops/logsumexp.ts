import { composed } from "../context/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { amax } from "./amax.js";
import { constantWhere } from "./constant-where.js";
import { checkDTypes } from "./define.js";
import { detach } from "./detach.js";
import { equal } from "./equal.js";
import { exp } from "./exp.js";
import { isFinite } from "./is-finite.js";
import { log } from "./log.js";
import { dimsOf, type ReduceOptions } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import { where } from "./where.js";

/**
 * y = ln Σ eˣ over the axes `dim`, or over all, without overflow: the largest x is taken out first. For an empty
 * axis y = −∞. Slopes e^(x − y): 0 where all x are −∞, NaN beside an x of +∞ (in PyTorch NaN for both).
 * Shapes: as `sum`. Dtypes: float32, float64.
 * @example logsumexp(tensor([1000, 1000]))   // 1000.6931
 * @throws ShapeError, DTypeError, OptionError
 */
export function logsumexp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const dim = dimsOf("logsumexp", x, options);
  checkDTypes("logsumexp", ["x"], [x], "float");
  // ln of an empty sum, which has no largest term.
  if (dim.some((d) => x.shape[d] === 0)) return log(sum(exp(x), options));
  if (x.rank === 0) return reshape(logsumexp(reshape(x, [1])), []);
  return composed("logsumexp", [x], (x) => {
    // `taken` is subtracted here and added at the end. Its gradient is zero, so it is a constant.
    const largest = detach(amax(x, { dim, keepdim: true }));
    const taken = where(isFinite(largest), largest, 0);
    const total = sum(exp(sub(x, taken)), { dim, keepdim: true });
    const y = add(constantWhere(equal(total, 0), Number.NEGATIVE_INFINITY, total, 1, log), taken);
    return options.keepdim === true
      ? y
      : reshape(
          y,
          x.shape.filter((_, d) => !dim.includes(d)),
        );
  });
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    logsumexp: Method<typeof logsumexp>;
  }
}

register("logsumexp", logsumexp, {
  method: true,
  torch: "reduced(torch.logsumexp)",
  reduces: { axes: "several", of: "floats" },
  cases: ({ values }) => ({
    "large and small values": [
      values([
        [1000, 1000, 999],
        [-1000, -1001, -1000],
        [-800, 0, 800],
      ]),
      { dim: 1 },
    ],
  }),
});
