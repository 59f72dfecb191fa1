// Numbers drawn from gamma distributions as functions of the distribution's shape α: x stays at the same place P(α, x) of
// the distribution function while α moves (Figurnov et al., "Implicit reparameterization gradients", 2018).
import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { defineOp } from "./define.js";
import { digamma } from "./digamma.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { exp } from "./exp.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { aligned } from "./samples.js";
import { sub } from "./sub.js";
import { expandTo, sumTo } from "./sum-and-expand.js";

type Slope = (inputs: readonly [alpha: Tensor, x: Tensor]) => Tensor;

const noSecond = (name: string) => (): never => {
  throw new GraphError(`${name}: the draw has no second derivative by alpha`);
};

/** g = dx/dα = −(∂P(α, x)/∂α)/p(x; α). Slope in x: −(ln x − ψ(α)) − ((α − 1)/x − 1)·g. */
const slopeOfNumber: Slope = elementwise<"alpha" | "x">("standardGamma", {
  inputs: ["alpha", "x"],
  takes: "float",
  kernel: "gamma_sample_slope",
  slope: {
    alpha: noSecond("standardGamma"),
    x: ({ alpha, x, y }) => neg(add(sub(log(x), digamma(alpha)), mul(sub(div(sub(alpha, 1), x), 1), y))),
  },
});

/** D = d ln x/dα as a function of l = ln x. Slope in l: −(l − ψ(α)) − (α − eˡ)·D. */
const slopeOfLogarithm: Slope = elementwise<"alpha" | "x">("logStandardGamma", {
  inputs: ["alpha", "x"],
  takes: "float",
  kernel: "log_gamma_sample_slope",
  slope: {
    alpha: noSecond("logStandardGamma"),
    x: ({ alpha, x, y }) => neg(add(sub(x, digamma(alpha)), mul(sub(alpha, exp(x)), y))),
  },
});

/** x with the derivative `slope` by α, which broadcasts to it. */
function defineSample(name: string, slope: Slope): (x: Tensor, alpha: Tensor) => Tensor {
  const op = defineOp<"x" | "alpha">(name, {
    inputs: ["x", "alpha"],
    kernel: null,
    shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
    vjp: {
      x: ({ dy }) => dy,
      alpha: ({ dy, alpha, y }) => sumTo(mul(dy, slope([alpha, y])), alpha.shape),
    },
    jvp: {
      x: ({ dx }) => dx,
      alpha: ({ dalpha, alpha, y }) => mul(dalpha, slope([alpha, y])),
    },
    batch: ({ x, alpha }, { batched, size, op: self }) => {
      const all = batched.x ? x : expandTo(x, [size, ...x.shape]);
      return self(aligned([all, alpha], [true, batched.alpha]), {});
    },
  });
  return (x, alpha) => op([x, alpha], {});
}

/** Numbers x of the standard gamma distribution with shapes α. */
export const gammaSample = defineSample("standardGamma", slopeOfNumber);

/** Their logarithms. */
export const logGammaSample = defineSample("logStandardGamma", slopeOfLogarithm);
