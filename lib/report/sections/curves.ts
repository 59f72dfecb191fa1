import { history as historyPlot } from "../../plot/history.js";
import type { EpochReport } from "../../train/fit.js";
import { type Html, html } from "../html.js";
import { type Curve, curves, plotted } from "../plots.js";
import type { RunRecord } from "../record.js";
import { MOST_POINTS, Thinned, type ThinPoint } from "../thinned.js";
import { count, figure } from "../words.js";
import { section } from "./section.js";

/** Loss and metrics by epoch, the loss of each step, and the learning rates. */
export function curvesSection(record: RunRecord): Html | null {
  const { history } = record;
  const steps = record.losses?.points() ?? [];
  if (history.length === 0 && steps.length === 0) return null;
  return section(
    "curves",
    "Curves",
    html`<div class="columns">
${
  history.length === 0
    ? null
    : html`<div>${plotted(historyPlot(thinned(history)), "history")}${
        history.length > MOST_POINTS
          ? html`<p class="soft">Of ${count(history.length)} epochs: each point is the mean of several.</p>`
          : null
      }</div>`
}
<div>${steps.length === 0 ? null : plotted(stepsPlot(steps), "steps")}${ratesOf(record)}</div>
</div>`,
  );
}

// The greatest loss over the least from which a logarithmic scale shows more.
const MANY_TIMES = 100;

/** Whether values are better read on a logarithmic scale. */
function isWide(values: readonly number[]): boolean {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0 || positive.length < values.length) return false;
  const least = positive.reduce((a, b) => Math.min(a, b));
  return positive.reduce((a, b) => Math.max(a, b)) / least > MANY_TIMES;
}

function stepsPlot(points: readonly ThinPoint[]) {
  const means = points.map(([, mean]) => mean);
  const [first, last] = [points[0], points.at(-1)] as [ThinPoint, ThinPoint];
  return curves([{ name: "loss", points }], {
    title: "Loss of each step's mini-batch",
    description: `The loss of the mini-batches goes from ${figure(first[1])} at step ${first[0]} to ${figure(last[1])} at step ${last[0]}.`,
    x: "step",
    y: "loss",
    scale: isWide(means) ? "log" : "linear",
  });
}

/** A curve of values by epoch. */
function pointsOf<T extends { readonly epoch: number }>(of: readonly T[], value: (one: T) => number) {
  const curve = new Thinned();
  for (const one of of) curve.add(one.epoch, value(one));
  return curve.points();
}

/** A history of at most as many epochs as a curve has points. Each has the means of those that it stands for. */
function thinned(history: readonly EpochReport[]): readonly EpochReport[] {
  if (history.length <= MOST_POINTS) return history;
  type Figures = Readonly<Record<string, unknown>>;
  const meansOf = (figuresOf: (report: EpochReport) => Figures) => {
    const names = new Set(history.flatMap((report) => Object.keys(figuresOf(report))));
    const curves = Array.from(names, (name) => {
      const numberOf = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);
      return [name, pointsOf(history, (report) => numberOf(figuresOf(report)[name]))] as const;
    });
    return (at: number) =>
      Object.fromEntries(curves.map(([name, points]) => [name, points[at]?.[1] as number]));
  };
  const metrics = meansOf((report) => report.metrics);
  const validation = meansOf((report) => report.validation ?? {});
  const isValidated = history.some((report) => report.validation !== null);
  const last = history.at(-1) as EpochReport;
  return pointsOf(history, ({ loss }) => loss).map(([epoch, loss], at) => ({
    ...last,
    epoch,
    loss,
    metrics: metrics(at),
    validation: isValidated ? (validation(at) as EpochReport["validation"]) : null,
  }));
}

/** The learning rates, where they change. */
function ratesOf({ rates }: RunRecord): Html | null {
  const groups = rates[0]?.rates.length ?? 0;
  const all: Curve[] = Array.from({ length: groups }, (_, group) => ({
    name: groups === 1 ? "learning rate" : `group ${group}`,
    points: pointsOf(rates, ({ rates: own }) => own[group] as number),
  }));
  const values = all.flatMap(({ points }) => points.map(([, value]) => value));
  if (values.length === 0) return null;
  if (new Set(rates.flatMap(({ rates: own }) => own)).size === 1) {
    return html`<p>Learning rate: <span class="mono">${String(values[0])}</span> in all epochs.</p>`;
  }
  return plotted(
    curves(all, {
      title: "Learning rate after each epoch",
      description: `The learning rate goes from ${figure(values[0] as number)} to ${figure(values.at(-1) as number)}.`,
      x: "epoch",
      y: "learning rate",
      scale: isWide(values) ? "log" : "linear",
      isStepped: true,
    }),
    "rates",
  );
}

// More layers than this cannot be told apart by colour: those of the greatest gradients are shown.
const MOST_LAYERS = 8;

/** The norms of the gradients by layer. */
export function gradientsSection({ gradients }: RunRecord): Html | null {
  if (gradients === null || gradients.size === 0) return null;
  const all = Array.from(gradients, ([name, own]) => ({
    name: name === "" ? "the model itself" : name,
    points: own.points(),
  }));
  const mean = ({ points }: Curve): number =>
    points.reduce((sum, [, value]) => sum + (Number.isFinite(value) ? value : 0), 0);
  const greatest = new Set([...all].sort((a, b) => mean(b) - mean(a)).slice(0, MOST_LAYERS));
  const shown = all.filter((one) => greatest.has(one));
  const values = shown.flatMap(({ points }) => points.map(([, value]) => value));
  const words = shown.map(({ name, points }) => `${name} ends at ${figure((points.at(-1) as ThinPoint)[1])}`);
  return section(
    "gradients",
    "Gradients",
    plotted(
      curves(shown, {
        title: "Norm of the gradient by layer",
        description: `The norms of the gradients: ${words.join(", ")}.`,
        x: "step",
        y: "norm",
        scale: values.some((value) => value > 0) ? "log" : "linear",
      }),
      "norms",
    ),
    html`<p class="soft">Of the loss of one mini-batch, always the same, before the first step and then after every step to the 20th, and then after each tenth of the steps that were done, at most every hundredth.${
      all.length > shown.length
        ? ` The ${shown.length} of ${all.length} layers with the greatest norms.`
        : null
    }</p>`,
  );
}
