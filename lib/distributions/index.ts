export { Bernoulli } from "./bernoulli.js";
export { Categorical, type ClassOptions } from "./categorical.js";
export type { ChanceOptions } from "./chance.js";
export type { Constraint } from "./constraints.js";
export {
  Distribution,
  type DistributionOptions,
  type DistributionSpec,
  type SampleOptions,
} from "./distribution.js";
export { type DistributionClass, klDivergence, registerKL } from "./kl-divergence.js";
export { Normal } from "./normal.js";
export type { StraightThroughOptions } from "./straight-through.js";
