import { SIZES, shortened, textWidth } from "../draw/theme.js";
import { ArgumentError } from "../errors.js";
import {
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  confusionMatrix,
} from "../metrics/confusion-matrix.js";
import type { WeightOptions } from "../metrics/metric.js";
import type { Values } from "../metrics/values.js";
import { checkOptions, isInstance } from "../options.js";
import { Plot } from "./plot.js";
import { sequential, UNDER_TEXT } from "./ramps.js";
import { checkTitle, classNamesFor, type NamedClasses, type TitleOptions, without } from "./read.js";
import { colour, type Frame, type Part, shown } from "./spec.js";

export interface ConfusionOptions extends ConfusionMatrixOptions, WeightOptions, TitleOptions {}

export interface ConfusionData {
  readonly labels: readonly number[];
  readonly names: readonly string[];
  /** [true class, predicted class], counts, sums of weights, or shares with `normalize`. */
  readonly values: readonly (readonly number[])[];
  /** The share of each true class that was taken for each class; 0 for a class without samples. */
  readonly shares: readonly (readonly number[])[];
}

/**
 * Which classes were taken for which: `metrics.confusionMatrix` as a picture. The colour of a cell is its share of the
 * samples of the true class, so that rare classes are seen too.
 * @param y outputs or labels, as `metrics.confusionMatrix` takes them; or a matrix that it gave, without `target`.
 * @throws as `metrics.confusionMatrix`
 * @example
 * const figure = plot.confusion([0, 1, 1, 1], [0, 0, 1, 1], { classNames: ["cat", "dog"] });
 * figure.data.values;   // [[1, 1], [0, 2]]
 */
export function confusion(y: Values, target: Values, options?: ConfusionOptions): Plot<ConfusionData>;
export function confusion(
  matrix: ConfusionMatrix,
  options?: NamedClasses & TitleOptions,
): Plot<ConfusionData>;
export function confusion(
  given: Values | ConfusionMatrix,
  second?: Values | (NamedClasses & TitleOptions),
  third: ConfusionOptions = {},
): Plot<ConfusionData> {
  const where = "confusion";
  const isMatrix = isInstance(given, ConfusionMatrix);
  const options = (isMatrix ? (second ?? {}) : third) as ConfusionOptions;
  if (isMatrix) checkOptions(where, options, ["classNames", "title"]);
  const title = checkTitle(where, options, "Confusion matrix");
  const matrix = isMatrix ? given : confusionMatrix(given, second as Values, without(options, ["title"]));
  const { labels, values } = matrix;
  const names =
    options.labels === undefined || options.classNames === undefined
      ? classNamesFor(where, options, labels)
      : options.classNames;
  if (labels.length > MOST_CLASSES) {
    throw new ArgumentError(
      `${where}: expected at most ${MOST_CLASSES} classes, got ${labels.length}; labels says which`,
    );
  }
  const shares = values.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => (sum === 0 ? 0 : value / sum));
  });
  const data = { labels, names, values, shares };
  return new Plot({
    data,
    title,
    subtitle: "Colour: share of the samples of the true class.",
    description: inWords(data),
    draw: (frame) => draw(data, frame),
  });
}

const MOST_CLASSES = 200;
const MOST_CONFUSIONS = 3;

function inWords({ names, values }: ConfusionData): string {
  const all = values.flat().reduce((sum, value) => sum + value, 0);
  const right = values.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const wrong = values
    .flatMap((row, i) => row.map((value, j) => ({ i, j, value })))
    .filter(({ i, j, value }) => i !== j && value > 0)
    .sort((a, b) => b.value - a.value)
    .slice(0, MOST_CONFUSIONS)
    .map(({ i, j, value }) => `${names[i]} taken for ${names[j]} (${shown(value)})`);
  const most = wrong.length === 0 ? "" : ` Most often wrong: ${wrong.join(", ")}.`;
  return `${names.length} classes; ${shown((100 * right) / all)} % are right.${most}`;
}

const LONGEST_NAME = 110;
const STEPS = 12;

function draw({ names, values, shares }: ConfusionData, { width, height }: Frame): Part {
  const short = distinct(names.map((name) => shortened(name, LONGEST_NAME, { size: SIZES.label })));
  const side = Math.min(width, Math.max(220, names.length * 64), 640);
  const cell = side / names.length;
  const rows = values.flatMap((row, i) =>
    row.map((value, j) => ({
      true: short[i] as string,
      predicted: short[j] as string,
      value,
      share: (shares[i] as readonly number[])[j] as number,
      text: Number.isInteger(value) ? String(value) : value.toFixed(2),
    })),
  );
  const widest = Math.max(...rows.map(({ text }) => textWidth(text, { size: SIZES.label })));
  const isWide = Math.max(...short.map((name) => textWidth(name, { size: SIZES.label }))) > cell - 4;
  const axis = (title: string): Part => ({
    title,
    labelLimit: 0,
    ticks: false,
    labelPadding: 6,
    labelOverlap: false,
  });
  const encoding = {
    x: {
      field: "predicted",
      type: "nominal",
      sort: [...short],
      axis: { ...axis("predicted class"), orient: "bottom", labelAngle: isWide ? -45 : 0 },
      scale: { paddingInner: 0.04, paddingOuter: 0 },
    },
    y: {
      field: "true",
      type: "nominal",
      sort: [...short],
      axis: axis("true class"),
      scale: { paddingInner: 0.04, paddingOuter: 0 },
    },
  };
  const cells = {
    mark: { type: "rect", tooltip: true, cornerRadius: cell > 24 ? 2 : 0 },
    encoding: {
      ...encoding,
      color: {
        field: "share",
        type: "quantitative",
        scale: { type: "quantize", domain: [0, 1], range: sequential(STEPS, "positive", UNDER_TEXT) },
        legend: null,
      },
    },
  };
  const numbers: Part = {
    mark: { type: "text", fontSize: SIZES.label, fill: colour("ink") },
    encoding: { ...encoding, text: { field: "text", type: "nominal" } },
  };
  return {
    width: side,
    height: height ?? side,
    data: { values: rows },
    layer: [cells, ...(widest > cell - 4 || cell < 15 ? [] : [numbers])],
  };
}

/** Names that differ: those that do not get their position. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, i) => (names.indexOf(name) === i ? name : `${name} (${i})`));
}
