// The noise that samples are functions of. It is made in float64, as PyTorch's is on a CPU: in float32 the tails of a
// distribution would end early, since −ln u of the least u > 0 is 22, and probabilities below 2⁻³² would be 0.
import { clamp } from "../ops/clamp.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { neg } from "../ops/neg.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import type { Generator } from "../random/generator.js";
import type { FloatDType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Uniform numbers in (0, 1), float64. */
export function openUniform(shape: Shape, generator: Generator): Tensor {
  return clamp(generator.uniform(shape, { dtype: "float64" }), { min: 2 ** -54 });
}

/** Draws from the exponential distribution of rate 1, above 0. */
export function standardExponential(shape: Shape, dtype: FloatDType, generator: Generator): Tensor {
  return to(neg(log(openUniform(shape, generator))), dtype);
}

/** Draws from the Gumbel distribution with location 0 and scale 1: −ln(−ln u). */
export function standardGumbel(shape: Shape, dtype: FloatDType, generator: Generator): Tensor {
  return to(neg(log(neg(log(openUniform(shape, generator))))), dtype);
}

/** Draws from the logistic distribution with location 0 and scale 1: ln(u/(1 − u)). */
export function standardLogistic(shape: Shape, dtype: FloatDType, generator: Generator): Tensor {
  const u = openUniform(shape, generator);
  return to(sub(log(u), log1p(neg(u))), dtype);
}
