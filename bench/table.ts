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
