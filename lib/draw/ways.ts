// The ways of edges from figure to figure: around what stands between them.
import { type Box, type Frame, inkOf, isHorizontal, type Link, type Rect, type Size } from "./boxes.js";
import { GAP, type Places } from "./dagre.js";
import { Obstacles } from "./obstacles.js";
import { isEveryPointOn, type Point } from "./smooth.js";
import type { Direction } from "./style.js";

/** Boxes and frames at their places, and what is to be connected. */
export interface Scene {
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
  readonly frames: readonly Frame[];
  readonly places: Places;
  readonly rects: ReadonlyMap<string, Rect>;
  readonly direction: Direction;
}

export interface FoundWay {
  readonly points: Point[];
  /** The middle of the label, or of the way. */
  readonly middle: Point;
}

/** Between lanes beside all boxes. */
const LANE = 18;
/** Between a way and a box. */
const CLEAR = 6;

/** The time for leaving points out grows with the square of their number: from here on the level ones go first. */
const MANY_POINTS = 48;

/** A way for each link. */
export const findWays = (scene: Scene): FoundWay[] => new Ways(scene).all();

class Ways {
  readonly #scene: Scene;
  readonly #centers: ReadonlyMap<string, Point>;
  readonly #boxes: ReadonlyMap<string, Box>;
  /** Boxes and frames. */
  readonly #obstacles: Obstacles;
  readonly #parents: ReadonlyMap<string, string | null>;
  readonly #isHorizontal: boolean;
  readonly #sign: number;

  constructor(scene: Scene) {
    const { boxes, frames, places, rects, direction } = scene;
    this.#scene = scene;
    this.#centers = places.centers;
    this.#boxes = new Map(boxes.map((box) => [box.id, box]));
    this.#parents = new Map(frames.map(({ id, parent }) => [id, parent]));
    this.#isHorizontal = isHorizontal(direction);
    this.#sign = direction === "right" || direction === "down" ? 1 : -1;
    const inks = boxes.map((box) => {
      const center = places.centers.get(box.id) as Point;
      return { id: box.id, rect: grown(inkOf({ box, center }), CLEAR) };
    });
    const framed = Array.from(rects, ([id, rect]) => ({ id, rect }));
    this.#obstacles = new Obstacles([...inks, ...framed], this.#isHorizontal);
  }

  #along = ({ x, y }: Point): number => this.#sign * (this.#isHorizontal ? x : y);
  #across = ({ x, y }: Point): number => (this.#isHorizontal ? y : x);
  #point = (along: number, across: number): Point =>
    this.#isHorizontal ? { x: this.#sign * along, y: across } : { x: across, y: this.#sign * along };

  all(): FoundWay[] {
    const { links, places } = this.#scene;
    const ends = this.#entries();
    return links.map(({ from, to, label: size }, i) => {
      const [tip, entry] = [this.#exit(from), ends[i] as Point];
      const [start, end] = [this.#outside(tip, from, 1), this.#outside(entry, to, -1)];
      const bend = places.bends.get(i);
      const label = size === undefined ? null : (bend?.label ?? null);
      const inner = bend?.inner ?? this.#lane(start, end, to);
      const bent = size === undefined || label === null ? inner : this.#alongLabel(inner, label, size);
      const between = this.#pastLayers(bent).filter(
        (point) => this.#along(point) > this.#along(start) + 1 && this.#along(point) < this.#along(end) - 1,
      );
      const given = [start, ...between, end];
      // A label keeps the way at its place, and a lane is clear.
      const free = label === null && bend !== undefined ? this.#straightened(given, from, to) : given;
      const points = [tip, ...free, entry].filter(
        (point, k, all) => k === 0 || !isSame(point, all[k - 1] as Point),
      );
      return { points, middle: label ?? (points[points.length >> 1] as Point) };
    });
  }

  readonly #lanes = new Map<string, number>();

  /** A long way goes beside all boxes. Ways to the same box go the same lane. */
  #lane(start: Point, end: Point, to: string): Point[] {
    const { boxes, places, rects } = this.#scene;
    if (!this.#lanes.has(to)) {
      const inks = boxes.map((box) => inkOf({ box, center: places.centers.get(box.id) as Point }));
      const edge = Math.min(...[...inks, ...rects.values()].map(({ x, y }) => (this.#isHorizontal ? y : x)));
      this.#lanes.set(to, edge - LANE * (this.#lanes.size + 1));
    }
    const across = this.#lanes.get(to) as number;
    const [after, before] = [this.#past(this.#along(start), 1), this.#past(this.#along(end), -1)];
    return [this.#point(after, across), this.#point(before, across)];
  }

  /** In the gap after or before the layer of a place. */
  #past(along: number, side: 1 | -1): number {
    const layer = this.#layers().find((one) => Math.abs(one.along - along) <= one.half + 1);
    const edge = layer === undefined ? along : layer.along + side * layer.half;
    return edge + (side * GAP) / 2;
  }

  /** Where a way from or to a figure is past the text beside the figure. @param side 1 after it, −1 before it. */
  #outside(point: Point, id: string, side: 1 | -1): Point {
    const { width, height } = this.#boxes.get(id) as Box;
    const half = (this.#isHorizontal ? width : height) / 2;
    const center = this.#along(this.#centers.get(id) as Point);
    const along =
      side === 1 ? Math.max(this.#along(point), center + half) : Math.min(this.#along(point), center - half);
    return this.#point(along, this.#across(point));
  }

  /** The way with a straight stretch at its label. */
  #alongLabel(inner: readonly Point[], label: Point, { width, height }: Size): Point[] {
    const [along, across] = [this.#along(label), this.#across(label)];
    const half = (this.#isHorizontal ? width : height) / 2;
    const stretch = [this.#point(along - half, across), this.#point(along + half, across)];
    const before = inner.filter((point) => this.#along(point) < along - half);
    const after = inner.filter((point) => this.#along(point) > along + half);
    return [...before, ...stretch, ...after];
  }

  /** The way without the points that nothing makes it need. */
  #straightened(points: readonly Point[], from: string, to: string): Point[] {
    const ends = this.#around(from, to);
    const isClear = (point: Point): boolean => this.#obstacles.isClear(point, ends);
    const direct = [points[0], points.at(-1)] as [Point, Point];
    if (isEveryPointOn(direct, this.#isHorizontal, isClear)) return direct;
    const kept = points.length > MANY_POINTS ? this.#withoutLevel(points) : [...points];
    for (let i = 1; i < kept.length - 1; ) {
      const [point] = kept.splice(i, 1) as [Point];
      // The curves before and after the neighbours bend otherwise too.
      if (isEveryPointOn(kept, this.#isHorizontal, isClear, [i - 2, i])) continue;
      kept.splice(i, 0, point);
      i++;
    }
    return kept;
  }

  /** The same way without the points between two at the same level. */
  #withoutLevel(points: readonly Point[]): Point[] {
    return points.filter((point, i) => {
      const isLevel = (other: Point | undefined): boolean =>
        other !== undefined && this.#across(other) === this.#across(point);
      return !isLevel(points[i - 1]) || !isLevel(points[i + 1]);
    });
  }

  /** The boxes at the ends of a way, and the frames that hold one of them: it may pass these. */
  #around(from: string, to: string): ReadonlySet<string> {
    const around = new Set([from, to]);
    for (const id of [from, to]) {
      let at = (this.#boxes.get(id) as Box).group;
      while (at !== null && !around.has(at)) {
        around.add(at);
        at = this.#parents.get(at) ?? null;
      }
    }
    return around;
  }

  /** A way passes a layer straight, at the place that is kept free for it, along the widest box of the layer. */
  #pastLayers(inner: readonly Point[]): Point[] {
    const layers = this.#layers();
    return inner.flatMap((point) => {
      const layer = layers.find(({ along }) => Math.abs(along - this.#along(point)) < 1);
      if (layer === undefined) return [point];
      const across = this.#across(point);
      return [this.#point(layer.along - layer.half, across), this.#point(layer.along + layer.half, across)];
    });
  }

  #found: { along: number; half: number }[] | undefined;

  /** Where the layers are that have boxes, and half of their widths. */
  #layers(): readonly { along: number; half: number }[] {
    if (this.#found !== undefined) return this.#found;
    const found: { along: number; half: number }[] = [];
    for (const box of this.#boxes.values()) {
      const along = this.#along(this.#centers.get(box.id) as Point);
      const half = (this.#isHorizontal ? box.width : box.height) / 2;
      const layer = found.find((one) => Math.abs(one.along - along) < 1);
      if (layer === undefined) found.push({ along, half });
      else layer.half = Math.max(layer.half, half);
    }
    this.#found = found;
    return found;
  }

  /** The tip from which all that a box gives goes out. */
  #exit(id: string): Point {
    const { core } = this.#boxes.get(id) as Box;
    const center = this.#centers.get(id) as Point;
    const half = (this.#isHorizontal ? core.width : core.height) / 2;
    return this.#point(this.#along(center) + half, this.#across(center));
  }

  /** Where each link comes in: side by side, in the order in which the links arrive. */
  #entries(): Point[] {
    const { links, places } = this.#scene;
    const ends: Point[] = [];
    const arriving = new Map<string, { i: number; across: number }[]>();
    links.forEach(({ from, to }, i) => {
      const bend = places.bends.get(i);
      const before = bend?.inner.at(-1) ?? (this.#centers.get(from) as Point);
      // A lane comes from beside all.
      const across = bend === undefined ? Number.NEGATIVE_INFINITY : this.#across(before);
      arriving.set(to, [...(arriving.get(to) ?? []), { i, across }]);
    });
    for (const [id, list] of arriving) {
      const { core, outline } = this.#boxes.get(id) as Box;
      const center = this.#centers.get(id) as Point;
      const [half, side] = this.#isHorizontal ? [core.width / 2, core.height] : [core.height / 2, core.width];
      const gap = Math.min(16, (side * 0.66) / list.length);
      const sorted = [...list].sort((a, b) =>
        a.across < b.across ? -1 : a.across > b.across ? 1 : a.i - b.i,
      );
      sorted.forEach(({ i }, k) => {
        const offset = (k - (list.length - 1) / 2) * gap;
        const radius = Math.min(half, side / 2);
        const depth =
          outline === "flat" ? half : half - radius + Math.sqrt(Math.max(0, radius ** 2 - offset ** 2));
        ends[i] = this.#point(this.#along(center) - depth, this.#across(center) + offset);
      });
    }
    return ends;
  }
}

const isSame = (a: Point, b: Point): boolean => Math.abs(a.x - b.x) + Math.abs(a.y - b.y) < 0.5;

const grown = ({ x, y, width, height }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});
