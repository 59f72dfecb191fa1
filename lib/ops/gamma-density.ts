import type { Tensor } from "../tensor/tensor.js";
import { digamma } from "./digamma.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { log } from "./log.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

/**
 * p(a, x) = x^(a − 1)·e^(−x)/Γ(a), the density of the standard gamma distribution, with all its digits also where the
 * factors are large. Slopes (ln x − ψ(a))·p and ((a − 1)/x − 1)·p.
 */
export const gammaDensity: (inputs: readonly [a: Tensor, x: Tensor]) => Tensor = elementwise<"a" | "x">(
  "gammaDensity",
  {
    inputs: ["a", "x"],
    takes: "float",
    kernel: "gamma_density",
    slope: {
      a: ({ a, x, y }) => mul(sub(log(x), digamma(a)), y),
      x: ({ a, x, y }) => mul(sub(div(sub(a, 1), x), 1), y),
    },
  },
);
