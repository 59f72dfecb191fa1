export type { Hyperparameters } from "./hyperparameters.js";
export type { ImageFormat } from "./image.js";
export { parseEvents } from "./read-events.js";
export type { EventMessage, HistogramMessage, ImageMessage, SummaryValue } from "./schema.js";
export { type ImageOptions, TensorBoard, type TensorBoardOptions } from "./tensor-board.js";
