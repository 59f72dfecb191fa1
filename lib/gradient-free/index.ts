export type { CMAOptions, CMATolerances } from "./cma/strategy.js";
export { CMAES } from "./cma-es.js";
export {
  DifferentialEvolution,
  type DifferentialEvolutionOptions,
  type DifferentialEvolutionStrategy,
} from "./differential-evolution.js";
export type { BatchedObjective, Objective } from "./evaluate.js";
export { FiniteDifferenceDescent, type FiniteDifferenceDescentOptions } from "./finite-difference-descent.js";
export type { StopReason, StrategyOptions } from "./limits.js";
export {
  type Generation,
  type GenerationReport,
  type MinimizeOptions,
  type MinimizeResult,
  minimize,
} from "./minimize.js";
export {
  type MinimizeModuleOptions,
  type MinimizeModuleResult,
  type ModuleGenerationReport,
  minimizeModule,
} from "./minimize-module.js";
export type { ModuleLoss } from "./module/losses.js";
export {
  ModuleEvolution,
  type ModuleEvolutionOptions,
  type ModuleGeneration,
} from "./module-evolution.js";
export { NelderMead, type NelderMeadOptions } from "./nelder-mead.js";
export type { OpenAIESOptions } from "./openai-es/options.js";
export { OpenAIES } from "./openai-es.js";
export { RandomSearch, type RandomSearchOptions } from "./random-search.js";
export type { BoxBounds, PerCoordinate, Point, Tolerances } from "./read.js";
export type { Method, Methods } from "./registry.js";
export { SeparableCMAES } from "./sep-cma-es.js";
export { SPSA, type SpsaOptions } from "./spsa.js";
export type { StateValue, StrategyState } from "./state.js";
export { type Best, Strategy } from "./strategy.js";
