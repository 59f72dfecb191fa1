import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { digamma } from "./digamma.js";
import { elementwise } from "./elementwise.js";
import { gammaDensity } from "./gamma-density.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

/** ∂P/∂a of the regularised incomplete gamma function P(a, x). Slope in x: that of its density in a. */
export const gammaincSlope: (inputs: readonly [a: Tensor, x: Tensor]) => Tensor = elementwise<"a" | "x">(
  "gammainc",
  {
    inputs: ["a", "x"],
    takes: "float",
    kernel: "gammainc_slope",
    slope: {
      a: () => {
        throw new GraphError("gammainc: there is no second derivative by a");
      },
      x: ({ a, x }) => mul(sub(log(x), digamma(a)), gammaDensity([a, x])),
    },
  },
);
