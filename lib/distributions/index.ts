import "./divergences.js";

export { Bernoulli } from "./bernoulli.js";
export { Beta } from "./beta.js";
export { Binomial } from "./binomial.js";
export { Categorical } from "./categorical.js";
export { Cauchy } from "./cauchy.js";
export type { ChanceOptions } from "./chance.js";
export type { ClassOptions } from "./classes.js";
export type { Constraint } from "./constraints.js";
export { Dirichlet } from "./dirichlet.js";
export {
  Distribution,
  type DistributionOptions,
  type DistributionSpec,
  type SampleAndLogProb,
  type SampleOptions,
} from "./distribution.js";
export { Exponential } from "./exponential.js";
export { Gamma } from "./gamma.js";
export { Geometric } from "./geometric.js";
export { Gumbel } from "./gumbel.js";
export { Independent } from "./independent.js";
export { type DistributionClass, klDivergence, registerKL } from "./kl-divergence.js";
export { Laplace } from "./laplace.js";
export { LogNormal } from "./log-normal.js";
export { Mixture } from "./mixture.js";
export { MultivariateNormal, type SpreadOptions } from "./multivariate-normal.js";
export { Normal } from "./normal.js";
export { OneHotCategorical } from "./one-hot-categorical.js";
export { Poisson } from "./poisson.js";
export { RelaxedBernoulli } from "./relaxed-bernoulli.js";
export { RelaxedOneHotCategorical } from "./relaxed-one-hot-categorical.js";
export type { StraightThroughOptions } from "./straight-through.js";
export { StudentT } from "./student-t.js";
export { TanhNormal } from "./tanh-normal.js";
export { Uniform } from "./uniform.js";
