// HTML as text: templates in which every value is escaped that is not HTML itself.

import { escape } from "../draw/svg.js";

/** A piece of HTML. Only `html` and `raw` make one, so that no text from outside is taken for markup. */
export class Html {
  readonly #text: string;

  /** @internal */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What stands in a template: HTML, several pieces of it, or a text or number, which is escaped. Null is nothing. */
export type Piece = Html | string | number | null | readonly Piece[];

function textOf(piece: Piece): string {
  if (piece === null) return "";
  if (typeof piece === "string") return escape(piece);
  if (typeof piece === "number") return String(piece);
  return piece instanceof Html ? String(piece) : piece.map(textOf).join("");
}

/** A template of HTML: of the text "a < b" in it becomes "a &lt; b". */
export const html = (parts: TemplateStringsArray, ...values: readonly Piece[]): Html =>
  new Html(parts.map((part, at) => part + (at < values.length ? textOf(values[at] as Piece) : "")).join(""));

/** A text that is markup already: of the library's own SVG and CSS. */
export const raw = (text: string): Html => new Html(text);
