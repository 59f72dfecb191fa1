import { type data, ops, type Tensor } from "thalweg";
import { toLetters } from "./pictures.js";

/** counts[true class][predicted class] */
export function confusion(labels: Tensor, predicted: Tensor, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.data.forEach((label, i) => {
    const row = counts[label] as number[];
    row[predicted.data[i] as number] = (row[predicted.data[i] as number] ?? 0) + 1;
  });
  return counts;
}

/** A table of how often each class was taken for each. */
export function confusionTable(counts: readonly (readonly number[])[], classes: readonly string[]): string {
  const width = Math.max(5, ...classes.map((name) => name.length)) + 1;
  const cell = (text: string | number) => String(text).padStart(width);
  const head = `${" ".repeat(width)}${classes.map(cell).join("")}${cell("right")}`;
  const rows = counts.map((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const right = `${((100 * (row[i] ?? 0)) / total).toFixed(1)}%`;
    return `${cell(classes[i] ?? i)}${row.map((count) => cell(count === 0 ? "·" : count)).join("")}${cell(right)}`;
  });
  return [head, ...rows].join("\n");
}

/** The first few wrongly read images side by side, each under what it was taken for. */
export function drawMistakes(
  images: data.Bytes,
  labels: Tensor,
  predicted: Tensor,
  classes: readonly string[],
): string {
  const wrong = ops.notEqual(labels, predicted).data;
  const shown: number[] = [];
  for (let i = 0; i < wrong.length && shown.length < 3; i++) if (wrong[i] !== 0) shown.push(i);
  const columns = shown.map((i) => [
    `${classes[labels.data[i] as number]} read as ${classes[predicted.data[i] as number]}`.padEnd(28),
    ...toLetters({ width: 28, height: 28, data: images.values.subarray(i * 784, (i + 1) * 784) }),
  ]);
  return Array.from({ length: 15 }, (_, row) => columns.map((column) => column[row]).join("  | ")).join("\n");
}
