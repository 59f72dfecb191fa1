export { SparsePattern, type SparsePatternOptions } from "../ops/sparse-pattern.js";
export { BatchNorm1d, type BatchNormOptions } from "./batch-norm.js";
export { Bilinear, type BilinearOptions } from "./bilinear.js";
export { Buffer } from "./buffer.js";
export { CELU } from "./celu.js";
export { ModuleDict, ModuleList } from "./containers.js";
export {
  HardShrink,
  HardSigmoid,
  HardSwish,
  HardTanh,
  SoftPlus,
  SoftShrink,
  SoftSign,
  TanhShrink,
} from "./deprecated.js";
export type { ModelDescription, ModelJSON } from "./describe.js";
export { CosineSimilarity, PairwiseDistance } from "./distances.js";
export { AlphaDropout, Dropout } from "./dropout.js";
export { ELU } from "./elu.js";
export { Embedding, type EmbeddingOptions } from "./embedding.js";
export { EmbeddingBag, type EmbeddingBagOptions } from "./embedding-bag.js";
export { Flatten } from "./flatten.js";
export type { FloatOptions } from "./float-options.js";
export { GELU } from "./gelu.js";
export { GLU } from "./glu.js";
export { GroupNorm, type GroupNormOptions } from "./group-norm.js";
export { GRUCell, type GRUCellOptions } from "./gru-cell.js";
export { Hardshrink } from "./hardshrink.js";
export { Hardsigmoid } from "./hardsigmoid.js";
export { Hardswish } from "./hardswish.js";
export { Hardtanh } from "./hardtanh.js";
export { Identity } from "./identity.js";
export * as init from "./init.js";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.js";
export { LeakyReLU } from "./leaky-relu.js";
export { Linear, type LinearOptions } from "./linear.js";
export { LogSigmoid } from "./log-sigmoid.js";
export { LogSoftmax } from "./log-softmax.js";
export { Mish } from "./mish.js";
export { type Activation, Mlp, type MlpOptions } from "./mlp.js";
export { type AnyModule, Module } from "./module.js";
export { NearestNeighbor } from "./nearest-neighbor.js";
export { Parameter } from "./parameter.js";
export {
  PeriodicEmbedding,
  type PeriodicEmbeddingOptions,
  type PeriodicOptions,
} from "./periodic-embedding.js";
export { PReLU, type PReLUOptions } from "./prelu.js";
export { ReLU } from "./relu.js";
export { ReLU6 } from "./relu6.js";
export { RMSNorm, type RMSNormOptions } from "./rms-norm.js";
export { RReLU } from "./rrelu.js";
export { SELU } from "./selu.js";
export { Sequential } from "./sequential.js";
export { Sigmoid } from "./sigmoid.js";
export { SiLU } from "./silu.js";
export { SoftNearestNeighbor } from "./soft-nearest-neighbor.js";
export { Softmax } from "./softmax.js";
export { Softmin } from "./softmin.js";
export { Softplus } from "./softplus.js";
export { Softshrink } from "./softshrink.js";
export { Softsign } from "./softsign.js";
export { SparseLinear, type SparseLinearOptions, type SparseWeights } from "./sparse-linear.js";
export type { LoadReport, LoadStateDictOptions, StateDict } from "./state-dict.js";
export { summary } from "./summary.js";
export { Tabular, type TabularInputs, type TabularOptions, type TabularSizes } from "./tabular.js";
export { Tanh } from "./tanh.js";
export { Tanhshrink } from "./tanhshrink.js";
export { Threshold } from "./threshold.js";
export { Unflatten } from "./unflatten.js";
export type { UnitActivation, UnitGroup } from "./unit-activation.js";
export { type UnitEdge, type UnitLevel, Units, type UnitsOptions } from "./units.js";
