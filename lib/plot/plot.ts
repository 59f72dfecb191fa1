import { extname } from "node:path";
import { writeSvg } from "../draw/svg.js";
import { COLOURS, THEMES, type Theme } from "../draw/theme.js";
import { ArgumentError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { writeAtomically } from "../files/write.js";
import {
  checkChoice,
  checkFunction,
  checkNumber,
  checkOptions,
  checkRequired,
  describe,
} from "../options.js";
import { pngOf } from "./png.js";
import { type Content, framed, type Marks, render, specOf, usualInner } from "./render.js";
import type { VegaLiteSpec } from "./spec.js";

/** How a plot becomes a picture. */
export interface PictureOptions {
  /**
   * `"light"`, `"dark"`, or `"auto"`: as the reader's setting says, and light on paper. Default: `"auto"` for SVG,
   * `"light"` for PNG, which cannot be `"auto"`.
   */
  readonly theme?: Theme;
  /** Of the whole picture in pixels, from 240 to 4096. Default: 560. */
  readonly width?: number;
  /** Of each view, without axes, title and legend, from 40 to 4096. Default: what suits the width. */
  readonly height?: number;
}

export interface SvgOptions extends PictureOptions {
  /** Prefix of all ids in the SVG: a letter, then letters, digits, _ and -. Default: from a hash of the picture. */
  readonly id?: string;
}

export interface PngOptions extends PictureOptions {
  /** Pixels of the PNG for each pixel of the picture, from 0.1 to 10. Default: 2. */
  readonly scale?: number;
}

const WIDTH = 560;

/** What makes a plot. */
export interface PlotParts<Data> extends Content {
  readonly description: string;
  readonly data: Data;
}

/**
 * A picture of data: the data, a specification of Vega-Lite, and the picture as SVG or PNG. The picture is made when it
 * is asked for. For `spec` alone no package is needed, except by landscapes, whose contours vega computes; SVG needs the
 * packages vega and vega-lite, PNG also @napi-rs/canvas. The same plot gives the same bytes of SVG on every machine.
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const figure = plot.history(await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 2 }));
 * figure.svg.startsWith("<svg");   // true
 * await figure.toFile("history.svg");
 * await figure.toFile("history.png", { theme: "dark" });
 */
export class Plot<Data = unknown> {
  /** What was computed. */
  readonly data: Data;
  readonly title: string;
  /** What the picture shows, in words. */
  readonly description: string;
  readonly #content: Content;
  #spec: VegaLiteSpec | null = null;
  /** The marks that were drawn last: other themes, and PNG, have the same. */
  #last: { readonly width: number; readonly height: number | null; readonly marks: Marks } | null = null;

  /** @internal */
  constructor(parts: PlotParts<Data>) {
    const where = "Plot";
    checkRequired(where, parts, ["data", "title", "description", "subtitle", "draw"]);
    const { data, title, description, subtitle, draw } = parts;
    checkFunction(where, "draw", draw);
    for (const [name, text] of Object.entries({ title, description, subtitle })) {
      if (typeof text === "string") continue;
      throw new ArgumentError(`${where}: expected ${name} to be a text, got ${describe(text)}`);
    }
    this.data = data;
    this.title = title;
    this.description = description;
    this.#content = { title, subtitle, draw };
  }

  /** A specification of Vega-Lite 5, plain JSON with its data in it, in light colours: for any program that reads those. */
  get spec(): VegaLiteSpec {
    this.#spec ??= { description: this.description, ...this.#specOf(WIDTH, null) };
    return this.#spec;
  }

  #specOf(width: number, height: number | null): VegaLiteSpec {
    return specOf(this.#content, { width: usualInner(width), height }, width);
  }

  /** The picture as SVG, as `toSvg` without options. */
  get svg(): string {
    return this.toSvg();
  }

  /**
   * The picture as SVG: one element `<svg>` for a page, or a file of its own, that needs nothing from outside.
   * @throws ArgumentError, OptionError; PackageError without vega and vega-lite
   */
  toSvg(options: SvgOptions = {}): string {
    const where = "Plot.toSvg";
    checkOptions(where, options, ["theme", "width", "height", "id"]);
    const { id } = options;
    if (id !== undefined && (typeof id !== "string" || !/^[A-Za-z][\w-]*$/.test(id))) {
      throw new ArgumentError(
        `${where}: expected id to be a letter and then letters, digits, _ and -, got ${describe(id)}`,
      );
    }
    const theme = checkChoice(where, "theme", options.theme ?? "auto", THEMES);
    return this.#draw(this.#marks(where, options), theme, id);
  }

  #marks(where: string, options: PictureOptions): Marks {
    const width = checkNumber(where, "width", options.width ?? WIDTH, { min: 240, max: 4096 });
    const height =
      options.height === undefined
        ? null
        : checkNumber(where, "height", options.height, { min: 40, max: 4096 });
    const last = this.#last;
    if (last !== null && last.width === width && last.height === height) return last.marks;
    const marks = render(where, this.#content, width, height);
    this.#last = { width, height, marks };
    return marks;
  }

  #draw(marks: Marks, theme: Theme, id?: string): string {
    const { title, description } = this;
    const { width, height } = marks;
    return writeSvg({ title, description, width, height, body: (brush) => framed(marks, brush) }, theme, id);
  }

  /**
   * The picture as PNG.
   * @throws ArgumentError, OptionError; PackageError without vega, vega-lite and @napi-rs/canvas
   */
  async toPng(options: PngOptions = {}): Promise<Uint8Array> {
    const where = "Plot.toPng";
    checkOptions(where, options, ["theme", "width", "height", "scale"]);
    const theme = checkChoice(where, "theme", options.theme ?? "light", ["light", "dark"]);
    const scale = checkNumber(where, "scale", options.scale ?? 2, { min: 0.1, max: 10 });
    const marks = this.#marks(where, options);
    const ground = COLOURS.page[theme];
    return pngOf(where, { ...marks, svg: this.#draw(marks, theme), scale, ground });
  }

  /**
   * Writes a file, whole or not at all: `.svg`, `.png`, or `.json`, the specification.
   * @throws FileError; ArgumentError for another ending; and as `toSvg` and `toPng`
   */
  async toFile(path: FilePath, options: SvgOptions & PngOptions = {}): Promise<void> {
    const where = "Plot.toFile";
    const ending = extname(checkPath(where, path)).toLowerCase();
    const kind = checkChoice(where, "the path's ending", ending, [".svg", ".png", ".json"]);
    if (kind === ".png") return writeAtomically(where, path, [await this.toPng(options)]);
    if (kind === ".json") checkOptions(where, options, []);
    const text = kind === ".svg" ? this.toSvg(options) : `${JSON.stringify(this.spec, null, 2)}\n`;
    return writeAtomically(where, path, [new TextEncoder().encode(text)]);
  }

  /** The specification, for `JSON.stringify`. */
  toJSON(): VegaLiteSpec {
    return this.spec;
  }

  toString(): string {
    return `Plot: ${this.title}. ${this.description}`;
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
