// The loss over a plane as a surface, seen from above at an angle.
import { SIZES } from "../draw/theme.js";
import { bandScale } from "./bands.js";
import { LEAST_LOG } from "./contours.js";
import type { LandscapeData, LandscapeSettings } from "./landscape.js";
import type { Scale } from "./read.js";
import { colour, type Frame, type Json, largest, type Part, shown, smallest } from "./spec.js";

/** The turn about the vertical axis, and how far from above it is seen, in radians. */
const TURN = (-55 * Math.PI) / 180;
const TILT = (32 * Math.PI) / 180;
const HEIGHT = 0.72;

type Point = readonly [number, number];

/** (u, v, h), each in [0, 1] → across, up, and the distance from the reader. */
function seen(u: number, v: number, h: number): readonly [number, number, number] {
  const [a, b] = [u - 0.5, v - 0.5];
  const across = a * Math.cos(TURN) - b * Math.sin(TURN);
  const away = a * Math.sin(TURN) + b * Math.cos(TURN);
  return [across, away * Math.sin(TILT) + h * HEIGHT * Math.cos(TILT), away];
}

/** Heights in [0, 1] by the scale. What is not finite has none. */
function heightsOf(losses: Float64Array, scale: Scale): Float64Array {
  const values = losses.filter(Number.isFinite);
  const [least, most] = [smallest(values), largest(values)];
  return losses.map((loss) => {
    const share = most > least ? (loss - least) / (most - least) : 0;
    return scale === "linear" ? share : Math.log1p(share * LOG_SPAN) / Math.log1p(LOG_SPAN);
  });
}

/** How many times the lowest step of a logarithmic height goes into the whole. */
const LOG_SPAN = 1 / LEAST_LOG;

export function surfaceLayers(data: LandscapeData, { scale }: LandscapeSettings, frame: Frame): Part {
  const { width } = frame;
  const h = heightsOf(data.losses, scale);
  const corners = [0, 1].flatMap((u) => [0, 1].flatMap((v) => [0, 1].map((z) => seen(u, v, z))));
  const [left, right] = [smallest(corners.map(([a]) => a)), largest(corners.map(([a]) => a))];
  const [columns, rows] = [data.x.length, data.y.length];
  const tops = Array.from(h, (z, at) => {
    const [, up] = seen((at % columns) / (columns - 1), Math.floor(at / columns) / (rows - 1), z);
    return Number.isFinite(up) ? up : Number.NEGATIVE_INFINITY;
  });
  const [bottom, top] = [
    smallest(corners.map(([, b]) => b)),
    Math.max(largest(tops), largest(corners.filter((_, i) => i % 2 === 0).map(([, b]) => b))),
  ];
  const room = width - 2 * LABEL_ROOM;
  const factor = Math.min(
    room / (right - left),
    frame.height === null ? Number.POSITIVE_INFINITY : frame.height / (top - bottom),
  );
  const height = frame.height ?? Math.round(factor * (top - bottom) + LABEL_ROOM);
  const toPixels = (u: number, v: number, z: number): Point => {
    const [a, b] = seen(u, v, z);
    return [round(width / 2 + (a - (left + right) / 2) * factor), round((top - b) * factor)];
  };
  return {
    width,
    height,
    layer: [floor(toPixels), quads(data, h, toPixels, width), ...labels(data, toPixels, width, height)],
  };
}

const LABEL_ROOM = 34;
const round = (value: number): number => Math.round(value * 100) / 100;
type ToPixels = (u: number, v: number, z: number) => Point;

const PIXELS: Part = { type: "identity", scale: 1, translate: [0, 0] };

const polygon = (points: readonly Point[], properties: Part = {}): Json => ({
  type: "Feature",
  properties,
  geometry: { type: "Polygon", coordinates: [[...points, points[0] as Point].map((point) => [...point])] },
});

const floor = (toPixels: ToPixels): Part => ({
  data: {
    values: [
      polygon(
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ].map(([u, v]) => toPixels(u as number, v as number, 0)),
      ),
    ],
  },
  projection: PIXELS,
  mark: { type: "geoshape", fill: colour("group"), stroke: colour("grid") },
});

/** A quadrilateral for each cell of the grid, the farthest first. */
function quads(data: LandscapeData, h: Float64Array, toPixels: ToPixels, width: number): Part {
  const [columns, rows] = [data.x.length, data.y.length];
  const cells: { readonly away: number; readonly feature: Json }[] = [];
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const around = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ] as const;
      const heights = around.map(([p, q]) => h[q * columns + p] as number);
      if (!heights.every(Number.isFinite)) continue;
      const at = around.map(([p, q]) => [p / (columns - 1), q / (rows - 1)] as const);
      const loss = around.reduce((sum, [p, q]) => sum + (data.losses[q * columns + p] as number) / 4, 0);
      const [, , away] = seen((i + 0.5) / (columns - 1), (j + 0.5) / (rows - 1), 0);
      const points = at.map(([u, v], k) => toPixels(u, v, heights[k] as number));
      cells.push({ away, feature: polygon(points, { loss }) });
    }
  }
  cells.sort((a, b) => b.away - a.away);
  return {
    data: { values: cells.map(({ feature }) => feature) },
    projection: PIXELS,
    mark: { type: "geoshape", stroke: colour("line"), strokeWidth: 0.35 },
    encoding: { color: { field: "properties.loss", ...bandScale(data.levels, width, "positive") } },
  };
}

/** A text at a point of the floor, on the side of the picture away from the middle. */
interface Label {
  readonly u: number;
  readonly v: number;
  readonly text: string;
  readonly isLeft: boolean;
  /** Pixels away from the edge. */
  readonly away: number;
}

/** The names of the axes, and the values at their ends, beside the two edges of the floor that are nearest. */
function labels(data: LandscapeData, toPixels: ToPixels, width: number, height: number): Part[] {
  const [front, side] = nearest();
  const [corner] = toPixels(side, front, 0);
  const along = (u: number, v: number): boolean => toPixels(u, v, 0)[0] < corner;
  const ends = (values: Float64Array): [string, string] => [
    shown(values[0] as number, 2),
    shown(values.at(-1) as number, 2),
  ];
  const [x, y] = [ends(data.x), ends(data.y)];
  const [ofX, ofY] = [along(0.5, front), along(side, 0.5)];
  const all: Label[] = [
    { u: 0.5, v: front, text: data.axes[0], isLeft: ofX, away: 16 },
    { u: side, v: 0.5, text: data.axes[1], isLeft: ofY, away: 16 },
    ...[0, 1].map((u) => ({ u, v: front, text: x[u] as string, isLeft: ofX, away: 8 })),
    ...[0, 1].map((v) => ({ u: side, v, text: y[v] as string, isLeft: ofY, away: 8 })),
  ];
  return all.map(({ u, v, text, isLeft, away }) => {
    const [px, py] = toPixels(u, v, 0);
    return {
      data: { values: [{ px, py, text }] },
      mark: {
        type: "text",
        align: isLeft ? "right" : "left",
        dx: isLeft ? -away : away,
        dy: 12,
        color: colour("soft"),
        fontSize: SIZES.label,
      },
      encoding: {
        x: { field: "px", type: "quantitative", scale: { domain: [0, width] }, axis: null },
        y: { field: "py", type: "quantitative", scale: { domain: [height, 0] }, axis: null },
        text: { field: "text", type: "nominal" },
      },
    };
  });
}

/** The edges v = 0 or 1 and u = 0 or 1 that are nearest to the reader. */
function nearest(): [number, number] {
  const away = (u: number, v: number): number => seen(u, v, 0)[2];
  return [away(0.5, 0) < away(0.5, 1) ? 0 : 1, away(0, 0.5) < away(1, 0.5) ? 0 : 1];
}
