import { number } from "./svg.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A cubic Bézier curve from the end of the one before to `end`. */
interface Curve {
  readonly first: Point;
  readonly second: Point;
  readonly end: Point;
}

/**
 * A smooth way through points that go on along one axis, as cubic curves from the first point on. It leaves and arrives
 * along the axis and never swings beyond its points: a monotone cubic spline (Fritsch and Carlson, 1980), with slope 0
 * at its ends.
 * @param isHorizontal whether the axis is x.
 */
function curvesThrough(points: readonly Point[], isHorizontal: boolean): Curve[] {
  const along = points.map(({ x, y }) => (isHorizontal ? x : y));
  const across = points.map(({ x, y }) => (isHorizontal ? y : x));
  const slopes = slopesOf(along, across);
  const at = (a: number, c: number): Point => (isHorizontal ? { x: a, y: c } : { x: c, y: a });
  return points.slice(1).map((end, i) => {
    const [a, b] = [along[i] as number, along[i + 1] as number];
    const [c, d] = [across[i] as number, across[i + 1] as number];
    const [m, n] = [slopes[i] as number, slopes[i + 1] as number];
    // Flat ends have longer handles, so that the bend is in the middle.
    const [before, after] = [m, n].map((slope) => (b - a) * (slope === 0 ? 0.5 : 1 / 3)) as [number, number];
    return { first: at(a + before, c + m * before), second: at(b - after, d - n * after), end };
  });
}

/** The way as the path of an SVG. */
export function smooth(points: readonly Point[], isHorizontal: boolean): string {
  const [start] = points as readonly [Point];
  const say = ({ x, y }: Point): string => `${number(x)} ${number(y)}`;
  let from = start;
  const parts = curvesThrough(points, isHorizontal).map(({ first, second, end }) => {
    const isStraight = isHorizontal ? from.y === end.y : from.x === end.x;
    from = end;
    return isStraight ? `L${say(end)}` : `C${say(first)} ${say(second)} ${say(end)}`;
  });
  return `M${say(start)}${parts.join("")}`;
}

/** A curve is tested at this many points at least. */
const LEAST_POINTS = 16;
/** Pixels between two tested points. */
const APART = 8;

/**
 * Whether a condition holds at every tested point of a way.
 * @param stretch the indices of the first and the last curve to test. Indices without a curve are ignored. Default: all.
 */
export function isEveryPointOn(
  points: readonly Point[],
  isHorizontal: boolean,
  isSo: (point: Point) => boolean,
  [first, last] = [0, points.length - 2],
): boolean {
  // The slopes at the ends of a curve follow from the neighbours of its ends.
  const from = Math.max(0, first - 1);
  const some = points.slice(from, last + 3);
  let start = some[0] as Point;
  return curvesThrough(some, isHorizontal).every((curve, i) => {
    const begin = start;
    start = curve.end;
    return i + from < first || i + from > last || isEveryPointOnCurve(begin, curve, isHorizontal, isSo);
  });
}

function isEveryPointOnCurve(
  start: Point,
  { first, second, end }: Curve,
  isHorizontal: boolean,
  isSo: (point: Point) => boolean,
): boolean {
  const length = Math.abs(isHorizontal ? end.x - start.x : end.y - start.y);
  const steps = Math.max(LEAST_POINTS, Math.ceil(length / APART));
  for (let i = 1; i <= steps; i++) {
    const t = i / steps;
    const s = 1 - t;
    const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t] as const;
    const x = a * start.x + b * first.x + c * second.x + d * end.x;
    const y = a * start.y + b * first.y + c * second.y + d * end.y;
    if (!isSo({ x, y })) return false;
  }
  return true;
}

function slopesOf(along: readonly number[], across: readonly number[]): number[] {
  const chords = along.slice(1).map((b, i) => {
    const width = b - (along[i] as number);
    return width === 0 ? 0 : ((across[i + 1] as number) - (across[i] as number)) / width;
  });
  return along.map((_, i) => {
    const [before, after] = [chords[i - 1], chords[i]];
    if (before === undefined || after === undefined || before * after <= 0) return 0;
    // The harmonic mean keeps the spline monotone.
    return (2 * before * after) / (before + after);
  });
}
