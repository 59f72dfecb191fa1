// Numbers as short text.
import type { Tensor } from "../tensor/tensor.js";

/** Rows and columns that are shown. */
export const MOST_ROWS = 6;
export const MOST_COLUMNS = 6;

/** Three digits: "0.123", "−1.5", "1.2e−7". */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace("-", "−").replace("Infinity", "∞");
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−").replace("e+", "e");
}

/** Whether a matrix of this size is shown by its numbers. */
export const isSmall = (rows: number, columns: number): boolean =>
  rows <= MOST_ROWS && columns <= MOST_COLUMNS;

/** A matrix, one line for each row: "(1, −0.5)". */
export function matrixLines(matrix: Tensor, rows: number, columns: number): string[] {
  const values = matrix.data;
  return Array.from({ length: rows }, (_, i) => {
    const row = Array.from({ length: columns }, (_, j) => shortNumber(values[i * columns + j] as number));
    return `(${row.join(", ")})`;
  });
}

/** The numbers of a small row, or the length of a long one. */
export function rowText(row: Tensor): string {
  if (isSmall(1, row.size)) return (matrixLines(row, 1, row.size) as [string])[0];
  const values = row.data;
  let sum = 0;
  for (let i = 0; i < row.size; i++) sum += (values[i] as number) ** 2;
  return `length ${shortNumber(Math.sqrt(sum))}`;
}
