// Where everything goes: places of boxes and frames, and the ways of the edges, by dagre's layers.
import { optionalPackage } from "../optional-package.js";
import { type Point, pointsOn, smooth } from "./smooth.js";
import type { Direction } from "./style.js";

/** What is used of `@dagrejs/dagre`, whose own types cannot be resolved as a module of Node's. */
interface DagreGraph {
  setGraph(label: object): void;
  setNode(id: string, label: object): void;
  removeNode(id: string): void;
  setParent(id: string, parent: string): void;
  setEdge(from: string, to: string, label: object, name: string): void;
  node(id: string): Point;
  edge(from: string, to: string, name: string): { readonly points: readonly Point[] } & Partial<Point>;
}
interface Dagre {
  readonly Graph: new (options: { multigraph: boolean; compound: boolean }) => DagreGraph;
  layout(graph: DagreGraph): void;
}

/** How the outline runs where edges meet it. */
export type Outline = "flat" | "round";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A node to be placed: its whole size with all labels, and the size of the figure in its middle, which edges meet. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly core: Size;
  readonly outline: Outline;
  readonly group: string | null;
}

export interface Link {
  readonly from: string;
  readonly to: string;
  /** The size of its label. */
  readonly label?: Size;
}

export interface Frame {
  readonly id: string;
  readonly parent: string | null;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A way from one figure to another, along the direction. */
export interface Way {
  readonly points: readonly Point[];
  readonly path: string;
  /** The middle of the label, or of the way. */
  readonly middle: Point;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The middles of the boxes. */
  readonly centers: ReadonlyMap<string, Point>;
  /** In the order of the links. */
  readonly ways: readonly Way[];
  readonly frames: ReadonlyMap<string, Rect>;
}

const RANKDIR = { right: "LR", left: "RL", down: "TB", up: "BT" } as const;
const MARGIN = 20;
const PADDING = 12;
/** For the name of a frame. */
export const FRAME_TITLE = 24;

export const isHorizontal = (direction: Direction): boolean => direction === "right" || direction === "left";

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
  const { Graph, layout } = optionalPackage<Dagre>(where, "@dagrejs/dagre");
  const graph = new Graph({ multigraph: true, compound: true });
  const nodesep = isHorizontal(direction) ? 26 : 34;
  graph.setGraph({ rankdir: RANKDIR[direction], nodesep, edgesep: 16, ranksep: 38 });
  for (const { id } of frames) graph.setNode(id, { width: 0, height: 0 });
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  const used = new Set<string>();
  for (const { id, group } of boxes) {
    for (let at: string | null = group; at !== null && !used.has(at); ) {
      used.add(at);
      at = frames.find((frame) => frame.id === at)?.parent ?? null;
    }
    if (group !== null) graph.setParent(id, group);
  }
  for (const { id, parent } of frames) {
    if (!used.has(id)) graph.removeNode(id);
    else if (parent !== null) graph.setParent(id, parent);
  }
  links.forEach(({ from, to, label }, i) => {
    graph.setEdge(
      from,
      to,
      { width: label?.width ?? 0, height: label?.height ?? 0, labelpos: "c" },
      String(i),
    );
  });
  layout(graph);
  return new Placement(
    graph,
    boxes,
    links,
    frames.filter(({ id }) => used.has(id)),
    direction,
  ).result();
}

/** Reads what dagre found, and makes frames and ways of it. */
class Placement {
  readonly #centers = new Map<string, Point>();
  readonly #boxes: ReadonlyMap<string, Box>;
  readonly #isHorizontal: boolean;
  readonly #sign: number;
  #rects: ReadonlyMap<string, Rect> = new Map();

  constructor(
    readonly graph: DagreGraph,
    boxes: readonly Box[],
    readonly links: readonly Link[],
    readonly frames: readonly Frame[],
    direction: Direction,
  ) {
    this.#boxes = new Map(boxes.map((box) => [box.id, box]));
    this.#isHorizontal = isHorizontal(direction);
    this.#sign = direction === "right" || direction === "down" ? 1 : -1;
    for (const { id } of boxes) {
      const { x, y } = graph.node(id);
      this.#centers.set(id, { x, y });
    }
    if (this.#isUpsideDown()) this.#mirror = -1;
    for (const [id, point] of this.#centers) this.#centers.set(id, this.#mirrored(point));
  }

  /** −1 where dagre's places are mirrored across the direction. */
  #mirror = 1;

  #mirrored(point: Point): Point {
    if (this.#mirror === 1) return point;
    return this.#isHorizontal ? { ...point, y: -point.y } : { ...point, x: -point.x };
  }

  /** Whether most boxes of one layer stand in the opposite of their order: then the mirror image reads better. */
  #isUpsideDown(): boolean {
    const placed = [...this.#centers.values()].map(
      (point) => [this.#along(point), this.#across(point)] as const,
    );
    let score = 0;
    placed.forEach(([along, across], i) => {
      for (const [other, place] of placed.slice(i + 1)) {
        if (Math.abs(other - along) < 1) score += Math.sign(place - across);
      }
    });
    return score < 0;
  }

  result(): Layout {
    const frames = this.#frameRects();
    this.#rects = frames;
    const ways = this.#ways();
    const rects = [...this.#boxes.values()].map((box) => this.#rectOf(box));
    const extent = [...rects, ...frames.values(), ...ways.flatMap(({ points }) => points.map(pointRect))];
    const left = Math.min(...extent.map(({ x }) => x)) - MARGIN;
    const top = Math.min(...extent.map(({ y }) => y)) - MARGIN;
    const right = Math.max(...extent.map(({ x, width }) => x + width)) + MARGIN;
    const bottom = Math.max(...extent.map(({ y, height }) => y + height)) + MARGIN;
    const shift = <T extends Point>(point: T): T => ({ ...point, x: point.x - left, y: point.y - top });
    return {
      width: Math.ceil(right - left),
      height: Math.ceil(bottom - top),
      centers: new Map(Array.from(this.#centers, ([id, point]) => [id, shift(point)])),
      frames: new Map(Array.from(frames, ([id, rect]) => [id, shift(rect)])),
      ways: ways.map(({ points, middle }) => {
        const moved = points.map(shift);
        return { points: moved, path: smooth(moved, this.#isHorizontal), middle: shift(middle) };
      }),
    };
  }

  #rectOf({ id, width, height }: Box): Rect {
    const { x, y } = this.#centers.get(id) as Point;
    return { x: x - width / 2, y: y - height / 2, width, height };
  }

  /** Around what stands in them, the innermost first. */
  #frameRects(): Map<string, Rect> {
    const rects = new Map<string, Rect>();
    const depthOf = (frame: Frame): number => {
      const parent = this.frames.find(({ id }) => id === frame.parent);
      return parent === undefined ? 0 : depthOf(parent) + 1;
    };
    const inner = [...this.frames]
      .map((frame) => ({ frame, depth: depthOf(frame) }))
      .sort((a, b) => b.depth - a.depth);
    for (const { frame } of inner) {
      const own = [...this.#boxes.values()]
        .filter(({ group }) => group === frame.id)
        .map((box) => this.#rectOf(box));
      const nested = this.frames
        .filter(({ parent }) => parent === frame.id)
        .map(({ id }) => rects.get(id) as Rect);
      const all = [...own, ...nested];
      const left = Math.min(...all.map(({ x }) => x)) - PADDING;
      const top = Math.min(...all.map(({ y }) => y)) - PADDING - FRAME_TITLE;
      const right = Math.max(...all.map(({ x, width }) => x + width)) + PADDING;
      const bottom = Math.max(...all.map(({ y, height }) => y + height)) + PADDING;
      rects.set(frame.id, { x: left, y: top, width: right - left, height: bottom - top });
    }
    return rects;
  }

  #along = ({ x, y }: Point): number => this.#sign * (this.#isHorizontal ? x : y);
  #across = ({ x, y }: Point): number => (this.#isHorizontal ? y : x);
  #point = (along: number, across: number): Point =>
    this.#isHorizontal ? { x: this.#sign * along, y: across } : { x: across, y: this.#sign * along };

  #ways(): { points: Point[]; middle: Point }[] {
    const bends = this.links.map(({ from, to }, i) => {
      const edge = this.graph.edge(from, to, String(i));
      // Without the ends, which are ours.
      const inner = edge.points.slice(1, -1).map((point) => this.#mirrored(point));
      const hasLabel = edge.x !== undefined && edge.y !== undefined;
      return { inner, label: hasLabel ? this.#mirrored({ x: edge.x as number, y: edge.y as number }) : null };
    });
    const ends = this.#entries(bends.map(({ inner }) => inner));
    return this.links.map(({ from, to, label: size }, i) => {
      const { inner, label } = bends[i] as (typeof bends)[number];
      const start = this.#exit(from);
      const end = ends[i] as Point;
      const bent = size === undefined || label === null ? inner : this.#alongLabel(inner, label, size);
      const between = this.#around(bent).filter(
        (point) => this.#along(point) > this.#along(start) + 1 && this.#along(point) < this.#along(end) - 1,
      );
      const given = [start, ...between, end];
      // A label keeps the way at its place.
      const points = size === undefined ? this.#straightened(given, from, to) : given;
      const middle = size !== undefined && label !== null ? label : (points[points.length >> 1] as Point);
      return { points, middle };
    });
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
    const obstacles = this.#obstacles(from, to);
    let kept = [...points];
    const direct = [points[0], points.at(-1)] as [Point, Point];
    if (this.#isClear(direct, obstacles)) return direct;
    for (let i = 1; i < kept.length - 1; ) {
      const less = kept.filter((_, k) => k !== i);
      if (this.#isClear(less, obstacles)) kept = less;
      else i++;
    }
    return kept;
  }

  /** Boxes that are not at an end of the way, and frames that hold neither end. */
  #obstacles(from: string, to: string): Rect[] {
    const around = new Set<string>();
    for (const id of [from, to]) {
      let at = (this.#boxes.get(id) as Box).group;
      while (at !== null && !around.has(at)) {
        around.add(at);
        at = this.frames.find((frame) => frame.id === at)?.parent ?? null;
      }
    }
    const frames = [...this.#rects].filter(([id]) => !around.has(id)).map(([, rect]) => rect);
    const boxes = [...this.#boxes.values()].filter(({ id }) => id !== from && id !== to);
    return [...boxes.map((box) => grown(this.#rectOf(box), 6)), ...frames];
  }

  #isClear(points: readonly Point[], obstacles: readonly Rect[]): boolean {
    return pointsOn(points, this.#isHorizontal).every(({ x, y }) =>
      obstacles.every((o) => x < o.x || x > o.x + o.width || y < o.y || y > o.y + o.height),
    );
  }

  /** A way passes a layer straight, at the place that is kept free for it, along the widest box of the layer. */
  #around(inner: readonly Point[]): Point[] {
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
  #entries(inner: readonly (readonly Point[])[]): Point[] {
    const ends: Point[] = [];
    const arriving = new Map<string, { i: number; across: number }[]>();
    this.links.forEach(({ from, to }, i) => {
      const before = inner[i]?.at(-1) ?? (this.#centers.get(from) as Point);
      arriving.set(to, [...(arriving.get(to) ?? []), { i, across: this.#across(before) }]);
    });
    for (const [id, list] of arriving) {
      const { core, outline } = this.#boxes.get(id) as Box;
      const center = this.#centers.get(id) as Point;
      const [half, side] = this.#isHorizontal ? [core.width / 2, core.height] : [core.height / 2, core.width];
      const gap = Math.min(16, (side * 0.66) / list.length);
      const sorted = [...list].sort((a, b) => a.across - b.across || a.i - b.i);
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

const grown = ({ x, y, width, height }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});

const pointRect = ({ x, y }: Point): Rect => ({ x: x - 4, y: y - 4, width: 8, height: 8 });
