// The loss over a plane as filled contours or as a surface, with ways over it.

import { bandScale, type LandscapeRamp } from "./bands.js";
import { contourLines, featureOf, type Grid, regionsBelow } from "./contours.js";
import type { LandscapeData, LandscapeSettings, LandscapeWay } from "./landscape.js";
import { byColour, colour, type Frame, finite, type Json, type Part } from "./spec.js";
import { surfaceLayers } from "./surface.js";

export function drawLandscape(
  where: string,
  data: LandscapeData,
  settings: LandscapeSettings,
  frame: Frame,
): Part {
  const { width } = frame;
  const grid: Grid = { x: data.x, y: data.y, z: data.losses };
  if (settings.kind === "surface") return surfaceLayers(data, settings, frame);
  const height = frame.height ?? Math.round(Math.min(width * 0.8, 560));
  return {
    width,
    height,
    layer: [
      ...bands(where, grid, data.levels, { width, height, ramp: data.ways.length > 0 ? "grey" : "positive" }),
      ...lines(where, grid, data),
      ...wayLayers(data.ways, data, width),
      ...(data.ways.length > 0 ? [] : [centerMark(data)]),
    ],
    resolve: { scale: { color: "independent" } },
  };
}

const axis = (data: LandscapeData, k: 0 | 1): Part => {
  const values = k === 0 ? data.x : data.y;
  return {
    field: k === 0 ? "x" : "y",
    type: "quantitative",
    title: data.axes[k],
    scale: { domain: [values[0] as number, values.at(-1) as number], nice: false, zero: false },
    axis: { grid: false, tickCount: 6, format: "~g" },
  };
};

const position = (data: LandscapeData): Part => ({ x: axis(data, 0), y: axis(data, 1) });

interface Sized {
  readonly width: number;
  readonly height: number;
  readonly ramp: LandscapeRamp;
}

/** The regions below each level, the largest first, over a ground of the highest band. */
function bands(where: string, grid: Grid, levels: readonly number[], frame: Sized): Part[] {
  const { width, height, ramp } = frame;
  const toPixels = ([px, py]: readonly [number, number]): readonly [number, number] => [
    round(((px - (grid.x[0] as number)) / ((grid.x.at(-1) as number) - (grid.x[0] as number))) * width),
    round((1 - (py - (grid.y[0] as number)) / ((grid.y.at(-1) as number) - (grid.y[0] as number))) * height),
  ];
  const whole: Json = {
    type: "Polygon",
    coordinates: [
      [
        [0, 0],
        [width, 0],
        [width, height],
        [0, height],
        [0, 0],
      ],
    ],
  };
  const valueOf = (at: number): number =>
    at === levels.length ? (levels.at(-1) ?? 0) + 1 : below(levels, at);
  const regions = regionsBelow(where, grid, levels).reverse();
  const features = [
    { geometry: whole, loss: valueOf(levels.length) },
    ...regions.map((region) => ({
      geometry: featureOf(region, toPixels),
      loss: valueOf(levels.indexOf(region.level)),
    })),
  ];
  return [
    {
      data: {
        values: features.map(({ geometry, loss }) => ({ type: "Feature", geometry, properties: { loss } })),
      },
      projection: { type: "identity", scale: 1, translate: [0, 0] },
      mark: { type: "geoshape", strokeWidth: 0, clip: true },
      encoding: { color: { field: "properties.loss", ...bandScale(levels, width, ramp) } },
    },
  ];
}

/** A value of the band below a level. */
const below = (levels: readonly number[], at: number): number => {
  const level = levels[at] as number;
  const before = levels[at - 1];
  return before === undefined ? level - 1 : (level + before) / 2;
};

const round = (value: number): number => Math.round(value * 100) / 100;
const short = (value: number): number => Number(value.toPrecision(6));

function lines(where: string, grid: Grid, data: LandscapeData): Part[] {
  const values = regionsBelow(where, grid, data.levels).flatMap((region) =>
    contourLines(grid, region).map((points, i) => ({ region, points, i })),
  );
  const rows = values.flatMap(({ region, points, i }) =>
    points.map(([px, py], order) => ({
      x: short(px),
      y: short(py),
      line: `${region.level} ${i}`,
      loss: region.level,
      order,
    })),
  );
  return [
    {
      data: { values: rows },
      mark: { type: "line", strokeWidth: 0.75, stroke: colour("line"), opacity: 0.55, clip: true },
      encoding: {
        ...position(data),
        detail: { field: "line", type: "nominal" },
        order: { field: "order", type: "quantitative" },
      },
    },
  ];
}

/** Lines with a dot at each point where there are few, a ring where they begin, and a disc where they end. */
function wayLayers(ways: readonly LandscapeWay[], data: LandscapeData, width: number): Part[] {
  if (ways.length === 0) return [];
  const names = ways.map(({ name }) => name);
  const color = byColour("way", names, width, { symbolType: "stroke" });
  const rows = ways.map(({ name, x, y, steps, losses }) =>
    Array.from(x, (a, i) => ({
      way: name,
      x: finite(short(a)),
      y: finite(short(y[i] as number)),
      step: steps[i] as number,
      loss: finite(losses[i] as number),
    })),
  );
  const line = {
    data: { values: rows.flat() },
    mark: { type: "line", strokeWidth: 2, strokeJoin: "round", clip: true, tooltip: true },
    encoding: { ...position(data), color, order: { field: "step", type: "quantitative" } },
  };
  const few = rows.filter((own) => own.length <= MOST_DOTS).flat();
  const dots = {
    data: { values: few },
    mark: { type: "point", filled: true, size: 16, opacity: 1, clip: true, tooltip: true },
    encoding: { ...position(data), color },
  };
  const first = rows.flatMap((own) => own.slice(0, 1));
  const last = rows.flatMap((own) => own.slice(-1));
  const start = {
    data: { values: first },
    mark: {
      type: "point",
      filled: true,
      size: 70,
      opacity: 1,
      fill: colour("page"),
      stroke: colour("ink"),
      strokeWidth: 1.5,
    },
    encoding: position(data),
  };
  const end = {
    data: { values: last },
    mark: {
      type: "point",
      filled: true,
      size: 75,
      opacity: 1,
      stroke: colour("page"),
      strokeWidth: 1.5,
      clip: true,
      tooltip: true,
    },
    encoding: { ...position(data), color },
  };
  return [{ layer: [line, ...(few.length === 0 ? [] : [dots]), start, end] }];
}

const MOST_DOTS = 120;

const centerMark = (data: LandscapeData): Part => ({
  data: { values: [{ x: data.center.x, y: data.center.y, loss: finite(data.center.loss) }] },
  mark: {
    type: "point",
    shape: "cross",
    filled: true,
    size: 90,
    opacity: 1,
    fill: colour("ink"),
    clip: true,
    tooltip: true,
  },
  encoding: position(data),
});
