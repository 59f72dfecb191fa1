// Where everything goes: places of boxes and frames, and the ways of the edges, by dagre's layers.
import {
  type Box,
  type Frame,
  inkOf,
  isHorizontal,
  type Link,
  type Placed,
  type Rect,
  type Way,
} from "./boxes.js";
import { loadDagre, place } from "./dagre.js";
import { type Point, smooth } from "./smooth.js";
import type { Direction } from "./style.js";
import { findWays } from "./ways.js";

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The middles of the boxes. */
  readonly centers: ReadonlyMap<string, Point>;
  /** In the order of the links. */
  readonly ways: readonly Way[];
  readonly frames: ReadonlyMap<string, Rect>;
}

const MARGIN = 20;
const PADDING = 12;
/** For the name of a frame. */
export const FRAME_TITLE = 24;

/**
 * Places boxes in layers along the direction, with few crossings. The same input gives the same places.
 * @throws PackageError without `@dagrejs/dagre`
 */
export function layOut(
  where: string,
  boxes: readonly Box[],
  links: readonly Link[],
  frames: readonly Frame[],
  direction: Direction,
): Layout {
  const places = place(loadDagre(where), boxes, links, frames, direction);
  const placed = boxes.map((box) => ({ box, center: places.centers.get(box.id) as Point }));
  const rects = frameRects(placed, frames);
  const ways = findWays({ boxes, links, frames, places, rects, direction });
  const extent = [
    ...placed.map(inkOf),
    ...rects.values(),
    ...ways.flatMap(({ points }) => points.map(pointRect)),
  ];
  const left = Math.min(...extent.map(({ x }) => x)) - MARGIN;
  const top = Math.min(...extent.map(({ y }) => y)) - MARGIN;
  const right = Math.max(...extent.map(({ x, width }) => x + width)) + MARGIN;
  const bottom = Math.max(...extent.map(({ y, height }) => y + height)) + MARGIN;
  const shift = <T extends Point>(point: T): T => ({ ...point, x: point.x - left, y: point.y - top });
  return {
    width: Math.ceil(right - left),
    height: Math.ceil(bottom - top),
    centers: new Map(placed.map(({ box, center }) => [box.id, shift(center)])),
    frames: new Map(Array.from(rects, ([id, rect]) => [id, shift(rect)])),
    ways: ways.map(({ points, middle }) => {
      const moved = points.map(shift);
      return { points: moved, path: smooth(moved, isHorizontal(direction)), middle: shift(middle) };
    }),
  };
}

/** Around what stands in the frames, the innermost first. */
function frameRects(placed: readonly Placed[], frames: readonly Frame[]): Map<string, Rect> {
  const rects = new Map<string, Rect>();
  const depthOf = (frame: Frame): number => {
    const parent = frames.find(({ id }) => id === frame.parent);
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  const inner = frames.map((frame) => ({ frame, depth: depthOf(frame) })).sort((a, b) => b.depth - a.depth);
  for (const { frame } of inner) {
    const own = placed.filter(({ box }) => box.group === frame.id).map(inkOf);
    const nested = frames
      .filter(({ parent }) => parent === frame.id)
      .flatMap(({ id }) => rects.get(id) ?? []);
    const all = [...own, ...nested];
    if (all.length === 0) continue;
    const left = Math.min(...all.map(({ x }) => x)) - PADDING;
    const top = Math.min(...all.map(({ y }) => y)) - PADDING - FRAME_TITLE;
    const right = Math.max(...all.map(({ x, width }) => x + width)) + PADDING;
    const bottom = Math.max(...all.map(({ y, height }) => y + height)) + PADDING;
    rects.set(frame.id, { x: left, y: top, width: right - left, height: bottom - top });
  }
  return rects;
}

const pointRect = ({ x, y }: Point): Rect => ({ x: x - 4, y: y - 4, width: 8, height: 8 });
