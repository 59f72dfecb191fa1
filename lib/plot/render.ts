// Specifications as SVG, by vega-lite and vega.
import { type Brush, Markup } from "../draw/svg.js";
import { COLOURS, plainColour, ROLES, type Role, SIZES, type Theme, textWidth } from "../draw/theme.js";
import { optionalPackage, packageError } from "../optional-package.js";
import { RAMP_COLOURS, rampColour, rampRules } from "./ramps.js";
import { CONFIG, type Frame, type Part, type VegaLiteSpec, wrapped } from "./spec.js";

interface Bounds {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

interface Scene {
  readonly root: { readonly bounds: Bounds };
}

interface View {
  run(): View;
  scenegraph(): Scene;
  data(name: string): readonly Readonly<Record<string, unknown>>[];
  finalize(): View;
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
  readonly text?: unknown;
}

interface StringRenderer {
  initialize(
    element: null,
    width: number,
    height: number,
    origin: readonly [number, number],
    scale: number,
  ): StringRenderer;
  render(root: object): StringRenderer;
  svg(): string;
}

/** What is used of vega. Its own types lack some of it. */
interface Vega {
  parse(spec: object): object;
  readonly View: new (runtime: object, options: object) => View;
  readonly SVGStringRenderer: new (loader: object) => StringRenderer;
  readonly textMetrics: { width: (item: TextItem, text?: unknown) => number };
  loader(): object;
  resetSVGDefIds(): void;
}

interface VegaLite {
  compile(spec: object, options: { readonly logger: Logger }): { readonly spec: object };
}

/** What vega and vega-lite say while they run. */
interface Log {
  readonly warnings: string[];
  readonly errors: string[];
  readonly logger: Logger;
}

interface Logger {
  level(): Logger;
  warn(...parts: unknown[]): Logger;
  error(...parts: unknown[]): Logger;
  info(): Logger;
  debug(): Logger;
}

/** A log. Vega calls the methods of its logger with another `this`. */
function makeLog(): Log {
  const [warnings, errors]: [string[], string[]] = [[], []];
  const logger: Logger = {
    level: () => logger,
    warn: (...parts) => {
      warnings.push(parts.join(" "));
      return logger;
    },
    error: (...parts) => {
      errors.push(parts.join(" "));
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  return { warnings, errors, logger };
}

/** Runs `run` while vega measures text as all pictures of the library do, and not by the fonts of this machine. */
function measuringText<T>({ textMetrics }: Vega, run: () => T): T {
  const before = textMetrics.width;
  textMetrics.width = (item, text) => {
    const bold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
    return textWidth(String(text ?? item.text ?? ""), { size: item.fontSize ?? SIZES.small, bold });
  };
  try {
    return run();
  } finally {
    textMetrics.width = before;
  }
}

/** Runs a specification of Vega, and gives what `use` makes of its view. */
export function inVega<T>(where: string, spec: object, use: (view: View, vega: Vega) => T): T {
  const vega = optionalPackage<Vega>(where, "vega");
  return measuringText(vega, () => {
    const { logger, errors } = makeLog();
    const view = new vega.View(vega.parse(spec), { renderer: "none", logger });
    try {
      view.run();
      if (errors.length > 0) throw packageError(where, "vega", `failed: ${errors.join("; ")}`, errors);
      return use(view, vega);
    } finally {
      view.finalize();
    }
  });
}

/** What a picture says and shows. */
export interface Content {
  readonly title: string;
  readonly subtitle: string;
  /** The specification but for its title and look. */
  draw(frame: Frame): Part;
}

/** The whole specification. */
export function specOf({ title, subtitle, draw }: Content, frame: Frame, whole: number): VegaLiteSpec {
  const text = wrapped(title, whole, SIZES.title, true);
  const small = subtitle === "" ? [] : wrapped(subtitle, whole, SIZES.label);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    title: { text, ...(small.length === 0 ? {} : { subtitle: small }) },
    ...draw(frame),
    config: CONFIG,
  };
}

/** The marks of a specification: SVG without its frame, in the light colours. */
export interface Marks {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 12;
const LEAST_VIEW = 80;
/** Widths of axes follow from labels, which follow from the width: it settles at once, or nearly so. */
const PASSES = 6;

/** The picture of this width. The views get what axes and legends leave. */
export function render(where: string, content: Content, width: number, height: number | null): Marks {
  const room = width - 2 * MARGIN;
  let [own, stretch] = [room, 1];
  let marks = draw(where, specOf(content, { width: own, height }, room));
  for (let pass = 1; pass < PASSES && Math.abs(marks.width - width) > 1; pass++) {
    const before = marks.width;
    own = Math.max(LEAST_VIEW, own - stretch * (before - width));
    marks = draw(where, specOf(content, { width: own, height }, room));
    if (marks.width !== before) stretch = 1;
    // Some plots have no use for more width, and use less only where they have far less.
    else if (before < width) break;
    else stretch *= 2;
  }
  return { ...marks, width: Math.max(marks.width, width) };
}

/** The inner width at which the whole has this width, for the specification alone. */
export const usualInner = (width: number): number => width - 2 * MARGIN - 50;

function draw(where: string, spec: VegaLiteSpec): Marks {
  const { compile } = optionalPackage<VegaLite>(where, "vega-lite");
  const { spec: compiled } = compile(spec, { logger: makeLog().logger });
  return inVega(where, { ...compiled, autosize: "none", padding: 0 }, (view, vega) => {
    const { root } = view.scenegraph();
    const { x1, y1, x2, y2 } = root.bounds;
    const [width, height] = [Math.ceil(x2 - x1) + 2 * MARGIN, Math.ceil(y2 - y1) + 2 * MARGIN];
    const origin = [MARGIN - x1, MARGIN - y1] as const;
    vega.resetSVGDefIds();
    const renderer = new vega.SVGStringRenderer(vega.loader()).initialize(null, width, height, origin, 1);
    return { svg: renderer.render(root).svg(), width, height };
  });
}

/** What compiling says against a specification; for tests. @internal */
export function complaints(spec: VegaLiteSpec): readonly string[] {
  const { logger, warnings, errors } = makeLog();
  optionalPackage<VegaLite>("complaints", "vega-lite").compile(spec, { logger });
  return [...warnings, ...errors];
}

/** The role of each light colour. Roles of equal light colours have equal dark ones. */
const ROLE_OF: ReadonlyMap<string, Role> = new Map(ROLES.map((role) => [COLOURS[role].light, role]));

/** The class of a colour in a picture that follows the reader's setting. */
function classOf(property: string, value: string): string | null {
  const role = ROLE_OF.get(value);
  const short = property === "fill" ? "f" : "s";
  if (role !== undefined) return `${short}-${role}`;
  return RAMP_COLOURS.has(value) ? `${short}-${RAMP_COLOURS.get(value)}` : null;
}

const plain = (value: string, theme: Theme): string => {
  const role = ROLE_OF.get(value);
  if (role !== undefined) return plainColour(role, theme);
  return theme === "dark" ? rampColour(value, theme) : value;
};

/** What vega writes that no reader of the picture needs. */
const NEEDLESS = / (?:class|role|aria-[a-z]+|font-family|pointer-events|opacity)="(?:[^"]*)"/g;
const EMPTY =
  /<path(?: class="(?:background|foreground)")? aria-hidden="true" d="[^"]*"(?: pointer-events="none")?(?: display="none")?\/>/g;
/** Labels of an axis that would overlap others. */
const HIDDEN = /<text [^>]*opacity="0"[^>]*>[^<]*<\/text>/g;

/** The marks within a frame: colours by theme, names of its own. */
export function framed({ svg }: Marks, { theme, id }: Brush): Markup[] {
  const inner = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"));
  const name = id("plot");
  const text = inner
    .replace(EMPTY, "")
    .replace(HIDDEN, "")
    .replace(NEEDLESS, (found) => (/^ opacity="(?!1")/.test(found) ? found : ""))
    .replace(/ id="(\w+)"/g, (_, own: string) => ` id="${id(own)}"`)
    .replace(/url\(#(\w+)\)/g, (_, own: string) => `url(#${id(own)})`)
    .replace(/<\w+(?: [^>]*)?>/g, (tag) => painted(rounded(tag), theme));
  const rules = theme === "auto" ? rampRules(`#${name}`, text) : "";
  return [
    ...(rules === "" ? [] : [new Markup(`<style>${rules}</style>`)]),
    new Markup(`<g id="${name}">${text}</g>`),
  ];
}

/** A tag with coordinates of two decimals. */
const rounded = (tag: string): string =>
  tag.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (value) => String(Math.round(Number(value) * 100) / 100));

/** A tag with its colours by the theme; for `"auto"` with classes, and with the light colours for viewers without CSS. */
function painted(tag: string, theme: Theme): string {
  const classes: string[] = [];
  const own = tag.replace(/ (fill|stroke)="(#[0-9a-f]{6})"/g, (_, property: string, value: string) => {
    const found = theme === "auto" ? classOf(property, value) : null;
    if (found !== null) classes.push(found);
    return ` ${property}="${plain(value, theme)}"`;
  });
  return classes.length === 0
    ? own
    : own.replace(/^<\w+/, (start) => `${start} class="${classes.join(" ")}"`);
}
