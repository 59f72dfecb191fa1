import type { Tensor } from "../tensor/tensor.js";
import { betaDensity, noSlope } from "./beta-density.js";
import { broadcastSpec } from "./define.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "b" | "x">("betainc", {
  inputs: ["a", "b", "x"],
  takes: "float",
  slope: { a: noSlope("a"), b: noSlope("b"), x: ({ a, b, x }) => betaDensity([a, b, x]) },
});

/**
 * y = I_x(a, b) = 1/B(a, b) · ∫₀ˣ t^(a − 1)·(1 − t)^(b − 1) dt, the regularised incomplete beta function
 * (scipy.special.betainc; PyTorch has none): the distribution function of the beta distribution. For a, b ≥ 0 and x in
 * [0, 1], elsewhere NaN; also where a and b are both 0 or both infinite. Its smallest values keep their digits; those of
 * 1 − y are betainc(b, a, 1 − x).
 * Slope in x: x^(a − 1)·(1 − x)^(b − 1)/B(a, b). There is none in a and b.
 * Shapes: a, b and x broadcast to y; up to two of them may be numbers. Dtypes: float32, float64.
 * @example betainc(2, 3, tensor([0.25, 0.5]))   // [0.2617, 0.6875]
 * @throws ShapeError, DTypeError, ArgumentError; GraphError for a derivative by a or b
 */
export function betainc(a: Operand, b: Operand, x: Operand): Tensor {
  const tensors = [a, b, x].filter((one) => typeof one !== "number");
  const beside = tensors[0] ?? x;
  const [first] = operands("betainc", a, beside, ["a", "x"]);
  const [second] = operands("betainc", b, beside, ["b", "x"]);
  const [third] = operands("betainc", x, beside, ["x", "a"]);
  broadcastSpec("betainc", ["a", "b", "x"], [first, second, third], "float");
  return op([first, second, third]);
}

register("betainc", betainc, {
  torch: "betainc",
  cases: ({ floats, values }) => ({
    "same shape": [floats([17], 0.25, 6), floats([17], 0.25, 6), floats([17], 0.05, 0.95)],
    broadcast: [floats([3, 1], 0.25, 6), floats([4], 0.25, 6), floats([2, 1, 1], 0.05, 0.95)],
    numbers: [2, 0.5, floats([5], 0.05, 0.95)],
    "0-d": [floats([], 0.25, 6), floats([], 0.25, 6), floats([], 0.05, 0.95)],
    empty: [floats([0, 3], 0.25, 6), floats([3], 0.25, 6), 0.5],
    "large a and b": [values([30, 1000, 1e5]), values([40, 200, 1e5]), values([0.375, 0.8125, 0.501953125])],
    "far tails": [values([30, 3, 200]), values([40, 3, 300]), values([0.0625, 2 ** -20, 0.25])],
    "next to 1": [values([2, 0.5]), values([0.5, 2]), values([1 - 2 ** -20, 1 - 2 ** -10])],
  }),
  moving: {
    "same shape": [2],
    broadcast: [2],
    numbers: [0],
    "0-d": [2],
    empty: [],
    "large a and b": [2],
    "far tails": [2],
    "next to 1": [2],
  },
});
