export { type BackwardOptions, backward } from "./autodiff/backward.js";
export { type CheckOptions, checkGradients } from "./autodiff/check-gradients.js";
export { checkpoint } from "./autodiff/checkpoint.js";
export { defineFunction, type FunctionContext, type FunctionDefinition } from "./autodiff/define-function.js";
export {
  type HessianOf,
  hessian,
  hvp,
  type JacobianOf,
  type JacobianOptions,
  jacobian,
} from "./autodiff/jacobian.js";
export {
  type ArgumentOptions,
  type GradientOf,
  grad,
  jvp,
  type TensorFunction,
  valueAndGrad,
  vjp,
} from "./autodiff/transforms.js";
export { type VmapOptions, vmap } from "./autodiff/vmap.js";
export { type BackendInfo, backendInfo, setBackend, setThreads } from "./backend.js";
export * as cost from "./cost/index.js";
export * as data from "./data/index.js";
export * from "./errors.js";
export { detectAnomaly } from "./graph/anomaly.js";
export { type Compiled, type CompileOptions, compile, type PassName } from "./graph/compile.js";
export {
  arange,
  type CreateOptions,
  eye,
  fromTypedArray,
  full,
  ones,
  rand,
  randn,
  type TensorLike,
  type TensorOptions,
  tensor,
  type ViewOptions,
  zeros,
} from "./graph/create.js";
export type { DType, TypedArray } from "./graph/dtype.js";
export { Generator, manualSeed } from "./graph/generator.js";
export { enableGrad, noGrad } from "./graph/grad-mode.js";
export { reviveTensors } from "./graph/json.js";
export type { Shape } from "./graph/shape.js";
export type { TensorJSON } from "./graph/tensor.js";
export type { Like, Tree } from "./graph/tree.js";
export * as nn from "./nn/index.js";
export { type ChainLink, chain, type Jacobians, jacobians } from "./nn/jacobians.js";
export { perSampleGradients } from "./nn/per-sample-gradients.js";
export * as ops from "./ops/index.js";
export * as optim from "./optim/index.js";
export { Tensor } from "./tensor.js";
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type PredictOptions,
  predict,
} from "./train/evaluate.js";
export { type BatchReport, type EpochReport, type FitOptions, fit } from "./train/fit.js";
export { averageLoss, type LossOptions, perSampleLoss } from "./train/loss.js";
export { accuracy, type Metric, type Metrics } from "./train/metrics.js";
