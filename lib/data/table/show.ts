import { types } from "node:util";
import type { Cell, Column } from "./column.js";

const MOST_ROWS = 10;
const MOST_WIDTH = 120;
const MOST_CELL = 28;
const DIGITS = 6;

/** The table as text: its first rows, and as many columns as fit into a line. */
export function showTable(columns: ReadonlyMap<string, Column>, length: number): string {
  const head = `Table: ${count(length, "row")} × ${count(columns.size, "column")}`;
  if (columns.size === 0) return head;
  const rows = Math.min(length, length > MOST_ROWS + 1 ? MOST_ROWS : length);
  const indices = ["", "", ...Array.from({ length: rows }, (_, row) => `${row}`)];
  const blocks: { readonly lines: readonly string[]; readonly isRight: boolean }[] = [
    { lines: indices, isRight: true },
  ];
  let width = widthOf(indices);
  let left = columns.size;
  for (const [name, column] of columns) {
    const cells = Array.from({ length: rows }, (_, row) => showCell(column.at(row)));
    const lines = [short(name), column.kind, ...cells];
    width += 2 + widthOf(lines);
    if (width > MOST_WIDTH && left < columns.size) break;
    blocks.push({ lines, isRight: column.kind === "number" });
    left--;
  }
  if (left > 0) blocks.push({ lines: indices.map((_, i) => (i === 0 ? `+${left}` : "…")), isRight: true });
  const lines = indices.map((_, i) =>
    blocks
      .map(({ lines: block, isRight }) => {
        const text = block[i] as string;
        const space = " ".repeat(widthOf(block) - lengthOf(text));
        return isRight ? space + text : text + space;
      })
      .join("  ")
      .trimEnd(),
  );
  const more = rows < length ? [`… ${length - rows} more rows`] : [];
  return [head, ...lines, ...more].join("\n");
}

const count = (of: number, what: string): string => `${of} ${what}${of === 1 ? "" : "s"}`;

const lengthOf = (text: string): number => [...text].length;

const widthOf = (lines: readonly string[]): number =>
  lines.reduce((most, line) => Math.max(most, lengthOf(line)), 0);

const short = (text: string): string => {
  // Control characters would move the cursor.
  const plain = text.replace(/\p{Cc}/gu, "�");
  return plain.length > MOST_CELL ? `${plain.slice(0, MOST_CELL - 1)}…` : plain;
};

/** A date, without its time if that is midnight. */
export const dateText = (date: Date): string => date.toISOString().replace(/T00:00:00\.000Z$/, "");

/** A value as a table shows it: numbers with six digits, dates without a time if it is midnight. */
function showCell(cell: Cell): string {
  if (cell === null) return "–";
  if (types.isDate(cell)) return dateText(cell);
  if (typeof cell !== "number") return short(String(cell));
  return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(DIGITS)));
}
