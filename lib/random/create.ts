import { checkOptions } from "../options.js";
import { type CreateOptions, readFloat, withGradient } from "../tensor/create.js";
import { checkShape, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { defaultGenerator } from "./generator.js";

/** Uniform random numbers in [0, 1), from the generator that `manualSeed` starts. @example rand([2, 3]) */
export function rand(shape: Shape, options: CreateOptions = {}): Tensor {
  checkOptions("rand", options, ["dtype", "requiresGrad"]);
  const dtype = readFloat("rand", options);
  const x = defaultGenerator.uniform(checkShape("rand", shape), { dtype });
  return withGradient("rand", x, options);
}

/** Normal random numbers, mean 0 and variance 1, from the generator that `manualSeed` starts. @example randn([2, 3]) */
export function randn(shape: Shape, options: CreateOptions = {}): Tensor {
  checkOptions("randn", options, ["dtype", "requiresGrad"]);
  const dtype = readFloat("randn", options);
  const x = defaultGenerator.normal(checkShape("randn", shape), { dtype });
  return withGradient("randn", x, options);
}
