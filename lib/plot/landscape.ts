import type { AnySamples, Samples } from "../data/dataset.js";
import { toDataset } from "../data/dataset.js";
import type { Part as DataPart, Parts, TensorsOf } from "../data/parts.js";
import { ArgumentError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { checkChoice, checkNumber, checkOptions, checkRequired, describe, describeList } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { CostOf, WeightsOf } from "../train/objective.js";
import { levelsOf } from "./contours.js";
import {
  coordinates,
  elementNamed,
  elementPlane,
  type Plane,
  principalPlane,
  randomPlane,
} from "./directions.js";
import { drawLandscape } from "./draw-landscape.js";
import { type OwnDraws, ownDraws } from "./own-draws.js";
import { Plot } from "./plot.js";
import { checkTitle, readScale, type Scale, type TitleOptions } from "./read.js";
import { largest, shown, smallest } from "./spec.js";
import { type NamedWay, type Ways, walk } from "./way.js";
import { LossOf, WeightSpace } from "./weight-space.js";

export interface LandscapeOptions<Y = Tensor> extends TitleOptions {
  /** What the cost of each of several targets counts in their sum, in the form of y. Default: 1 each. */
  readonly costWeights?: WeightsOf<Y>;
  /**
   * The two directions. `"random"`: random ones, normalised by filters (Li et al., 2018). `"principal"`: the two leading
   * principal components of the points of `ways`; if these lie on one line, the second direction is a random one. Or the
   * names of two elements of parameters, such as `["m0.weight[0, 1]", "m0.bias[0]"]`, whose axes then have their values.
   * Default: the elements of a model that has two; else `"principal"` with `ways` and `"random"` without.
   */
  readonly directions?: "random" | "principal" | readonly [string, string];
  /** Seed of random directions. Default: 0. */
  readonly seed?: number;
  /**
   * How far it goes: [[a from, a to], [b from, b to]] in coordinates of the directions, or one number r for ±r around
   * the model's parameters. Default: what holds all ways; without ways ±1, for elements ±(1 + |value|).
   */
  readonly span?: number | readonly [readonly [number, number], readonly [number, number]];
  /** Points of the grid along each direction, from 5 to 401. Default: 31. */
  readonly points?: number;
  /** `"contours"`, or `"surface"`, seen from above at an angle. Default: `"contours"`. */
  readonly kind?: "contours" | "surface";
  /**
   * Contours at evenly spaced losses, or at evenly spaced logarithms of the distance from the least loss, which shows
   * the bottom of a valley too. The height of a surface likewise. Default: `"log"`.
   */
  readonly scale?: Scale;
  /** About how many contours. Default: 12. */
  readonly levels?: number;
  /** Ways of the model, by their names: recorded ones, or trainings that are done for them. Default: none. */
  readonly ways?: Ways;
}

/** A way in a landscape. */
export interface LandscapeWay {
  readonly name: string;
  /** Coordinates of each point: of the nearest point of the plane. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The number of steps before each point. */
  readonly steps: readonly number[];
  /** The loss of each point itself, over the whole set. */
  readonly losses: Float64Array;
  /** Whether its training ended early, at a loss that was NaN or infinite. */
  readonly diverged: boolean;
}

export interface LandscapeData {
  /** Coordinates of the grid. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** losses[j·x.length + i] is that at (x[i], y[j]). */
  readonly losses: Float64Array;
  /** What the axes are called. */
  readonly axes: readonly [string, string];
  /** The directions, unit vectors or as normalised, over all parameters as one vector. */
  readonly directions: readonly [Float64Array, Float64Array];
  /** Of principal components: the share of the variance of all ways along each. */
  readonly explained: readonly [number, number] | null;
  /** The model's parameters. */
  readonly center: { readonly x: number; readonly y: number; readonly loss: number };
  /** The losses of the contours. */
  readonly levels: readonly number[];
  readonly ways: readonly LandscapeWay[];
}

const OPTIONS = [
  "costWeights",
  "directions",
  "seed",
  "span",
  "points",
  "kind",
  "scale",
  "levels",
  "ways",
  "title",
] as const;

/**
 * The loss of a model over a set, around its parameters w₀ in a plane of two directions: L(w₀ + a·d₁ + b·d₂).
 *
 * The grid is evaluated in one native call, over the whole set at once: give a part of a large set. The model is in
 * evaluation mode meanwhile. With weights w in `data` it is the weighted mean. Its parameters, modes, buffers and random numbers are the same before and after.
 * @throws ArgumentError, OptionError, ShapeError, DataError; TraceError for a model that cannot be compiled
 * @example
 * const figure = await plot.landscape(model, cost.crossEntropy, { x, y }, { span: 0.5, points: 11 });
 * figure.data.losses.length;   // 121
 */
export async function landscape<O = Tensor, X extends Parts = DataPart, Y extends Parts = Tensor>(
  model: Module<never, O>,
  cost: CostOf<O, TensorsOf<Y>>,
  data: Samples<X, Y>,
  options: LandscapeOptions<Y> = {},
): Promise<Plot<LandscapeData>> {
  return makeLandscape("landscape", "Loss landscape", model, cost, data, options);
}

export interface TrajectoryOptions<Y = Tensor> extends Omit<LandscapeOptions<Y>, "kind"> {
  readonly ways: Ways;
}

/**
 * The ways of descent over the contours of the loss: of full batch, mini-batches and single samples, or of several
 * optimizers, each from where the model is now. Trainings are done on copies; the model itself stays as it is. A
 * training whose loss becomes NaN or infinite ends there.
 * @throws as `landscape`, and what the trainings throw
 * @example
 * const line = new nn.Linear(1, 1);
 * const points = { x: tensor([[0], [1], [2], [3]]), y: tensor([[1], [3], [5], [7]]) };
 * const sgd = (parameters) => new optim.SGD(parameters, { lr: 0.05 });
 * const figure = await plot.trajectory(line, cost.mse, points, {
 *   ways: {
 *     "full batch": { optimizer: sgd, steps: 40 },
 *     "single samples": { optimizer: sgd, batchSize: 1, steps: 40 },
 *   },
 * });
 * figure.data.axes;   // ["weight", "bias"]
 */
export async function trajectory<O = Tensor, X extends Parts = DataPart, Y extends Parts = Tensor>(
  model: Module<never, O>,
  cost: CostOf<O, TensorsOf<Y>>,
  data: Samples<X, Y>,
  options: TrajectoryOptions<Y>,
): Promise<Plot<LandscapeData>> {
  const where = "trajectory";
  checkRequired(
    where,
    options,
    OPTIONS.filter((name) => name !== "kind"),
  );
  if (options.ways === undefined) {
    throw new ArgumentError(`${where}: expected ways to be an object of ways by their names, got undefined`);
  }
  return makeLandscape(where, "Ways of descent", model, cost, data, options);
}

async function makeLandscape(
  where: string,
  usualTitle: string,
  model: unknown,
  cost: unknown,
  data: unknown,
  options: LandscapeOptions<Parts>,
): Promise<Plot<LandscapeData>> {
  const settings = readOptions(where, options);
  const title = checkTitle(where, options, usualTitle);
  const space = new WeightSpace(where, model);
  const subject = { cost, costWeights: options.costWeights, data };
  const loss = new LossOf(where, space, subject);
  const draw = ownDraws();
  const { length } = toDataset(where, "data", data as AnySamples);
  const task = { where, space, ...subject, length, draw };
  const ways = options.ways === undefined ? [] : await walk(task, options.ways);
  const found = await evaluate({ where, space, loss, ways, settings, draw });
  return new Plot({
    data: found,
    title,
    subtitle: subtitleOf(found),
    description: inWords(found),
    draw: (frame) => drawLandscape(where, found, settings, frame),
  });
}

/** Checked options. */
export interface LandscapeSettings {
  readonly directions: LandscapeOptions["directions"];
  readonly seed: number;
  readonly span: LandscapeOptions["span"];
  readonly points: number;
  readonly kind: "contours" | "surface";
  readonly scale: Scale;
  readonly levels: number;
}

function readOptions(where: string, options: LandscapeOptions<Parts>): LandscapeSettings {
  checkOptions(where, options, OPTIONS);
  const { directions, span } = options;
  const isPair = Array.isArray(directions) && directions.length === 2;
  if (directions !== undefined && !isPair && directions !== "random" && directions !== "principal") {
    throw new ArgumentError(
      `${where}: expected directions to be "random", "principal" or the names of two elements, got ${describeList(directions)}`,
    );
  }
  if (directions === "principal" && options.ways === undefined) {
    throw new ArgumentError(
      `${where}: directions: "principal" needs ways, whose principal components they are`,
    );
  }
  if (span !== undefined) checkSpan(where, span);
  return {
    directions,
    seed: checkNumber(where, "seed", options.seed ?? 0, { min: 0, integer: true }),
    span,
    points: checkNumber(where, "points", options.points ?? 31, { min: 5, max: 401, integer: true }),
    kind: checkChoice(where, "kind", options.kind ?? "contours", ["contours", "surface"]),
    scale: readScale(where, options.scale ?? "log"),
    levels: checkNumber(where, "levels", options.levels ?? 12, { min: 2, max: 40, integer: true }),
  };
}

function checkSpan(where: string, span: unknown): void {
  if (typeof span === "number") {
    checkNumber(where, "span", span, { above: 0 });
    return;
  }
  const isRange = (one: unknown): boolean =>
    Array.isArray(one) && one.length === 2 && one.every(Number.isFinite) && one[0] < one[1];
  if (Array.isArray(span) && span.length === 2 && span.every(isRange)) return;
  throw new ArgumentError(
    `${where}: expected span to be a number above 0, or [[from, to], [from, to]], got ${describe(span)}`,
  );
}

interface Evaluated {
  readonly where: string;
  readonly space: WeightSpace;
  readonly loss: LossOf;
  readonly ways: readonly NamedWay[];
  readonly settings: LandscapeSettings;
  readonly draw: OwnDraws;
}

async function evaluate({ where, space, loss, ways, settings, draw }: Evaluated): Promise<LandscapeData> {
  const plane = planeOf(where, space, ways, settings);
  const [first, second] = plane.directions;
  const placed = ways.map(({ points }) => points.map((point) => coordinates(plane, point)));
  const counted = placed.filter((_, i) => leading(ways).includes(ways[i] as NamedWay));
  const [spanX, spanY] = spanOf(plane, counted.flat(), settings);
  const [x, y] = [axisOf(spanX, settings.points), axisOf(spanY, settings.points)];
  const directions = [first.vector, second.vector] as const;
  // The last one, zeros, is the model itself.
  const steps = new Float64Array(2 * (x.length * y.length + 1));
  y.forEach((b, j) => {
    x.forEach((a, i) => {
      steps.set([a - plane.offset[0], b - plane.offset[1]], 2 * (j * x.length + i));
    });
  });
  const all = await draw(() => loss.along(plane.origin, directions, steps));
  const [losses, own] = [all.slice(0, -1), all.at(-1)];
  const found: LandscapeWay[] = [];
  for (const [i, { name, points, steps: done, diverged }] of ways.entries()) {
    const at = placed[i] as readonly (readonly [number, number])[];
    found.push({
      name,
      x: Float64Array.from(at, ([a]) => a),
      y: Float64Array.from(at, ([, b]) => b),
      steps: done,
      losses: await draw(() => loss.at(joined(points))),
      diverged,
    });
  }
  return {
    x,
    y,
    losses,
    axes: [first.name, second.name],
    directions,
    explained: plane.explained,
    center: { x: plane.offset[0], y: plane.offset[1], loss: own as number },
    levels: levelsOf(losses, settings.levels, settings.scale),
    ways: found,
  };
}

/** The ways that decide what is shown: without those that diverged, which go too far, unless all did. */
function leading(ways: readonly NamedWay[]): readonly NamedWay[] {
  const good = ways.filter(({ diverged }) => !diverged);
  return good.length > 0 ? good : ways;
}

function joined(points: readonly Float64Array[]): Float64Array {
  const width = points[0]?.length ?? 0;
  const all = new Float64Array(points.length * width);
  points.forEach((point, i) => {
    all.set(point, i * width);
  });
  return all;
}

function planeOf(
  where: string,
  space: WeightSpace,
  ways: readonly NamedWay[],
  { directions, seed }: LandscapeSettings,
): Plane {
  const origin = space.read();
  if (typeof directions === "object") {
    const [a, b] = directions.map((name) => elementNamed(where, space, name)) as [number, number];
    if (a !== b) return elementPlane(space, origin, [a, b]);
    throw new ArgumentError(`${where}: expected directions to be two elements, got ${directions[0]} twice`);
  }
  if (directions === undefined && space.dimension === 2) return elementPlane(space, origin, [0, 1]);
  const chosen = directions ?? (ways.length > 0 ? "principal" : "random");
  if (chosen === "random") return randomPlane(where, space, origin, seed);
  return principalPlane(
    where,
    origin,
    leading(ways).flatMap(({ points }) => points.filter((point) => point.every(Number.isFinite))),
    seed,
  );
}

type Range = readonly [number, number];

/** How far all ways reach, and somewhat more. */
const MARGIN = 0.15;

function spanOf(
  { offset, directions }: Plane,
  points: readonly (readonly [number, number])[],
  { span }: LandscapeSettings,
): readonly [Range, Range] {
  if (typeof span === "object") return span;
  if (typeof span === "number")
    return [0, 1].map((k): Range => around(offset[k] as number, span)) as [Range, Range];
  if (points.length === 0) {
    const isOfElements = directions[0].vector.filter((value) => value !== 0).length === 1;
    const reach = (k: number): number => (isOfElements ? 1 + Math.abs(offset[k] as number) : 1);
    return [around(offset[0], reach(0)), around(offset[1], reach(1))];
  }
  const ranges = [0, 1].map((k): Range => {
    const own = points.map((point) => point[k] as number).filter(Number.isFinite);
    return [smallest(own), largest(own)];
  }) as [Range, Range];
  const widest = Math.max(...ranges.map(([from, to]) => to - from), Number.MIN_VALUE * 1e10);
  return ranges.map(([from, to]): Range => {
    // A way along one axis alone still has a landscape beside it.
    const width = Math.max(to - from, widest / 4);
    const middle = (from + to) / 2;
    return around(middle, width * (0.5 + MARGIN));
  }) as [Range, Range];
}

const around = (middle: number, reach: number): Range => [middle - reach, middle + reach];

const axisOf = ([from, to]: Range, points: number): Float64Array =>
  Float64Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1));

function subtitleOf({ explained }: LandscapeData): string {
  if (explained === null) return "";
  const all = 100 * (explained[0] + explained[1]);
  return `The plane holds ${all.toFixed(1)} % of the variance of the ways.`;
}

function inWords(data: LandscapeData): string {
  const { losses, axes, center, ways } = data;
  const values = losses.filter(Number.isFinite);
  const range = `The loss over ${axes[0]} and ${axes[1]} goes from ${shown(smallest(values))} to ${shown(largest(values))}; at the model's parameters it is ${shown(center.loss)}.`;
  const each = ways.map(
    ({ name, losses: own, steps, diverged }) =>
      `${name} goes from ${shown(own[0] as number)} to ${shown(own.at(-1) as number)} in ${steps.at(-1)} steps${diverged ? ", and ends there: its next loss is NaN or infinite" : ""}.`,
  );
  return [range, ...each].join(" ");
}
