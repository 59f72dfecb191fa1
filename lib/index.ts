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
export {
  type Compiled,
  type CompileOptions,
  compile,
  type PassName,
  type ProgramDescription,
} from "./compiler/compile.js";
export { enableGrad, noGrad } from "./context/grad-mode.js";
export * as cost from "./cost/index.js";
export * as data from "./data/index.js";
export { detectAnomaly } from "./eager/anomaly.js";
export * from "./errors.js";
export {
  type Checkpoint,
  type CheckpointContents,
  loadCheckpoint,
  loadCheckpointSync,
  saveCheckpoint,
  saveCheckpointSync,
} from "./keeping/checkpoint.js";
export { fromJSON, toJSON } from "./keeping/json.js";
export {
  deserialize,
  deserializeTensors,
  load,
  loadSync,
  loadTensors,
  loadTensorsSync,
} from "./keeping/load.js";
export type { SavedTensors, SaveOptions, SchemaOutputs } from "./keeping/model-file.js";
export type { RunParts, Stateful } from "./keeping/run-state.js";
export { save, saveSync, serialize } from "./keeping/save.js";
export { loadState, loadStateSync, saveState, saveStateSync } from "./keeping/state.js";
export type { StateValue } from "./keeping/tree.js";
export { accuracy } from "./metrics/accuracy.js";
export * as metrics from "./metrics/index.js";
export { type BackendInfo, backendInfo, setBackend, setThreads } from "./native/backend.js";
export * as nn from "./nn/index.js";
export { type ChainLink, chain, type Jacobians, jacobians } from "./nn/jacobians.js";
export { perSampleGradients } from "./nn/per-sample-gradients.js";
export { registerClass } from "./nn/register-class.js";
export * as ops from "./ops/index.js";
export * as optim from "./optim/index.js";
export { rand, randn } from "./random/create.js";
export { Generator, type GeneratorState, manualSeed } from "./random/generator.js";
export {
  arange,
  type CreateOptions,
  eye,
  fromTypedArray,
  full,
  linspace,
  ones,
  type TensorLike,
  type TensorOptions,
  tensor,
  type ViewOptions,
  zeros,
} from "./tensor/create.js";
export type { DType, TypedArray } from "./tensor/dtype.js";
export { reviveTensors } from "./tensor/json.js";
export type { Shape } from "./tensor/shape.js";
export type { TensorJSON } from "./tensor/tensor.js";
export { Tensor } from "./tensor/tensor.js";
export type { Like, TensorTree, Tree } from "./tensor/tree.js";
export type { Augment } from "./train/augmentation.js";
export type {
  BestOptions,
  CheckpointInterval,
  CheckpointOptions,
  CheckpointReport,
} from "./train/checkpoints.js";
export {
  type CrossValidateOptions,
  type CrossValidation,
  type CrossValidationFold,
  crossValidate,
  type Trainee,
} from "./train/cross-validate.js";
export type { EarlyStoppingOptions } from "./train/early-stopping.js";
export {
  type EvaluateOptions,
  type EvaluateRowsOptions,
  evaluate,
  type PredictOptions,
  predict,
} from "./train/evaluate.js";
export type { Evaluation } from "./train/evaluation.js";
export {
  type BatchReport,
  type Callback,
  type EpochReport,
  type FitOptions,
  type FitRowsOptions,
  type FitState,
  fit,
  type ResumeReport,
} from "./train/fit.js";
export { averageLoss, type LossOptions, perSampleLoss } from "./train/loss.js";
export type {
  BatchMetric,
  Metric,
  MetricName,
  MetricResults,
  Metrics,
  MetricsByTarget,
} from "./train/metrics.js";
export type { CostOf, MetricsOf, WeightsOf } from "./train/objective.js";
export {
  type ClassFigures,
  type FiguresOf,
  type NumberFigures,
  Predictor,
  type PredictorEvaluateOptions,
} from "./train/predictor.js";
export type { RowOptions, RowSet } from "./train/row-options.js";
export type { SampleOptions } from "./train/sample-options.js";
export type { OnStepOptions, ScheduleOptions, StepOptions, StepReport } from "./train/step-options.js";
