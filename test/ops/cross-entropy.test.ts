// A row's cost and slope do not depend on the rows beside it: the same bits alone and among any others.
import { describe, expect, test } from "vitest";
import { Generator, ops, type Tensor, tensor } from "../../lib/index.js";

const ROWS = 37;
const CLASSES = [1, 2, 10, 16, 17, 100, 129, 300, 2100];

const row = (x: Tensor, r: number): Tensor => ops.slice(x, 0, { start: r, end: r + 1 });

/** The costs of some rows and their slopes. */
function both(y: Tensor, labels: Tensor): { loss: number[]; slope: number[] } {
  const x = ops.mul(y, 1);
  x.requiresGrad = true;
  const loss = ops.crossEntropy(x, labels);
  ops.sum(loss).backward();
  return { loss: [...loss.data].map(Number), slope: [...(x.grad as Tensor).data].map(Number) };
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test.each(CLASSES)("rows of %i classes", (n) => {
    const random = new Generator(n);
    const y = random.uniform([ROWS, n], { low: -20, high: 20, dtype });
    y.data[3 * n] = Number.NaN;
    y.data[5 * n] = Number.POSITIVE_INFINITY;
    for (let j = 0; j < n; ++j) y.data[9 * n + j] = Number.NEGATIVE_INFINITY;
    const labels = tensor(Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % n));
    const all = both(y, labels);
    const alone = Array.from({ length: ROWS }, (_, r) => both(row(y, r), row(labels, r)));
    expect(all.loss).toEqual(alone.flatMap(({ loss }) => loss));
    expect(all.slope).toEqual(alone.flatMap(({ slope }) => slope));
    for (const r of [3, 5, 9]) expect(all.loss[r]).toBeNaN();
    const good = all.loss.filter((_, r) => ![3, 5, 9].includes(r));
    expect(good.every((loss) => loss >= 0)).toBe(true);
  });
});
