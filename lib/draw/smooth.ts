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

const STEPS = 16;

/** Points on the way, close to each other. */
export function pointsOn(points: readonly Point[], isHorizontal: boolean): Point[] {
  let [from] = points as readonly [Point];
  return curvesThrough(points, isHorizontal).flatMap(({ first, second, end }) => {
    const start = from;
    from = end;
    return Array.from({ length: STEPS }, (_, i) => {
      const t = (i + 1) / STEPS;
      const s = 1 - t;
      const weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t] as const;
      const blend = (of: (point: Point) => number): number =>
        weights[0] * of(start) + weights[1] * of(first) + weights[2] * of(second) + weights[3] * of(end);
      return { x: blend(({ x }) => x), y: blend(({ y }) => y) };
    });
  });
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
