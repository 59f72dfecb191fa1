import { Bytes } from "../data/bytes.js";
import { type AnySamples, type Samples, toDataset } from "../data/dataset.js";
import { onlyPart } from "../data/parts.js";
import { asTensor } from "../data/samples.js";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { type Outputs, readOutputs } from "../metrics/metric.js";
import type { Module } from "../nn/module.js";
import { to } from "../ops/to.js";
import { checkList, checkNumber, checkRequired, describe } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { checkModel } from "../train/check.js";
import { predict } from "../train/evaluate.js";
import { contourLines, featureOf, regionsBelow } from "./contours.js";
import { ownDraws } from "./own-draws.js";
import { Plot } from "./plot.js";
import { checkTitle, classNamesFor, type NamedClasses, type TitleOptions } from "./read.js";
import { colour, type Frame, largest, legendOf, type Part, seriesColours, shown, smallest } from "./spec.js";

export interface DecisionOptions extends NamedClasses, TitleOptions {
  /**
   * What a single output is: with `"logits"` class 1 begins above 0, with `"probabilities"` above 0.5, with
   * `"logProbabilities"` above log 0.5. Of several outputs the largest decides. Default: `"logits"`.
   */
  readonly outputs?: Outputs;
  /** What the two features are called. Default: `["feature 1", "feature 2"]`. */
  readonly featureNames?: readonly [string, string];
  /** Points of the grid along each feature, from 5 to 401. Default: 81. */
  readonly points?: number;
}

export interface DecisionData {
  /** The grid. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The class at each point of the grid: classes[j·x.length + i] at (x[i], y[j]). */
  readonly classes: Int32Array;
  /** How far the class's output is above the largest other one, [classes] of [y, x]. */
  readonly margins: readonly Float64Array[];
  readonly samples: readonly {
    readonly x: number;
    readonly y: number;
    readonly label: number;
    readonly predicted: number;
  }[];
  /** The share of the samples whose class is right. */
  readonly accuracy: number;
}

/**
 * The regions in which a classifier of two features decides for each class, and the samples: a disc where the class is
 * right, a cross where it is wrong.
 * Shapes: x [P, 2], y [P] labels; the model gives [P, C] for C classes, or [P] or [P, 1] for two.
 * @throws ArgumentError, OptionError, ShapeError, DataError; and as `predict`
 * @example
 * const net = new nn.Linear(2, 2);
 * const set = { x: tensor([[0, 0], [1, 1], [0, 1]]), y: tensor([0, 1, 1], { dtype: "int32" }) };
 * const figure = await plot.decision(net, set, { points: 11 });
 * figure.data.classes.length;   // 121
 */
export async function decision(
  model: Module<never, Tensor>,
  data: Samples,
  options: DecisionOptions = {},
): Promise<Plot<DecisionData>> {
  const where = "decision";
  checkModel(where, model);
  checkRequired(where, options, ["outputs", "featureNames", "points", "classNames", "title"]);
  const title = checkTitle(where, options, "Decision regions");
  const outputs = readOutputs(where, options.outputs ?? "logits");
  const points = checkNumber(where, "points", options.points ?? 81, { min: 5, max: 401, integer: true });
  const axes = readFeatureNames(where, options.featureNames);
  const set = readSet(where, data);
  const x = axisOf(set.features, 0, points);
  const y = axisOf(set.features, 1, points);
  const grid = new Float64Array(2 * points * points);
  y.forEach((b, j) => {
    x.forEach((a, i) => {
      grid.set([a, b], 2 * (j * points + i));
    });
  });
  const [ofGrid, ofSamples] = await both(where, model, [grid, set.features], set.dtype, outputs);
  const count = ofGrid.length;
  const labels = Array.from({ length: count }, (_, label) => label);
  const classNames = classNamesFor(where, options, labels);
  const bad = set.labels.find((label) => label >= count);
  if (bad !== undefined) {
    throw new DataError(
      `${where}: expected labels below ${count}, since the model has ${count} classes, got ${bad}`,
    );
  }
  const samples = set.labels.map((label, p) => ({
    x: set.features[2 * p] as number,
    y: set.features[2 * p + 1] as number,
    label,
    predicted: winner(ofSamples, p),
  }));
  const right = samples.filter(({ label, predicted }) => label === predicted).length;
  const found: DecisionData = {
    x,
    y,
    classes: Int32Array.from({ length: points * points }, (_, at) => winner(ofGrid, at)),
    margins: ofGrid,
    samples,
    accuracy: right / samples.length,
  };
  const said = `${right} of ${samples.length} samples are right (${shown(100 * found.accuracy)} %)`;
  return new Plot({
    data: found,
    title,
    subtitle: `${said}.`,
    description: `The regions of ${count} classes (${classNames.join(", ")}) over ${axes[0]} and ${axes[1]}; ${said}.`,
    draw: (frame) => draw(where, found, classNames, axes, frame),
  });
}

function readFeatureNames(where: string, given: unknown): readonly [string, string] {
  if (given === undefined) return ["feature 1", "feature 2"];
  const names = checkList(where, "featureNames to be two texts", given);
  if (names.length === 2 && names.every((name) => typeof name === "string")) return names as [string, string];
  throw new ArgumentError(`${where}: expected featureNames to be two texts, got ${describe(given)}`);
}

interface Classified {
  /** [P, 2] */
  readonly features: Float64Array;
  readonly labels: readonly number[];
  readonly dtype: Tensor["dtype"];
}

function readSet(where: string, data: unknown): Classified {
  const dataset = toDataset(where, "data", data as AnySamples);
  const x = asTensor(onlyPart(where, "data.x", dataset.x));
  const y = onlyPart(where, "data.y", dataset.y);
  if (x.rank !== 2 || x.shape[1] !== 2) {
    throw new ShapeError(`${where}: expected data.x [P, 2], two features, got ${format(x.shape)}`);
  }
  const labels = y instanceof Bytes ? asTensor(y) : y;
  if (!isTensor(labels) || labels.size !== x.shape[0]) {
    throw new ShapeError(`${where}: expected data.y [P], labels, got ${format(labels.shape)}`);
  }
  const features = Float64Array.from(x.storage.forReading());
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`${where}: data.x has ${features[bad]} in sample ${bad >> 1}`);
  const own = Array.from(labels.storage.forReading());
  const other = own.find((label) => !(Number.isInteger(label) && label >= 0));
  if (other !== undefined) throw new DataError(`${where}: expected labels 0, 1, …, got ${other}`);
  return { features, labels: own, dtype: x.dtype };
}

const MARGIN = 0.08;

function axisOf(features: Float64Array, k: number, points: number): Float64Array {
  const own = features.filter((_, i) => i % 2 === k);
  const [least, most] = [smallest(own), largest(own)];
  const more = most > least ? (most - least) * MARGIN : 1;
  const [from, to_] = [least - more, most + more];
  return Float64Array.from({ length: points }, (_, i) => from + ((to_ - from) * i) / (points - 1));
}

/** The margins of each class, for each list of points [n, 2]. */
async function both(
  where: string,
  model: Module<never, Tensor>,
  lists: readonly Float64Array[],
  dtype: Tensor["dtype"],
  outputs: Outputs,
): Promise<[Float64Array[], Float64Array[]]> {
  const found: Float64Array[][] = [];
  const draw = ownDraws();
  for (const points of lists) {
    const x = to(fromTypedArray(points, [points.length / 2, 2]), dtype === "float64" ? "float64" : "float32");
    found.push(marginsOf(where, await draw(() => predict(model, x)), points.length / 2, outputs));
  }
  return found as [Float64Array[], Float64Array[]];
}

/** How far each class's output is above the largest other one. */
function marginsOf(where: string, y: unknown, count: number, outputs: Outputs): Float64Array[] {
  const isFlat = isTensor(y) && (y.rank === 1 || (y.rank === 2 && y.shape[1] !== 0)) && y.shape[0] === count;
  if (!isFlat) {
    const got = isTensor(y) ? format(y.shape) : describe(y);
    throw new ShapeError(`${where}: expected the model to give [P, classes], [P, 1] or [P], got ${got}`);
  }
  const values = y.storage.forReading();
  const width = values.length / count;
  if (width === 1) {
    const threshold = { logits: 0, probabilities: 0.5, logProbabilities: Math.log(0.5) }[outputs];
    const above = Float64Array.from(values, (value) => value - threshold);
    return [above.map((value) => -value), above];
  }
  return Array.from({ length: width }, (_, c) =>
    Float64Array.from({ length: count }, (__, p) => {
      let other = Number.NEGATIVE_INFINITY;
      for (let d = 0; d < width; d++) if (d !== c) other = Math.max(other, values[p * width + d] as number);
      return (values[p * width + c] as number) - other;
    }),
  );
}

/** The class with the largest margin. */
function winner(margins: readonly Float64Array[], at: number): number {
  let best = 0;
  margins.forEach((own, c) => {
    if ((own[at] as number) > ((margins[best] as Float64Array)[at] as number)) best = c;
  });
  return best;
}

function draw(
  where: string,
  { x, y, margins, samples }: DecisionData,
  names: readonly string[],
  axes: readonly [string, string],
  frame: Frame,
): Part {
  const { width } = frame;
  const height = frame.height ?? Math.round(Math.min(width * 0.8, 560));
  const [x0, x1, y0, y1] = [x[0], x.at(-1), y[0], y.at(-1)] as [number, number, number, number];
  const round = (value: number): number => Math.round(value * 100) / 100;
  const toPixels = ([a, b]: readonly [number, number]): readonly [number, number] => [
    round(((a - x0) / (x1 - x0)) * width),
    round((1 - (b - y0) / (y1 - y0)) * height),
  ];
  const colours = seriesColours(names.length);
  // The region of a class is where the negative of its margin is below 0.
  const regions = margins.map((own) => {
    const grid = { x, y, z: own.map((value) => -value) };
    const [region] = regionsBelow(where, grid, [0]);
    return { grid, region };
  });
  const areas = regions.flatMap(({ region }, c): Part[] =>
    region === undefined
      ? []
      : [
          {
            data: { values: [{ type: "Feature", geometry: featureOf(region, toPixels), properties: {} }] },
            projection: { type: "identity", scale: 1, translate: [0, 0] },
            mark: {
              type: "geoshape",
              fill: colours[c] as string,
              fillOpacity: 0.2,
              strokeWidth: 0,
              clip: true,
            },
          },
        ],
  );
  const short = (value: number): number => Number(value.toPrecision(6));
  const borders = regions.flatMap(({ grid, region }, c) =>
    region === undefined
      ? []
      : contourLines(grid, region).flatMap((points, i) =>
          points.map(([a, b], order) => ({ x: short(a), y: short(b), line: `${c} ${i}`, order })),
        ),
  );
  const position = {
    x: {
      field: "x",
      type: "quantitative",
      title: axes[0],
      scale: { domain: [x0, x1], nice: false },
      axis: { grid: false, tickCount: 6, format: "~g" },
    },
    y: {
      field: "y",
      type: "quantitative",
      title: axes[1],
      scale: { domain: [y0, y1], nice: false },
      axis: { grid: false, tickCount: 6, format: "~g" },
    },
  };
  const rows = samples.map(({ x: a, y: b, label, predicted }) => ({
    x: a,
    y: b,
    label: names[label] as string,
    predicted: names[predicted] as string,
    isRight: label === predicted,
  }));
  const color = {
    field: "label",
    type: "nominal",
    scale: { domain: [...names], range: colours },
    legend: legendOf(names, width, { symbolType: "circle" }),
  };
  const marks = (isRight: boolean): Part => ({
    data: { values: rows.filter((row) => row.isRight === isRight) },
    mark: {
      type: "point",
      filled: true,
      shape: isRight ? "circle" : CROSS,
      size: isRight ? (rows.length > 300 ? 22 : 42) : 90,
      opacity: 1,
      stroke: colour("page"),
      strokeWidth: isRight ? 0.75 : 1,
      clip: true,
      tooltip: true,
    },
    encoding: { ...position, color },
  });
  return {
    width,
    height,
    layer: [
      ...areas,
      {
        data: { values: borders },
        mark: { type: "line", strokeWidth: 1.25, stroke: colour("line"), clip: true },
        encoding: {
          ...position,
          detail: { field: "line", type: "nominal" },
          order: { field: "order", type: "quantitative" },
        },
      },
      marks(true),
      marks(false),
    ],
  };
}

/** An × within the unit square. */
const CROSS = "M-1,-0.6L-0.6,-1L0,-0.4L0.6,-1L1,-0.6L0.4,0L1,0.6L0.6,1L0,0.4L-0.6,1L-1,0.6L-0.4,0Z";
