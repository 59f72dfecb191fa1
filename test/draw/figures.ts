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
