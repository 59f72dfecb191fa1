export { Adadelta, type AdadeltaOptions } from "./adadelta.js";
export { Adafactor, type AdafactorOptions } from "./adafactor.js";
export { Adagrad, type AdagradOptions } from "./adagrad.js";
export { Adam, type AdamOptions, AdamW } from "./adam.js";
export { Adamax, type AdamaxOptions } from "./adamax.js";
export { ASGD, type ASGDOptions } from "./asgd.js";
export { clipGradNorm, clipGradValue } from "./clip.js";
export { type CurvatureOptions, gaussNewton, newton, type Parametrised } from "./curvature.js";
export {
  type FindLearningRateOptions,
  type FoundLearningRate,
  findLearningRate,
} from "./find-learning-rate.js";
export {
  GradientDescent,
  type GradientDescentOptions,
  type Preconditioner,
  type StatefulPreconditioner,
} from "./gradient-descent.js";
export { ParameterGroup, type ParameterGroupOptions, type ParameterList } from "./group.js";
export { kfac } from "./kfac.js";
export { LAMB, type LAMBOptions } from "./lamb.js";
export { LBFGS, type LBFGSOptions } from "./lbfgs.js";
export { LevenbergMarquardt, type LevenbergMarquardtOptions } from "./levenberg-marquardt.js";
export { Lion, type LionOptions } from "./lion.js";
export { Muon, type MuonOptions } from "./muon.js";
export { NAdam, type NAdamOptions } from "./nadam.js";
export { Optimizer, type OptimizerOptions } from "./optimizer.js";
export { RAdam, type RAdamOptions } from "./radam.js";
export { RMSprop, type RMSpropOptions } from "./rmsprop.js";
export { Rprop, type RpropOptions } from "./rprop.js";
export * from "./schedulers/index.js";
export { SGD, type SGDOptions } from "./sgd.js";
export { SparseAdam, type SparseAdamOptions } from "./sparse-adam.js";
export type { OptimizerStateDict, StateValue, TorchOptimizerStateDict } from "./state-dict.js";
export { WeightAverage, type WeightAverageOptions, type WeightAverageStateDict } from "./weight-average.js";
