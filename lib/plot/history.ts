import { ArgumentError, DataError } from "../errors.js";
import { checkChoice, checkList, checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import type { EpochReport } from "../train/fit.js";
import { Plot } from "./plot.js";
import { checkTitle, readScale, type Scale, type TitleOptions } from "./read.js";
import {
  byColour,
  colour,
  type Frame,
  finite,
  type Json,
  LOG_SCALE,
  largest,
  logTicks,
  type Part,
  shown,
  smallest,
  wholeTicks,
} from "./spec.js";

/** What `fit` gave. */
export type History = readonly EpochReport[];

export interface HistoryOptions extends TitleOptions {
  /** Which figures: `"loss"` and names of metrics. Default: all. */
  readonly figures?: readonly string[];
  /** The scale of the losses. Numbers that are not above 0 have no place on a logarithmic one. Default: `"linear"`. */
  readonly scale?: Scale;
  /** In [0, 1): how much of the average so far is kept at each epoch; the figures themselves stay, faintly. Default: 0. */
  readonly smoothing?: number;
}

/** A figure of an epoch. */
export interface HistoryPoint {
  /** The name of the run; "" for a single one. */
  readonly run: string;
  readonly epoch: number;
  /** `"loss"`, or a metric's name. */
  readonly figure: string;
  readonly set: "training" | "validation";
  readonly value: number;
  /** With `smoothing`, the average so far; otherwise the value. */
  readonly smoothed: number;
}

export interface HistoryData {
  readonly points: readonly HistoryPoint[];
  /** The epoch with the least loss of each run, over the validation set if there is one. */
  readonly best: readonly { readonly run: string; readonly epoch: number; readonly loss: number }[];
}

/**
 * The figures of one run or of several by epoch: loss and metrics, over the training and the validation set.
 *
 * A smoothed curve is s_e = (β·s_{e−1} + (1 − β)·v_e) / (1 − βᵉ), a mean with weights that fall by β an epoch, without
 * the bias towards its start at 0.
 * @param history What `fit` gave, or several by the names of their runs.
 * @throws ArgumentError, OptionError; DataError for an empty history
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const history = await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 3 });
 * const figure = plot.history(history, { scale: "log" });
 * figure.data.points.length;   // 3
 */
export function history(
  history: History | Readonly<Record<string, History>>,
  options: HistoryOptions = {},
): Plot<HistoryData> {
  const where = "history";
  checkOptions(where, options, ["figures", "scale", "smoothing", "title"]);
  const scale = readScale(where, options.scale ?? "linear");
  const smoothing = checkNumber(where, "smoothing", options.smoothing ?? 0, { min: 0, below: 1 });
  const runs = readRuns(where, history);
  const all = runs.flatMap(({ run, reports }) => pointsOf(run, reports, smoothing));
  const figures = readFigures(where, options.figures, [...new Set(all.map(({ figure }) => figure))]);
  const points = all.filter(({ figure }) => figures.includes(figure));
  const best = runs.map(({ run, reports }) => bestOf(run, reports));
  const view: View = { points, figures, runs: runs.map(({ run }) => run), scale, smoothing, best };
  return new Plot({
    data: { points, best },
    title: checkTitle(where, options, "Training history"),
    subtitle: "",
    description: inWords(runs, best),
    draw: (frame) => draw(view, frame),
  });
}

interface Run {
  readonly run: string;
  readonly reports: History;
}

const isReport = (value: unknown): value is EpochReport => {
  const { epoch, loss, metrics, validation } = (value ?? {}) as Partial<EpochReport>;
  const isFigures = (one: unknown): boolean => typeof one === "object" && one !== null;
  return (
    typeof epoch === "number" &&
    typeof loss === "number" &&
    isFigures(metrics) &&
    (validation === null || isFigures(validation))
  );
};

function readRuns(where: string, given: unknown): Run[] {
  const isSeveral = isPlainObject(given);
  const named: [string, unknown][] = isSeveral ? Object.entries(given) : [["", given]];
  if (named.length === 0) throw new DataError(`${where}: expected at least one run, got none`);
  return named.map(([run, one]) => {
    const name = isSeveral ? `the history of ${describe(run)}` : "the history";
    const reports = checkList(where, `${name} to be the list that fit gives`, one);
    if (reports.length === 0) throw new DataError(`${where}: expected ${name} to have epochs, got none`);
    const other = reports.find((report) => !isReport(report));
    if (other === undefined && reports.every(isReport)) return { run, reports };
    throw new ArgumentError(
      `${where}: expected ${name} to hold the reports of epochs, one is ${describe(other)}`,
    );
  });
}

function readFigures(where: string, given: unknown, known: readonly string[]): readonly string[] {
  if (given === undefined) return known;
  return checkList(where, "figures to be a list of names", given).map((name) =>
    checkChoice(where, "figures", name, known),
  );
}

function pointsOf(run: string, reports: History, smoothing: number): HistoryPoint[] {
  const sets = [
    ["training", ({ loss, metrics }: EpochReport) => ({ loss, ...metrics })],
    ["validation", ({ validation }: EpochReport) => validation ?? {}],
  ] as const;
  return sets.flatMap(([set, figuresOf]) => {
    const own = reports.map((report) => ({ epoch: report.epoch, figures: figuresOf(report) }));
    const names = [...new Set(own.flatMap(({ figures }) => Object.keys(figures)))];
    return names.flatMap((figure) => {
      const smooth = smoother(smoothing);
      return own.flatMap(({ epoch, figures }) => {
        const value: unknown = Object.hasOwn(figures, figure)
          ? (figures as Readonly<Record<string, unknown>>)[figure]
          : undefined;
        // A validation may also give what is no number, such as a confusion matrix.
        if (typeof value !== "number") return [];
        return [{ run, epoch, figure, set, value, smoothed: smooth(value) }];
      });
    });
  });
}

/** s_e = (β·s_{e−1} + (1 − β)·v_e) / (1 − βᵉ). What is not finite leaves the average as it is. */
function smoother(beta: number): (value: number) => number {
  let [average, weight] = [0, 1];
  return (value) => {
    if (!Number.isFinite(value)) return value;
    average = beta * average + (1 - beta) * value;
    weight *= beta;
    return average / (1 - weight);
  };
}

function bestOf(run: string, reports: History): HistoryData["best"][number] {
  const lossOf = ({ loss, validation }: EpochReport): number => validation?.loss ?? loss;
  const least = reports.reduce((best, report) => (lossOf(report) < lossOf(best) ? report : best));
  return { run, epoch: least.epoch, loss: lossOf(least) };
}

function inWords(runs: readonly Run[], best: HistoryData["best"]): string {
  return runs
    .map(({ run, reports }, i) => {
      const [first, last] = [reports[0], reports.at(-1)] as [EpochReport, EpochReport];
      const least = best[i] as HistoryData["best"][number];
      const name = run === "" ? "The loss" : `The loss of ${run}`;
      const set = last.validation === null ? "" : " over the validation set";
      return `${name} goes from ${shown(first.loss)} in epoch ${first.epoch} to ${shown(last.loss)} in epoch ${last.epoch}; the least${set} is ${shown(least.loss)}, in epoch ${least.epoch}.`;
    })
    .join(" ");
}

interface View extends HistoryData {
  readonly figures: readonly string[];
  readonly runs: readonly string[];
  readonly scale: Scale;
  readonly smoothing: number;
}

/** One panel a figure, one under the other. */
function draw(view: View, frame: Frame): Part {
  return {
    data: {
      values: view.points.map((point) => ({
        ...point,
        value: finite(point.value),
        smoothed: finite(point.smoothed),
      })),
    },
    vconcat: view.figures.map((figure, at) => panel(view, figure, at, frame)),
    spacing: 16,
  };
}

/** Axes of all panels are as wide, so that their epochs are one below the other. */
const AXIS = 44;

function panel(view: View, figure: string, at: number, { width, height }: Frame): Part {
  const { points, figures, runs, scale, smoothing, best } = view;
  const own = points.filter((point) => point.figure === figure);
  const isLast = at === figures.length - 1;
  const epochs = own.map(({ epoch }) => epoch);
  const [first, last] = [smallest(epochs), largest(epochs)];
  const hasSeveral = runs.length > 1;
  const sets = ["training", "validation"].filter((set) => points.some((point) => point.set === set));
  const values = own.map(({ value }) => value);
  const isLoss = figure === "loss" || figure.endsWith(".loss");
  const isLog = scale === "log" && isLoss && values.some((value) => value > 0 && Number.isFinite(value));
  const [colours, dashes] = hasSeveral ? (["run", "set"] as const) : (["set", "set"] as const);
  const names = hasSeveral ? runs : sets;
  const color = byColour(colours, names, width, { symbolType: "stroke" });
  const dash = {
    field: dashes,
    type: "nominal",
    scale: {
      domain: sets,
      range: [
        [1, 0],
        [5, 3],
      ],
    },
    legend: hasSeveral
      ? sets.length > 1
        ? { columns: sets.length, symbolType: "stroke" }
        : null
      : (color["legend"] as Json),
  };
  const x = {
    field: "epoch",
    type: "quantitative",
    title: isLast ? "epoch" : null,
    scale: { domain: [first, last], nice: false },
    axis: {
      values: wholeTicks(first, last, width),
      format: "d",
      labels: isLast,
      grid: false,
    },
  };
  const y = (field: string): Part => ({
    field,
    type: "quantitative",
    title: figure,
    scale: isLog ? LOG_SCALE : { zero: false },
    axis: {
      minExtent: AXIS,
      maxExtent: AXIS,
      ...(isLog ? { values: logTicks(values), format: "~g" } : { tickCount: 5 }),
    },
  });
  const encoding = { x, color, strokeDash: dash };
  const isAlone = epochs.length === new Set(own.map(({ run, set }) => `${run} ${set}`)).size;
  const filter = [
    { filter: { field: "figure", equal: figure } },
    ...(isLog ? [{ filter: "datum.value > 0" }] : []),
  ];
  const line = (field: string, opacity: number): Part => ({
    mark: {
      type: "line",
      strokeWidth: opacity < 1 ? 1.25 : 2,
      opacity,
      point: isAlone ? { filled: true, size: 60, strokeDash: [1, 0] } : false,
      tooltip: true,
      clip: true,
    },
    encoding: { ...encoding, y: y(field) },
  });
  const singles = isAlone ? [] : singlesOf(own).filter(({ value }) => !isLog || value > 0);
  const dots = {
    data: { values: singles.map((point) => ({ ...point })) },
    mark: { type: "point", filled: true, size: 60, opacity: 1, tooltip: true },
    encoding: { x, y: y("value"), color },
  };
  const chosen = figure === "loss" && !isAlone ? best.filter(({ loss }) => Number.isFinite(loss)) : [];
  const marked = {
    data: {
      values: chosen.map(({ run, epoch, loss }) => ({ run, set: sets.at(-1) as string, epoch, loss })),
    },
    mark: {
      type: "point",
      filled: true,
      size: 55,
      opacity: 1,
      stroke: colour("page"),
      strokeWidth: 1.5,
      tooltip: true,
    },
    encoding: { x, y: { ...y("loss") }, color },
  };
  return {
    width,
    height: height ?? Math.round(Math.max(90, Math.min(240, width * (figures.length > 2 ? 0.28 : 0.42)))),
    layer: [
      {
        transform: filter,
        layer: smoothing > 0 ? [line("value", 0.3), line("smoothed", 1)] : [line("value", 1)],
      },
      ...(singles.length === 0 ? [] : [dots]),
      ...(chosen.length === 0 ? [] : [marked]),
    ],
  };
}

/** The points of runs that have only one over a set: a line through it is not seen. */
function singlesOf(points: readonly HistoryPoint[]): HistoryPoint[] {
  const series = new Map<string, HistoryPoint[]>();
  for (const point of points) {
    if (!Number.isFinite(point.value)) continue;
    const key = `${point.set} ${point.run}`;
    const others = series.get(key);
    if (others === undefined) series.set(key, [point]);
    else others.push(point);
  }
  return [...series.values()].filter(({ length }) => length === 1).flat();
}
