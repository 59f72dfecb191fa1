// SVG as text: elements, escaping, and the frame that every picture has.
import { createHash } from "node:crypto";
import { COLOURS, FONTS, plainColour, type Role, SIZES, type Theme, themeRules, variable } from "./theme.js";

/** A piece of SVG. Only the functions of this file make one, so that no text from outside is taken for markup. */
export class Markup {
  readonly #text: string;

  /** @internal */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A child of an element: markup, text, which is escaped, or nothing. */
export type Child = Markup | string | null;
export type AttributeValue = string | number | undefined;

/** Characters that XML does not have, even escaped: controls, halves of surrogate pairs, U+FFFE, U+FFFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text as it stands between tags or quotes. What XML lacks becomes U+FFFD. */
export const escape = (text: string): string =>
  text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

/** A coordinate, rounded to a hundredth, the same text on every machine. */
export function number(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`svg: ${value} is no coordinate`);
  const rounded = Math.round(value * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}

/** An element. Numbers are rounded, attributes that are undefined left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  ...children: readonly Child[]
): Markup {
  const own = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? number(value) : escape(String(value))}"`)
    .join("");
  const inner = children
    .map((child) => (typeof child === "string" ? escape(child) : String(child ?? "")))
    .join("");
  return new Markup(inner === "" ? `<${name}${own}/>` : `<${name}${own}>${inner}</${name}>`);
}

/** Pieces, one a line. */
export const lines = (pieces: readonly Child[]): Markup =>
  new Markup(
    pieces.map((piece) => (typeof piece === "string" ? escape(piece) : String(piece ?? ""))).join("\n"),
  );

/** Colours by role. In an SVG they are an attribute, for viewers without CSS, and a class, which follows the theme. */
export interface Paint {
  readonly fill?: Role | "none";
  readonly stroke?: Role | "none";
}

/** How the elements of one picture are painted, and how they name each other. */
export interface Brush {
  readonly theme: Theme;
  /** An id within the page, for this picture's own name: `id("arrow")`. */
  id(name: string): string;
  /** The attributes `fill`, `stroke` and `class` of a paint. */
  paint(paint: Paint): Readonly<Record<string, AttributeValue>>;
}

/** What a style draws: the size, what a screen reader says, and the elements, from (0, 0) to (width, height). */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** One line. */
  readonly title: string;
  /** The picture in words: what is connected with what. */
  readonly description: string;
  /** Called twice, and gives the same both times: only `id` differs. */
  body(brush: Brush): readonly Child[];
}

function brushFor(prefix: string, theme: Theme): Brush {
  return {
    theme,
    id: (name) => `${prefix}-${name}`,
    paint: ({ fill, stroke }) => {
      const classes = [
        ...(fill === undefined || fill === "none" ? [] : [`f-${fill}`]),
        ...(stroke === undefined || stroke === "none" ? [] : [`s-${stroke}`]),
      ];
      const plain = (role: Role | "none" | undefined) =>
        role === undefined || role === "none" ? role : plainColour(role, theme);
      return {
        class: theme === "auto" && classes.length > 0 ? classes.join(" ") : undefined,
        fill: plain(fill),
        stroke: plain(stroke),
      };
    },
  };
}

/** Rules for the classes that the elements have, under the picture's id, so that pictures in one page do not meet. */
function styleSheet(id: string, body: string): Markup {
  const used = (Object.keys(COLOURS) as Role[]).flatMap((role) =>
    (["fill", "stroke"] as const)
      .filter((property) => new RegExp(`class="[^"]*\\b${property[0]}-${role}\\b`).test(body))
      .map((property) => `#${id} .${property[0]}-${role}{${property}:var(${variable(role)})}`),
  );
  return new Markup(`<style>\n${[themeRules(`#${id}`, "auto"), ...used].join("\n")}\n</style>`);
}

/** @internal The SVG of a drawing, without a name of its own: `id` is the prefix of all its ids. */
function write(drawing: Drawing, theme: Theme, id: string): string {
  const { width, height, title, description } = drawing;
  const brush = brushFor(id, theme);
  const ground = element("rect", { width, height, rx: 6, ...brush.paint({ fill: "page" }) });
  const body = lines([ground, ...drawing.body(brush)]);
  const style = theme === "auto" ? styleSheet(id, String(body)) : null;
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    id,
    role: "img",
    "aria-labelledby": `${brush.id("title")} ${brush.id("desc")}`,
    width,
    height,
    viewBox: `0 0 ${number(width)} ${number(height)}`,
    "font-family": FONTS,
    "font-size": SIZES.text,
    style: "max-width:100%;height:auto",
  };
  return `${element(
    "svg",
    attributes,
    lines([
      null,
      element("title", { id: brush.id("title") }, title),
      element("desc", { id: brush.id("desc") }, description),
      ...(style === null ? [] : [style]),
      body,
      null,
    ]),
  )}\n`;
}

/**
 * The SVG of a drawing. All its ids begin with `id`. Default: a hash of the picture, so that other pictures in the
 * same page have others, and the bytes are the same each time.
 */
export function writeSvg(drawing: Drawing, theme: Theme, id?: string): string {
  if (id !== undefined) return write(drawing, theme, id);
  const digest = createHash("sha256")
    .update(write(drawing, theme, "thalweg"))
    .digest("hex");
  return write(drawing, theme, `thalweg-${digest.slice(0, 10)}`);
}
