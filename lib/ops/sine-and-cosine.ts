// Each is the other's slope, up to the sign.
import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";

type OfOne = (inputs: readonly Tensor[]) => Tensor;

export const sine: OfOne = elementwise("sin", { takes: "float", slope: { x: ({ x }) => cosine([x]) } });

export const cosine: OfOne = elementwise("cos", { takes: "float", slope: { x: ({ x }) => neg(sine([x])) } });

export const hyperbolicSine: OfOne = elementwise("sinh", {
  takes: "float",
  slope: { x: ({ x }) => hyperbolicCosine([x]) },
});

export const hyperbolicCosine: OfOne = elementwise("cosh", {
  takes: "float",
  slope: { x: ({ x }) => hyperbolicSine([x]) },
});
