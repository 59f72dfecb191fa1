import {
  type CurveOptions,
  type PrecisionRecallClass,
  precisionRecallCurve,
  type RocClass,
  rocCurve,
} from "../metrics/curves.js";
import type { WeightOptions } from "../metrics/metric.js";
import type { Values } from "../metrics/values.js";
import { Plot } from "./plot.js";
import { checkTitle, classNamesFor, type NamedClasses, type TitleOptions, without } from "./read.js";
import { byColour, colour, type Frame, finite, type Part, shown } from "./spec.js";

export interface RocOptions extends CurveOptions, WeightOptions, NamedClasses, TitleOptions {}

export interface RocData {
  readonly classes: readonly (RocClass & { readonly name: string })[];
}

export interface PrecisionRecallData {
  readonly classes: readonly (PrecisionRecallClass & { readonly name: string })[];
}

/**
 * The rate of hits over the rate of false alarms, for each threshold: `metrics.rocCurve`, with the areas. Of more than
 * two classes, a curve of each against the others.
 * Shapes: as `metrics.rocAuc`.
 * @throws as `metrics.rocCurve`
 * @example
 * const figure = plot.roc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
 * figure.data.classes[0].area;   // 0.75
 */
export function roc(y: Values, target: Values, options: RocOptions = {}): Plot<RocData> {
  const where = "roc";
  const title = checkTitle(where, options, "ROC curve");
  const { classes } = rocCurve(y, target, without(options, ["classNames", "title"]));
  const names = classNamesFor(
    where,
    options,
    classes.map(({ label }) => label),
  );
  const data = classes.map((one, i) => ({ ...one, name: names[i] as string }));
  const lines = data.map(({ name, area, falsePositiveRate, truePositiveRate }) => ({
    name: data.length === 1 ? `area ${shown(area)}` : `${name}: area ${shown(area)}`,
    x: falsePositiveRate,
    y: truePositiveRate,
  }));
  return new Plot({
    data: { classes: data },
    title,
    subtitle: data.length === 1 ? `The area under the curve is ${shown(data[0]?.area ?? Number.NaN)}.` : "",
    description: `The rate of hits over the rate of false alarms. ${data.map(({ name, area }) => `The area for class ${name} is ${shown(area)}.`).join(" ")}`,
    draw: (frame) =>
      curves(lines, frame, {
        x: "false positive rate",
        y: "true positive rate",
        reference: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      }),
  });
}

/**
 * Precision over recall, for each threshold: `metrics.precisionRecallCurve`, with the average precisions. Of more than
 * two classes, a curve of each against the others.
 * Shapes: as `metrics.rocAuc`.
 * @throws as `metrics.precisionRecallCurve`
 * @example
 * const figure = plot.precisionRecall([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
 * figure.data.classes[0].averagePrecision;   // 0.8333
 */
export function precisionRecall(
  y: Values,
  target: Values,
  options: RocOptions = {},
): Plot<PrecisionRecallData> {
  const where = "precisionRecall";
  const title = checkTitle(where, options, "Precision and recall");
  const { classes } = precisionRecallCurve(y, target, without(options, ["classNames", "title"]));
  const names = classNamesFor(
    where,
    options,
    classes.map(({ label }) => label),
  );
  const data = classes.map((one, i) => ({ ...one, name: names[i] as string }));
  const lines = data.map(({ name, averagePrecision, recall, precision }) => ({
    name:
      data.length === 1
        ? `average precision ${shown(averagePrecision)}`
        : `${name}: average precision ${shown(averagePrecision)}`,
    x: recall,
    y: precision,
  }));
  return new Plot({
    data: { classes: data },
    title,
    subtitle:
      data.length === 1 ? `The average precision is ${shown(data[0]?.averagePrecision ?? Number.NaN)}.` : "",
    description: `Precision over recall. ${data.map((one) => `The average precision for class ${one.name} is ${shown(one.averagePrecision)}.`).join(" ")}`,
    draw: (frame) => curves(lines, frame, { x: "recall", y: "precision", reference: [] }),
  });
}

interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

interface Axes {
  readonly x: string;
  readonly y: string;
  /** A line to compare with. */
  readonly reference: readonly { readonly x: number; readonly y: number }[];
}

/** Curves within the unit square. */
function curves(lines: readonly Line[], { width, height }: Frame, axes: Axes): Part {
  const share = (field: string, title: string): Part => ({
    field,
    type: "quantitative",
    title,
    scale: { domain: [0, 1], nice: false },
    axis: { tickCount: 5, format: "~g" },
  });
  const encoding = { x: share("x", axes.x), y: share("y", axes.y) };
  const names = lines.map(({ name }) => name);
  const rows = lines.flatMap(({ name, x, y }) =>
    corners(x, y).map((i) => ({ name, x: finite(x[i] as number), y: finite(y[i] as number), order: i })),
  );
  const reference = {
    data: { values: [...axes.reference] },
    mark: { type: "line", stroke: colour("line"), strokeDash: [4, 4], strokeWidth: 1 },
    encoding,
  };
  const side = Math.min(width, 460);
  return {
    width: side,
    height: height ?? Math.round(side * 0.85),
    layer: [
      ...(axes.reference.length === 0 ? [] : [reference]),
      {
        data: { values: rows },
        mark: { type: "line", strokeWidth: 2, tooltip: true },
        encoding: {
          ...encoding,
          color: byColour("name", names, side, { symbolType: "stroke" }),
          order: { field: "order", type: "quantitative" },
        },
      },
    ],
  };
}

const MOST_POINTS = 400;

/** The points at which a curve turns, at most so many that each pixel has one. */
function corners(x: readonly number[], y: readonly number[]): number[] {
  const turns = Array.from(x, (_, i) => i).filter((i) => {
    if (i === 0 || i === x.length - 1) return true;
    const [dx, dy] = [(x[i] as number) - (x[i - 1] as number), (y[i] as number) - (y[i - 1] as number)];
    const [ex, ey] = [(x[i + 1] as number) - (x[i] as number), (y[i + 1] as number) - (y[i] as number)];
    return dx * ey !== dy * ex;
  });
  const every = Math.ceil(turns.length / MOST_POINTS);
  return turns.filter((_, k) => k % every === 0 || k === turns.length - 1);
}
