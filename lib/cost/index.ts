export { type BCEOptions, type BCEWithLogitsOptions, bce, bceWithLogits } from "./bce.js";
export type { ClassOptions } from "./classes.js";
export { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";
export { type CTCOptions, ctc } from "./ctc.js";
export { type Cost, type CostDefinition, defineCost } from "./define.js";
export { type GaussianNLLOptions, gaussianNLL } from "./gaussian-nll.js";
export { type HuberOptions, huber, type SmoothL1Options, smoothL1 } from "./huber.js";
export { type KLDivOptions, klDiv } from "./kl-div.js";
export { l1 } from "./l1.js";
export { cosineEmbedding, hingeEmbedding, type MarginOptions, marginRanking, softMargin } from "./margins.js";
export { mse } from "./mse.js";
export {
  type MultiLabelSoftMarginOptions,
  type MultiMarginOptions,
  multiLabelMargin,
  multiLabelSoftMargin,
  multiMargin,
} from "./multi-class-margins.js";
export { nll } from "./nll.js";
export { type PoissonNLLOptions, poissonNLL } from "./poisson-nll.js";
export type { CostOptions, Reduction } from "./reduce.js";
export { squaredError } from "./squared-error.js";
export {
  type Distance,
  type TripletMarginOptions,
  type TripletMarginWithDistanceOptions,
  tripletMargin,
  tripletMarginWithDistance,
} from "./triplet-margin.js";
