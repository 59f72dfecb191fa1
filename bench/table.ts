// Tables, and what stands in their cells.

/** A table for terminals and Markdown. Text is aligned to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const isFigure = head.map((_, column) => {
    const cells = rows.map((row) => row[column] ?? "");
    return cells.some((cell) => /\d/.test(cell)) && cells.every((cell) => /^[-—\d.,× %]*$/.test(cell));
  });
  const line = (row: readonly string[]) =>
    `| ${widths
      .map((width, i) => (isFigure[i] ? (row[i] ?? "").padStart(width) : (row[i] ?? "").padEnd(width)))
      .join(" | ")} |`;
  const rule = `|${widths.map((width, i) => `-${"-".repeat(width)}${isFigure[i] ? ":" : "-"}`).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

export const share = (value: number | null) => (value === null ? "—" : `${(100 * value).toFixed(1)} %`);
export const ratio = (value: number) => `${value.toFixed(2)}×`;
export const figure = (value: number, digits: number) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
/** Microseconds, short ones with a tenth. */
export const micros = (value: number) => figure(value, value < 100 ? 1 : 0);
export const megabytes = (bytes: number | null) => (bytes === null ? "—" : figure(bytes / 2 ** 20, 1));
