import { DataError, ShapeError } from "../errors.js";
import { rootMeanSquaredError } from "../metrics/regression.js";
import { toTensor, type Values } from "../metrics/values.js";
import { r2 } from "../metrics/variance.js";
import { checkOptions } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import { binned } from "./bins.js";
import { Plot } from "./plot.js";
import { checkTitle, type TitleOptions } from "./read.js";
import { colour, type Frame, largest, type Part, shown, smallest } from "./spec.js";

export interface ResidualsOptions extends TitleOptions {}

export interface ResidualsData {
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
  /** actual − predicted */
  readonly residuals: Float64Array;
  readonly mean: number;
  /** `metrics.rootMeanSquaredError` */
  readonly rmse: number;
  /** `metrics.r2` */
  readonly r2: number;
}

/**
 * How far the outputs of a regression are from the targets: actual over predicted values, the residuals (actual −
 * predicted) over predicted values, and how the residuals are spread.
 * Shapes: y and target [P], or both [P, 1].
 * @throws ShapeError, ArgumentError; DataError for values that are not finite, or none
 * @example
 * const figure = plot.residuals([1, 2, 3], [1.5, 2, 2]);
 * figure.data.residuals;   // [0.5, 0, -1]
 */
export function residuals(y: Values, target: Values, options: ResidualsOptions = {}): Plot<ResidualsData> {
  const where = "residuals";
  checkOptions(where, options, ["title"]);
  const title = checkTitle(where, options, "Residuals");
  const [predicted, actual] = readPair(where, y, target);
  const away = actual.map((value, i) => value - (predicted[i] as number));
  const mean = away.reduce((sum, value) => sum + value, 0) / away.length;
  const data: ResidualsData = {
    predicted,
    actual,
    residuals: away,
    mean,
    rmse: rootMeanSquaredError(predicted, actual),
    r2: predicted.length < 2 ? Number.NaN : r2(predicted, actual),
  };
  const figures = `R² ${shown(data.r2)}, root mean squared error ${shown(data.rmse)}, mean residual ${shown(mean)}`;
  return new Plot({
    data,
    title,
    subtitle: figures,
    description: `${away.length} samples: ${figures}.`,
    draw: (frame) => draw(data, frame),
  });
}

function readPair(where: string, y: unknown, target: unknown): [Float64Array, Float64Array] {
  const [output, wanted] = [toTensor(where, "y", y), toTensor(where, "target", target)];
  const isColumn = (shape: readonly number[]): boolean =>
    shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!isColumn(output.shape) || !isColumn(wanted.shape) || output.size !== wanted.size) {
    const hint = sameShape(output.shape, wanted.shape) ? "; plot each output by itself" : "";
    throw new ShapeError(
      `${where}: expected y and target [P] or [P, 1], got ${format(output.shape)} and ${format(wanted.shape)}${hint}`,
    );
  }
  if (output.size === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
  const [predicted, actual] = [output, wanted].map((one) => Float64Array.from(one.storage.forReading())) as [
    Float64Array,
    Float64Array,
  ];
  for (const [name, values] of [
    ["y", predicted],
    ["target", actual],
  ] as const) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new DataError(`${where}: expected ${name} to be finite, got ${values[bad]} in sample ${bad}`);
  }
  return [predicted, actual];
}

/** More points than this are not told apart: evenly spaced ones are drawn. */
const MOST_POINTS = 3000;
const AXIS = 44;

function draw({ predicted, actual, residuals: away }: ResidualsData, { width, height }: Frame): Part {
  const every = Math.ceil(predicted.length / MOST_POINTS);
  const rows = Array.from(predicted, (value, i) => ({
    predicted: value,
    actual: actual[i] as number,
    residual: away[i] as number,
  })).filter((_, i) => i % every === 0);
  const [from, to] = [
    Math.min(smallest(predicted), smallest(actual)),
    Math.max(largest(predicted), largest(actual)),
  ];
  const isWide = width > 520;
  const view = isWide ? Math.floor((width - AXIS - 40) / 2) : width;
  const tall = height ?? Math.round(Math.min(view * 0.75, 320));
  const axis = (field: string, title: string, more: Part = {}): Part => ({
    field,
    type: "quantitative",
    title,
    scale: { zero: false },
    axis: { tickCount: 5, format: "~g", ...more },
  });
  const wide = { minExtent: AXIS, maxExtent: AXIS };
  const dots = {
    type: "point",
    filled: true,
    size: rows.length > 500 ? 12 : 26,
    fill: colour("series1"),
    opacity: rows.length > 200 ? 0.45 : 0.75,
    tooltip: true,
  };
  const dashed = { stroke: colour("line"), strokeDash: [4, 4], strokeWidth: 1 };
  const over = (field: string, title: string, line: Part): Part => {
    const encoding = { x: axis("predicted", "predicted"), y: axis(field, title, wide) };
    return {
      width: view,
      height: tall,
      layer: [line, { data: { values: rows }, mark: dots, encoding }],
    };
  };
  const against = over("actual", "actual", {
    data: {
      values: [
        { predicted: from, actual: from },
        { predicted: to, actual: to },
      ],
    },
    mark: { type: "line", ...dashed },
    encoding: { x: axis("predicted", "predicted"), y: axis("actual", "actual", wide) },
  });
  const left = over("residual", "residual", {
    data: { values: [{ residual: 0 }] },
    mark: { type: "rule", ...dashed },
    encoding: { y: axis("residual", "residual", wide) },
  });
  const bins = binned(away, BINS);
  const spread = {
    width,
    height: tall,
    layer: [
      {
        data: { values: bins.map(({ from: x, to: x2, count }) => ({ x, x2, count })) },
        mark: { type: "bar", fill: colour("series1"), binSpacing: 1, tooltip: true },
        encoding: {
          x: axis("x", "residual (actual − predicted)"),
          x2: { field: "x2" },
          y: { field: "count", type: "quantitative", title: "samples", axis: { tickCount: 4, ...wide } },
          y2: { datum: 0 },
        },
      },
      {
        data: { values: [{ x: 0 }] },
        mark: { type: "rule", stroke: colour("ink"), strokeDash: [4, 4] },
        encoding: { x: axis("x", "residual (actual − predicted)") },
      },
    ],
  };
  return {
    spacing: 18,
    vconcat: [...(isWide ? [{ spacing: 28, hconcat: [against, left] }] : [against, left]), spread],
  };
}

const BINS = 30;
