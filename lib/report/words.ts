// Numbers, times and tables as a reader sees them.

import { type Html, html, type Piece } from "./html.js";

const DIGITS = 4;

/** 0.123456 → "0.1235", 1234567 → "1,235,000", 1e-9 → "1e-9" */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2).replace("e+", "e");
  return value.toLocaleString("en", { maximumSignificantDigits: DIGITS });
}

/** 1234567 → "1,234,567" */
export const count = (value: number): string => value.toLocaleString("en");

/** 0.0123 → "12.3 ms", 75 → "1 min 15 s" */
export function duration(seconds: number): string {
  if (!(seconds >= 0)) return String(seconds);
  if (seconds < 1) return `${(seconds * 1000).toPrecision(3)} ms`;
  if (seconds < 60) return `${seconds.toPrecision(3)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${count(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A shape as code has it: [28, 28]. */
export const shape = (sizes: readonly number[]): string => `[${sizes.join(", ")}]`;

/** A column of a table: its title, whether it has numbers, which are to the right, or bars, which have room. */
export interface ColumnTitle {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly isBar?: boolean;
}

/** A table that scrolls by itself where the page is narrow. The first cell of a row is its heading. */
export function table(
  caption: string,
  columns: readonly ColumnTitle[],
  rows: readonly (readonly Piece[])[],
): Html {
  const classOf = (at: number): Html | null => {
    const { isNumber, isBar } = columns[at] ?? {};
    if (isBar === true) return html` class="wide"`;
    return isNumber === true ? html` class="number"` : null;
  };
  const head = columns.map(({ title, isBar }, at) => {
    const shown = isBar === true ? html`<span class="hidden">${title}</span>` : title;
    return html`<th scope="col"${classOf(at)}>${shown}</th>`;
  });
  const body = rows.map(([first, ...others]) => {
    const cells = others.map((cell, at) => html`<td${classOf(at + 1)}>${cell}</td>`);
    return html`<tr><th scope="row">${first ?? null}</th>${cells}</tr>\n`;
  });
  return html`<div class="scroll" role="region" aria-label="${caption}, table" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>`;
}

/** A bar for a share of the greatest, in a cell of a table. */
export const bar = (share: number): Html =>
  html`<span class="bar" style="width:${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%"></span>`;
