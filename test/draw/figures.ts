// What a picture shows, read from its SVG.
import type { Picture } from "../../lib/draw/index.js";

export interface Figure {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
}

export interface Shown {
  readonly figures: readonly Figure[];
  /** By the names of their ends: "x → m0". */
  readonly edges: readonly string[];
  readonly frames: readonly string[];
  /** All text, in order. */
  readonly texts: readonly string[];
}

const plain = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

export function shown({ svg }: Picture): Shown {
  const figures = Array.from(
    svg.matchAll(/data-node="([^"]*)" data-kind="([^"]*)" data-name="([^"]*)"/g),
    ([, id = "", kind = "", name = ""]) => ({ id, kind, name: plain(name) }),
  );
  const nameOf = (id: string): string => figures.find((one) => one.id === id)?.name ?? "?";
  const edges = Array.from(
    svg.matchAll(/data-edge="(\S+) (\S+)"/g),
    ([, from = "", to = ""]) => `${nameOf(from)} → ${nameOf(to)}`,
  );
  const frames = Array.from(svg.matchAll(/data-frame="[^"]*" data-name="([^"]*)"/g), ([, name = ""]) =>
    plain(name),
  );
  const texts = Array.from(svg.matchAll(/<text[^>]*>([^<]*)/g), ([, text = ""]) => plain(text));
  return { figures, edges, frames, texts };
}

/** The names of the figures of one kind. */
export const named = ({ figures }: Shown, kind: string): string[] =>
  figures.filter((one) => one.kind === kind).map(({ name }) => name);

/** Whether each tag is closed in turn, and no attribute or text breaks out of its place. */
export function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([a-z]+)((?: [\w:-]+="[^"<>]*")*)(\/?)>/gi, (_, end, name, __, empty) => {
    if (end === "/") return open.pop() === name ? "" : "<";
    if (empty !== "/") open.push(name);
    return "";
  });
  return open.length === 0 && !/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/.test(rest);
}

/** Number of times that edges without a common end cross, in a picture that goes to the right. */
export function crossings({ svg }: Picture): number {
  const edges = Array.from(
    svg.matchAll(/<path d="M([^"]*)" data-edge="(\S+) (\S+)"/g),
    ([, path = "", ...ends]) => ({ way: knots(path), ends }),
  );
  let count = 0;
  edges.forEach(({ way: one, ends }, i) => {
    for (const { way: other, ends: others } of edges.slice(i + 1)) {
      if (ends.some((id) => others.includes(id))) continue;
      const [from, to] = [Math.max(start(one), start(other)), Math.min(end(one), end(other))];
      if (from >= to) continue;
      const places = [from, ...[...one, ...other].map(([x]) => x).filter((x) => x > from && x < to), to];
      places.sort((a, b) => a - b);
      let side = 0;
      for (const x of places) {
        const [a, b] = [heightAt(one, x), heightAt(other, x)];
        if (Math.abs(a - b) < 1) continue;
        if (side !== 0 && side !== Math.sign(a - b)) count++;
        side = Math.sign(a - b);
      }
    }
  });
  return count;
}

type Knot = readonly [x: number, y: number];

/** Points on a path of lines and cubic curves, close to each other. */
function knots(path: string): Knot[] {
  const found: Knot[] = [];
  for (const part of path.split(/[LC]/)) {
    const [a = 0, b = 0, c = 0, d = 0, x = a, y = b] = part.trim().split(/[ ,]+/).map(Number);
    const [from, isCurve] = [found.at(-1) ?? [x, y], part.trim().split(" ").length === 6] as const;
    for (let t = isCurve ? 1 / 8 : 1; t <= 1; t += 1 / 8) {
      const s = 1 - t;
      const on = (p: number, q: number, r: number, e: number): number =>
        s ** 3 * p + 3 * s * s * t * q + 3 * s * t * t * r + t ** 3 * e;
      found.push(isCurve ? [on(from[0], a, c, x), on(from[1], b, d, y)] : [x, y]);
    }
  }
  return found;
}

const start = (way: readonly Knot[]): number => (way[0] as Knot)[0];
const end = (way: readonly Knot[]): number => (way.at(-1) as Knot)[0];

/** Where a way is at x between its points. */
function heightAt(way: readonly Knot[], x: number): number {
  const i = Math.max(
    1,
    way.findIndex(([next]) => next >= x),
  );
  const [[a, c], [b, d]] = [way[i - 1] as Knot, way[i] as Knot];
  return a === b ? d : c + ((d - c) * (x - a)) / (b - a);
}
