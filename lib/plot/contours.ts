// Contours of values on a grid, by vega's isocontour, and the levels that they are drawn at.

import type { Scale } from "./read.js";
import { inVega } from "./render.js";
import type { Json } from "./spec.js";
import { largest, smallest } from "./spec.js";

/** Values on a grid: z[j·columns + i] is that at (x[i], y[j]), both evenly spaced. */
export interface Grid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

type Ring = readonly (readonly [number, number])[];

/** The region where z ≤ level: polygons, each an outer ring and its holes, in the grid's coordinates. */
export interface Region {
  readonly level: number;
  readonly polygons: readonly (readonly Ring[])[];
}

interface GeoJson {
  readonly value: number;
  readonly coordinates: readonly (readonly Ring[])[];
}

/** The regions below each level, the lowest first. Those that are empty are left out. */
export function regionsBelow(where: string, { x, y, z }: Grid, levels: readonly number[]): Region[] {
  // Vega gives the regions above a threshold. What is not finite lies above all levels.
  const most = largest(z.filter(Number.isFinite));
  const values = Array.from(z, (value) => -(Number.isFinite(value) ? value : most + Math.abs(most) + 1));
  const spec = {
    data: [
      {
        name: "contours",
        values: [{ width: x.length, height: y.length, values }],
        transform: [
          { type: "isocontour", scale: 1, smooth: true, thresholds: levels.map((level) => -level) },
        ],
      },
    ],
  };
  const found = inVega(where, spec, (view) => view.data("contours").map(({ contour }) => contour as GeoJson));
  // Vega puts a value at the middle of a cell of size 1.
  const place = (axis: Float64Array, at: number): number => {
    const step = ((axis.at(-1) as number) - (axis[0] as number)) / (axis.length - 1);
    const position = Math.min(axis.length - 1, Math.max(0, at - 0.5));
    if (position === axis.length - 1) return axis.at(-1) as number;
    return (axis[0] as number) + position * step;
  };
  return levels.flatMap((level, i) => {
    const own = found[i];
    if (own === undefined || own.coordinates.length === 0) return [];
    const ring = (points: Ring): Ring => points.map(([px, py]) => [place(x, px), place(y, py)] as const);
    return [{ level, polygons: own.coordinates.map((rings) => rings.map(ring)) }];
  });
}

/** The pieces of the boundaries of a region that are contours, and not the edge of the grid. */
export function contourLines({ x, y }: Grid, { polygons }: Region): (readonly [number, number])[][] {
  const isOnEdge = ([px, py]: readonly [number, number], [qx, qy]: readonly [number, number]): boolean =>
    (px === qx && (px === x[0] || px === x.at(-1))) || (py === qy && (py === y[0] || py === y.at(-1)));
  const lines: (readonly [number, number])[][] = [];
  for (const ring of polygons.flat()) {
    let line: (readonly [number, number])[] = [];
    ring.forEach((point, i) => {
      const before = ring[i - 1];
      if (before !== undefined && isOnEdge(before, point)) {
        if (line.length > 1) lines.push(line);
        line = [];
      }
      line.push(point);
    });
    if (line.length > 1) lines.push(line);
  }
  return lines;
}

/**
 * Levels of contours between the least and the largest value: evenly spaced round numbers, or of a logarithmic scale
 * evenly spaced logarithms of the distance to the least one.
 */
export function levelsOf(z: Float64Array, count: number, scale: Scale): number[] {
  const values = z.filter(Number.isFinite);
  const [least, most] = [smallest(values), largest(values)];
  if (!(most > least)) return [];
  if (scale === "linear") return roundLevels(least, most, count);
  const span = most - least;
  const smallestStep = Math.log10(LEAST_LOG);
  return Array.from({ length: count }, (_, i) => {
    const share = smallestStep + ((i + 1) / (count + 1)) * -smallestStep;
    return least + span * 10 ** share;
  });
}

/** The lowest contour of a logarithmic scale, as a share of the span of the values. */
export const LEAST_LOG = 1e-2;

function roundLevels(least: number, most: number, count: number): number[] {
  const raw = (most - least) / (count + 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) as number);
  const first = Math.floor(least / step) + 1;
  const levels: number[] = [];
  for (let k = first; k * step < most; k++) levels.push(Number((k * step).toPrecision(12)));
  return levels;
}

/** A region as a feature for a map of pixels. */
export const featureOf = (
  { polygons }: Region,
  toPixels: (point: readonly [number, number]) => readonly [number, number],
): Json => ({
  type: "MultiPolygon",
  coordinates: polygons.map((rings) => rings.map((ring) => ring.map((point) => [...toPixels(point)]))),
});
