export {
  type Activation,
  type ActivationsData,
  type ActivationsOptions,
  activations,
} from "./activations.js";
export { type CalibrationData, type CalibrationPlotOptions, calibration } from "./calibration.js";
export { type ConfusionData, type ConfusionOptions, confusion } from "./confusion.js";
export { type DecisionData, type DecisionOptions, decision } from "./decision.js";
export {
  GradientLog,
  type GradientLogOptions,
  type GradientsData,
  type GradientsOptions,
  gradients,
} from "./gradients.js";
export type { Distribution } from "./histograms.js";
export {
  type History,
  type HistoryData,
  type HistoryOptions,
  type HistoryPoint,
  history,
} from "./history.js";
export { type JacobianData, type JacobianPlotOptions, jacobian } from "./jacobian.js";
export {
  type LandscapeData,
  type LandscapeOptions,
  type LandscapeWay,
  landscape,
  type TrajectoryOptions,
  trajectory,
} from "./landscape.js";
export { type LrFinderOptions, lrFinder } from "./lr-finder.js";
export { type PictureOptions, Plot, type PngOptions, type SvgOptions } from "./plot.js";
export { type ResidualsData, type ResidualsOptions, residuals } from "./residuals.js";
export { type PrecisionRecallData, precisionRecall, type RocData, type RocOptions, roc } from "./roc.js";
export { type MakeSchedule, type ScheduleData, type SchedulePlotOptions, schedule } from "./schedule.js";
export type { VegaLiteSpec } from "./spec.js";
export { Way, type WayOptions, type WayRun, type Ways } from "./way.js";
export { type WeightsData, type WeightsOptions, weights } from "./weights.js";
