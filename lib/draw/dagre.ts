// Places of boxes by dagre, which takes long for large graphs: a graph is cut where all ways pass one box, and the pieces
// are set after each other. In a large piece, `order.ts` orders the layers.
import { optionalPackage } from "../optional-package.js";
import type { Box, Frame, Link } from "./boxes.js";
import { type LayeredGraph, orderLayers } from "./order.js";
import type { Point } from "./smooth.js";
import type { Direction } from "./style.js";

/** What is used of `@dagrejs/dagre`, whose own types cannot be resolved as a module of Node's. */
interface DagreGraph {
  setGraph(label: object): void;
  setNode(id: string, label: object): void;
  setParent(id: string, parent: string): void;
  setEdge(from: string, to: string, label: object, name: string): void;
  node(id: string): Point;
  edge(from: string, to: string, name: string): { readonly points: readonly Point[] } & Partial<Point>;
}
export interface Dagre {
  readonly Graph: new (options: { multigraph: boolean; compound: boolean }) => DagreGraph;
  layout(graph: DagreGraph, options: { customOrder?(graph: LayeredGraph): void }): void;
}

/** @throws PackageError */
export const loadDagre = (where: string): Dagre => optionalPackage<Dagre>(where, "@dagrejs/dagre");

/** The way of a link between its ends, and the middle of its label. */
export interface Bend {
  readonly inner: readonly Point[];
  readonly label: Point | null;
}

export interface Places {
  readonly centers: Map<string, Point>;
  /** By the position of the link; links without one have no place of their own. */
  readonly bends: Map<number, Bend>;
}

interface Graph {
  readonly boxes: readonly Box[];
  readonly links: readonly (Link & { readonly at: number })[];
  readonly frames: readonly Frame[];
}

const RANKDIR = { right: "LR", left: "RL", down: "TB", up: "BT" } as const;
/** Between layers. */
export const GAP = 48;
/** A piece has no fewer boxes, so that what belongs together is placed together. */
const PIECE = 24;
/** Pieces of more boxes are laid out by faster ways, which lead to other pictures. */
const LARGE = 80;
/** Layers that all links together may pass. */
const MOST_PASSED = 600;

/** Places boxes in layers along the direction. Long links that others imply may get no place. */
export function place(
  dagre: Dagre,
  boxes: readonly Box[],
  links: readonly Link[],
  frames: readonly Frame[],
  direction: Direction,
): Places {
  const order = topological(boxes, links);
  const numbered = links.map((link, at) => ({ ...link, at }));
  const kept = withoutLong(order, numbered);
  const whole: Places = { centers: new Map(), bends: new Map() };
  for (const piece of pieces(order, kept)) {
    const ids = new Set(piece);
    const graph = {
      boxes: boxes.filter(({ id }) => ids.has(id)),
      links: kept.filter(({ from, to }) => ids.has(from) && ids.has(to)),
      frames,
    };
    append(whole, placePiece(dagre, graph, direction));
  }
  return whole;
}

/** Sets a piece after the whole: the box that both have stays where it is. */
function append(whole: Places, piece: Places): void {
  const common = [...piece.centers.keys()].find((id) => whole.centers.has(id));
  const [at, own] = [whole, piece].map(({ centers }) => centers.get(common ?? "")) as [Point?, Point?];
  const [dx, dy] = at === undefined || own === undefined ? [0, 0] : [at.x - own.x, at.y - own.y];
  const moved = ({ x, y }: Point): Point => ({ x: x + dx, y: y + dy });
  for (const [id, point] of piece.centers) whole.centers.set(id, moved(point));
  for (const [i, { inner, label }] of piece.bends) {
    whole.bends.set(i, { inner: inner.map(moved), label: label === null ? null : moved(label) });
  }
}

function placePiece({ Graph, layout }: Dagre, { boxes, links, frames }: Graph, direction: Direction): Places {
  const isHorizontal = direction === "right" || direction === "left";
  const used = usedFrames(boxes, frames);
  const graph = new Graph({ multigraph: true, compound: used.length > 0 });
  const isLarge = boxes.length > LARGE;
  graph.setGraph({
    rankdir: RANKDIR[direction],
    nodesep: isHorizontal ? 26 : 34,
    edgesep: 16,
    ranksep: GAP,
    // The simplex method moves few boxes after it, and takes most of the time in graphs of many short edges.
    ranker: isLarge ? "tight-tree" : "network-simplex",
  });
  for (const { id } of used) graph.setNode(id, { width: 0, height: 0 });
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  for (const { id, group } of boxes) if (group !== null) graph.setParent(id, group);
  for (const { id, parent } of used) if (parent !== null) graph.setParent(id, parent);
  for (const { from, to, label, at } of links) {
    const size = { width: label?.width ?? 0, height: label?.height ?? 0, labelpos: "c" };
    graph.setEdge(from, to, size, String(at));
  }
  // dagre's own order keeps what is in a frame together.
  layout(graph, isLarge && used.length === 0 ? { customOrder: orderLayers } : {});
  const found = boxes.map(({ id }) => [id, graph.node(id)] as const);
  const mirror = isUpsideDown(
    found.map(([, point]) => point),
    isHorizontal,
  );
  const turned = ({ x, y }: Point): Point => ({
    x: mirror && !isHorizontal ? -x : x,
    y: mirror && isHorizontal ? -y : y,
  });
  const bends = links.map(({ from, to, at }) => {
    const { points, x, y } = graph.edge(from, to, String(at));
    const label = x === undefined || y === undefined ? null : turned({ x, y });
    // Without the ends, which are where the figures are.
    return [at, { inner: points.slice(1, -1).map(turned), label }] as const;
  });
  return { centers: new Map(found.map(([id, point]) => [id, turned(point)])), bends: new Map(bends) };
}

/** The frames that hold any of the boxes. */
function usedFrames(boxes: readonly Box[], frames: readonly Frame[]): Frame[] {
  const used = new Set<string>();
  for (const { group } of boxes) {
    for (let at = group; at !== null && !used.has(at); ) {
      used.add(at);
      at = frames.find(({ id }) => id === at)?.parent ?? null;
    }
  }
  return frames.filter(({ id }) => used.has(id));
}

/** Whether most boxes of one layer stand in the opposite of their order: then the mirror image reads better. */
function isUpsideDown(points: readonly Point[], isHorizontal: boolean): boolean {
  const placed = points.map(({ x, y }) => (isHorizontal ? [x, y] : [y, x]) as [number, number]);
  let score = 0;
  placed.forEach(([along, across], i) => {
    for (const [other, next] of placed.slice(i + 1)) {
      if (Math.abs(other - along) < 1) score += Math.sign(next - across);
    }
  });
  return score < 0;
}

/** Each box after all that lead to it, and right before what it leads to. */
function topological(boxes: readonly Box[], links: readonly Link[]): string[] {
  const into = new Map<string, string[]>(boxes.map(({ id }) => [id, []]));
  const leads = new Set(links.map(({ from }) => from));
  for (const { from, to } of links) into.get(to)?.push(from);
  const order: string[] = [];
  const seen = new Set<string>();
  // Not by recursion: a chain may be longer than the stack is deep.
  const stack = boxes
    .filter(({ id }) => !leads.has(id))
    .map(({ id }) => ({ id, isDone: false }))
    .reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.isDone) order.push(top.id);
    else if (!seen.has(top.id)) {
      seen.add(top.id);
      stack.push({ id: top.id, isDone: true });
      for (const from of [...(into.get(top.id) ?? [])].reverse()) {
        if (!seen.has(from)) stack.push({ id: from, isDone: false });
      }
    }
  }
  return order;
}

/** The boxes in pieces. Neighbours have one box in common, which all ways from the one to the other pass. */
function pieces(order: readonly string[], links: readonly Link[]): string[][] {
  const position = new Map(order.map((id, i) => [id, i]));
  const furthest = order.map((_, i) => i);
  for (const { from, to } of links) {
    const at = position.get(from) as number;
    furthest[at] = Math.max(furthest[at] as number, position.get(to) as number);
  }
  const found: string[][] = [];
  let begin = 0;
  let reach = 0;
  order.forEach((_, i) => {
    if (reach === i && i - begin >= PIECE && order.length - i >= PIECE) {
      found.push(order.slice(begin, i + 1));
      begin = i;
    }
    reach = Math.max(reach, furthest[i] as number);
  });
  return [...found, order.slice(begin)];
}

/** The links without the longest of those whose ends others connect too, where all pass too many layers. */
function withoutLong<L extends Link>(order: readonly string[], links: readonly L[]): readonly L[] {
  const layer = new Map<string, number>(order.map((id) => [id, 0]));
  const out = new Map<string, L[]>(order.map((id) => [id, []]));
  for (const link of links) out.get(link.from)?.push(link);
  for (const id of order) {
    for (const { to } of out.get(id) ?? []) {
      layer.set(to, Math.max(layer.get(to) as number, (layer.get(id) as number) + 1));
    }
  }
  const passed = ({ from, to }: L): number => (layer.get(to) as number) - (layer.get(from) as number) - 1;
  let total = links.reduce((sum, link) => sum + passed(link), 0);
  const left = new Set(links);
  for (const link of [...links].sort((a, b) => passed(b) - passed(a))) {
    if (total <= MOST_PASSED || passed(link) === 0) break;
    left.delete(link);
    if (reaches(link.from, link.to, out, left)) total -= passed(link);
    else left.add(link);
  }
  return links.filter((link) => left.has(link));
}

function reaches<L extends Link>(
  from: string,
  to: string,
  out: ReadonlyMap<string, readonly L[]>,
  left: ReadonlySet<L>,
): boolean {
  const seen = new Set<string>();
  const stack = [from];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const link of out.get(id) ?? []) if (left.has(link)) stack.push(link.to);
  }
  return false;
}
