export {
  type History,
  type HistoryData,
  type HistoryOptions,
  type HistoryPoint,
  history,
} from "./history.js";
export {
  type LandscapeData,
  type LandscapeOptions,
  type LandscapeWay,
  landscape,
  type TrajectoryOptions,
  trajectory,
} from "./landscape.js";
export { type PictureOptions, Plot, type PngOptions, type SvgOptions } from "./plot.js";
export type { VegaLiteSpec } from "./spec.js";
export { Way, type WayOptions, type WayRun, type Ways } from "./way.js";
