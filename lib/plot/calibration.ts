import {
  type CalibrationBin,
  type CalibrationOptions,
  calibrationCurve,
  expectedCalibrationError,
} from "../metrics/calibration.js";
import type { WeightOptions } from "../metrics/metric.js";
import type { Values } from "../metrics/values.js";
import { Plot } from "./plot.js";
import { checkTitle, type TitleOptions, without } from "./read.js";
import { colour, type Frame, type Part, shown } from "./spec.js";

export interface CalibrationPlotOptions extends CalibrationOptions, WeightOptions, TitleOptions {}

export interface CalibrationData {
  /** Those that have samples. */
  readonly bins: readonly CalibrationBin[];
  /** `metrics.expectedCalibrationError` */
  readonly error: number;
}

/**
 * How often outputs are right, by how sure they are (a reliability diagram): `metrics.calibrationCurve`, and below how
 * many samples each bin has. On the diagonal the outputs are as sure as they are right; below it, surer.
 * Shapes: as `metrics.logLoss`.
 * @throws as `metrics.calibrationCurve`
 * @example
 * const figure = plot.calibration([0.9, 0.9, 0.2, 0.2], [1, 0, 0, 0], { bins: 5 });
 * figure.data.error;   // 0.3
 */
export function calibration(
  y: Values,
  target: Values,
  options: CalibrationPlotOptions = {},
): Plot<CalibrationData> {
  const title = checkTitle("calibration", options, "Calibration");
  const own = without(options, ["title"]);
  const { bins } = calibrationCurve(y, target, own);
  const error = expectedCalibrationError(y, target, own);
  return new Plot({
    data: { bins, error },
    title,
    subtitle: `The expected calibration error is ${shown(error)}.`,
    description: `Accuracy over confidence in ${bins.length} bins; the expected calibration error is ${shown(error)}.`,
    draw: (frame) => draw(bins, frame),
  });
}

const AXIS = 40;

function draw(bins: readonly CalibrationBin[], { width, height }: Frame): Part {
  const side = Math.min(width, 460);
  const rows = bins.map((bin) => ({ ...bin }));
  const share = (field: string, title: string | null): Part => ({
    field,
    type: "quantitative",
    title,
    scale: { domain: [0, 1], nice: false },
    axis: { tickCount: 5, format: "~g" },
  });
  const y = share("accuracy", "accuracy");
  const wide = { minExtent: AXIS, maxExtent: AXIS };
  const curve = { x: share("confidence", null), y: { ...y, axis: { ...(y["axis"] as Part), ...wide } } };
  return {
    spacing: 12,
    vconcat: [
      {
        width: side,
        height: height ?? Math.round(side * 0.7),
        layer: [
          {
            data: {
              values: [
                { confidence: 0, accuracy: 0 },
                { confidence: 1, accuracy: 1 },
              ],
            },
            mark: { type: "line", stroke: colour("line"), strokeDash: [4, 4], strokeWidth: 1 },
            encoding: curve,
          },
          {
            data: { values: rows },
            mark: {
              type: "line",
              stroke: colour("series1"),
              strokeWidth: 2,
              point: { filled: true, size: 50, fill: colour("series1") },
              tooltip: true,
            },
            encoding: curve,
          },
        ],
      },
      {
        width: side,
        height: Math.round(side * 0.16),
        data: { values: rows },
        mark: { type: "bar", fill: colour("series1"), tooltip: true },
        encoding: {
          x: share("from", "confidence"),
          x2: { field: "to" },
          y: {
            field: "weight",
            type: "quantitative",
            title: "samples",
            axis: { tickCount: 2, format: "~s", ...wide },
          },
          y2: { datum: 0 },
        },
      },
    ],
  };
}
