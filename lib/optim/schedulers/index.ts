export { type EpochFactor, LambdaLR, MultiplicativeLR } from "./by-function.js";
export { ChainedScheduler, SequentialLR } from "./combined.js";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine.js";
export { CyclicLR, type CyclicLROptions } from "./cyclic.js";
export { ExponentialLR, LinearLR, PolynomialLR } from "./decay.js";
export { LRScheduler } from "./lr-scheduler.js";
export { OneCycleLR, type OneCycleLROptions } from "./one-cycle.js";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./plateau.js";
export { ConstantLR, MultiStepLR, StepLR } from "./stepwise.js";
