import process from "node:process";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Whether somebody looks at standard output who sees colours (NO_COLOR and FORCE_COLOR are followed). */
const isColoured = (): boolean => process.stdout.isTTY === true && process.stdout.hasColors();

export const styled = (style: Style, text: string): string => (isColoured() ? styleText(style, text) : text);

/** 1234567 → "1,234,567" */
export const count = (value: number): string => value.toLocaleString("en");

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** 1234567 → "1.23 MB" */
export function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${UNITS[power]}`;
}

const CONTROL = /[\p{Cc}\p{Bidi_Control}]/gu;

/** A text of a file without what would control the terminal. */
export const harmless = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Columns side by side: texts to the left, numbers to the right. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === "number" ? count(cell) : harmless(cell))),
  );
  const isNumber = columns.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const widths = columns.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join("  ")
      .trimEnd();
  return [styled("bold", line(columns)), ...cells.map(line)].join("\n");
}
