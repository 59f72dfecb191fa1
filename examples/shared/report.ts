import { type data, ops, type Tensor } from "thalweg";

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

const SHADES = " .:-=+*#%@";

/** An image of 28 × 28 bytes as text, every second row left out since letters are tall. */
function draw(image: ArrayLike<number>): string[] {
  return Array.from({ length: 14 }, (_, row) =>
    Array.from({ length: 28 }, (_, column) => {
      const ink = Math.max(image[row * 56 + column] as number, image[row * 56 + 28 + column] as number);
      return SHADES[Math.min(9, Math.floor((ink / 255) * 10))];
    }).join(""),
  );
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
    ...draw(images.values.subarray(i * 784, (i + 1) * 784)),
  ]);
  return Array.from({ length: 15 }, (_, row) => columns.map((column) => column[row]).join("  | ")).join("\n");
}
