// Plots that only a run has, and plots in a page.

import { Plot } from "../plot/plot.js";
import { byColour, type Frame, finite, logTicks, type Part } from "../plot/spec.js";
import { type Html, html, raw } from "./html.js";
import type { ThinPoint } from "./thinned.js";

/** A curve: each point is a mean, with the least and the greatest of what it stands for. */
export interface Curve {
  readonly name: string;
  readonly points: readonly ThinPoint[];
}

export interface CurvesOptions {
  readonly title: string;
  readonly description: string;
  readonly x: string;
  readonly y: string;
  readonly scale: "linear" | "log";
  /** Whether the values stay until the next point. */
  readonly isStepped?: boolean;
}

/** Curves over steps or epochs. */
export function curves(all: readonly Curve[], options: CurvesOptions): Plot<readonly Curve[]> {
  const { title, description } = options;
  return new Plot({
    data: all,
    title,
    description,
    subtitle: "",
    draw: (frame) => drawn(all, options, frame),
  });
}

function drawn(all: readonly Curve[], options: CurvesOptions, { width, height }: Frame): Part {
  const { x, y, scale, isStepped = false } = options;
  const isLog = scale === "log";
  const values = all.flatMap(({ name, points }) =>
    points
      .filter(([, mean]) => !isLog || mean > 0)
      .map(([at, mean, least, greatest]) => ({
        name,
        x: at,
        mean: finite(mean),
        least: finite(isLog && least <= 0 ? mean : least),
        greatest: finite(greatest),
      })),
  );
  const names = all.map(({ name }) => name);
  const means = values.flatMap(({ mean }) => mean ?? []);
  const axis: Part = isLog ? { values: logTicks(means), format: "~g" } : { tickCount: 5 };
  const yOf = (field: string): Part => ({
    field,
    type: "quantitative",
    title: y,
    scale: isLog ? { type: "log", nice: false } : { zero: false },
    axis,
  });
  const color = byColour("name", names, width);
  const xOf: Part = {
    field: "x",
    type: "quantitative",
    title: x,
    scale: { nice: false },
    axis: { tickMinStep: 1, grid: false, format: x === "step" ? "~s" : "d" },
  };
  const isSingle = new Set(values.map((value) => value.x)).size === 1;
  const hasBand = values.some(({ least, greatest }) => least !== greatest);
  const line: Part = {
    mark: {
      type: "line",
      strokeWidth: 1.75,
      clip: true,
      point: isSingle,
      ...(isStepped ? { interpolate: "step-after" } : {}),
    },
    encoding: { x: xOf, y: yOf("mean"), color },
  };
  const band: Part = {
    mark: { type: "area", opacity: 0.18, clip: true },
    encoding: { x: xOf, y: yOf("least"), y2: { field: "greatest" }, color },
  };
  return {
    width,
    height: height ?? Math.round(Math.max(120, Math.min(240, width * 0.42))),
    data: { values },
    layer: hasBand ? [band, line] : [line],
  };
}

const BROAD = 640;
const NARROW = 328;

/** A plot in a page: for wide windows and paper, and for narrow windows, where text would become too small. */
export const plotted = (plot: Plot, id: string): Html =>
  html`<figure class="broad" style="margin:0 0 16px">${raw(plot.toSvg({ width: BROAD, id }))}</figure>
<figure class="narrow" style="margin:0 0 16px">${raw(plot.toSvg({ width: NARROW, id: `${id}-narrow` }))}</figure>`;
