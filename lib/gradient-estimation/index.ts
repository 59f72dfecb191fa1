export {
  type Baseline,
  LearntBaseline,
  leaveOneOut,
  RunningMean,
  type RunningMeanOptions,
  type RunningMeanStateDict,
} from "./baselines.js";
export {
  type CostOfDraws,
  type DrawnGradientEstimate,
  estimateGradient,
  type GradientEstimate,
  type PathwiseEstimate,
  type Samplable,
  type ScoreFunctionEstimate,
  type SpsaEstimate,
} from "./estimate-gradient.js";
export { type ScoreFunctionOptions, scoreFunction } from "./score-function.js";
export { type BlackBox, type SpsaOptions, spsa } from "./spsa.js";
export { straightThrough } from "./straight-through.js";
