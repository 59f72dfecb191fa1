import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

/** A slope of the incomplete beta function that is not there. */
export const noSlope = (input: string) => (): never => {
  throw new GraphError(`betainc: there is no derivative by ${input}`);
};

/** p(a, b, x) = x^(a − 1)·(1 − x)^(b − 1)/B(a, b), the density of the beta distribution. */
export const betaDensity: (inputs: readonly [a: Tensor, b: Tensor, x: Tensor]) => Tensor = elementwise<
  "a" | "b" | "x"
>("betaDensity", {
  inputs: ["a", "b", "x"],
  takes: "float",
  kernel: "beta_density",
  slope: {
    a: noSlope("a"),
    b: noSlope("b"),
    x: ({ a, b, x, y }) => mul(sub(div(sub(a, 1), x), div(sub(b, 1), sub(1, x))), y),
  },
});
