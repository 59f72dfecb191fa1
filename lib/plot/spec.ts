// Vega-Lite specifications, and what all of the library's have in common.
import { FONTS, plainColour, type Role, SIZES, textWidth } from "../draw/theme.js";

/** What JSON holds. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A part of a specification. */
export type Part = { readonly [key: string]: Json };

/** A specification of Vega-Lite 5: plain JSON, with its data in it. */
export type VegaLiteSpec = Part;

/** The space that a picture has, in pixels. */
export interface Frame {
  /** Of all views of a row together, without axes. */
  readonly width: number;
  /** Of a view; null for what suits the width. */
  readonly height: number | null;
}

/** The light colour of a role. `render` replaces it where the theme is another. */
export const colour = (role: Role): string => plainColour(role, "light");

const SERIES = [
  "series1",
  "series2",
  "series3",
  "series4",
  "series5",
  "series6",
  "series7",
  "series8",
] as const satisfies readonly Role[];

/** Colours for this many categories. After the eighth they begin again. */
export const seriesColours = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => colour(SERIES[i % SERIES.length] as Role));

/** The look of axes, legends and text. */
export const CONFIG: Part = {
  font: FONTS,
  aria: false,
  background: "transparent",
  padding: 0,
  view: { stroke: null },
  axis: {
    labelColor: colour("soft"),
    labelFontSize: SIZES.label,
    titleColor: colour("ink"),
    titleFontSize: SIZES.label,
    titleFontWeight: "normal",
    titlePadding: 8,
    gridColor: colour("grid"),
    domain: false,
    tickColor: colour("grid"),
    tickSize: 4,
    labelFlush: false,
  },
  axisX: { labelOverlap: "greedy", labelSeparation: 6 },
  legend: {
    title: null,
    orient: "top",
    direction: "horizontal",
    labelColor: colour("ink"),
    labelFontSize: SIZES.label,
    labelLimit: 0,
    symbolSize: 90,
    symbolStrokeWidth: 2.5,
    symbolOpacity: 1,
    layout: { top: { direction: "vertical", anchor: "start" } },
    columnPadding: 14,
    offset: 8,
  },
  header: {
    labelColor: colour("ink"),
    labelFontSize: SIZES.label,
    titleColor: colour("ink"),
    labelLimit: 0,
  },
  title: {
    color: colour("ink"),
    subtitleColor: colour("soft"),
    fontSize: SIZES.title,
    fontWeight: 600,
    subtitleFontSize: SIZES.label,
    anchor: "start",
    frame: "bounds",
    offset: 12,
    subtitlePadding: 4,
    limit: 0,
  },
};

/** A text in lines of at most this width. A word that is wider has a line of its own. */
export function wrapped(text: string, width: number, size: number, bold = false): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, { size, bold }) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const SYMBOL = 34;

/** A legend of these labels, in as many columns as the width has room for. */
export function legendOf(labels: readonly string[], width: number, more: Part = {}): Part {
  const widest = Math.max(1, ...labels.map((label) => textWidth(label, { size: SIZES.label })));
  const columns = Math.max(1, Math.min(labels.length, Math.floor(width / (widest + SYMBOL))));
  return { columns, ...more };
}

/** Categories by colour, in the order of the names. */
export const byColour = (
  field: string,
  names: readonly string[],
  width: number,
  legend: Part = {},
): Part => ({
  field,
  type: "nominal",
  scale: { domain: [...names], range: seriesColours(names.length) },
  legend: names.length > 1 ? legendOf(names, width, legend) : null,
});

/** A number for a specification: JSON has no NaN and no infinity, which break a line. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A number for people. */
export function shown(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞").replace("-", "−");
  const text = String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

/**
 * Ticks of a logarithmic axis over positive values: powers of ten; over less than two decades also 2 and 5 times those;
 * over many decades some of the powers.
 */
export function logTicks(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return [1];
  const [least, most] = [Math.log10(smallest(positive)), Math.log10(largest(positive))];
  const every = Math.max(1, Math.ceil((most - least) / MOST_TICKS));
  const factors = most - least < 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(least); power <= Math.ceil(most); power++) {
    if (power % every === 0) for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks;
}

const MOST_TICKS = 6;
const TICK_WIDTH = 44;

/** Whole numbers from the first to the last, as many as the width has room for. */
export function wholeTicks(from: number, to: number, width: number): number[] {
  const most = Math.max(2, Math.min(12, Math.floor(width / TICK_WIDTH)));
  const raw = Math.max(1, (to - from) / most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.ceil(power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) as number));
  const ticks: number[] = [];
  for (let k = Math.ceil(from / step); k * step <= to; k++) ticks.push(k * step);
  return ticks;
}

/** A logarithmic scale with some room at its ends. */
export const LOG_SCALE: Part = { type: "log", nice: false, padding: 6 };

/** Of lists too long for the arguments of a call. */
export const smallest = (values: ArrayLike<number>): number =>
  fold(values, Math.min, Number.POSITIVE_INFINITY);
export const largest = (values: ArrayLike<number>): number =>
  fold(values, Math.max, Number.NEGATIVE_INFINITY);

function fold(values: ArrayLike<number>, by: (a: number, b: number) => number, start: number): number {
  let found = start;
  for (let i = 0; i < values.length; i++) found = by(found, values[i] as number);
  return found;
}
