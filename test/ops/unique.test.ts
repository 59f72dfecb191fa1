import { expect, test } from "vitest";
import { ops, tensor } from "../../lib/index.js";

test("of two slices with NaN at one place, which differ, the first in x comes first", () => {
  const x = tensor([
    [Number.NaN, 2],
    [3, 4],
    [Number.NaN, 1],
  ]);
  const { values, inverse, counts } = ops.unique(x, { dim: 0 });
  expect(values.toArray()).toEqual([
    [3, 4],
    [Number.NaN, 2],
    [Number.NaN, 1],
  ]);
  expect(inverse.toArray()).toEqual([1, 0, 2]);
  expect(counts.toArray()).toEqual([1, 1, 1]);
});

test("many slices with NaN keep the order that they have in x", () => {
  const numbers = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
  const x = tensor(numbers.map((n) => [n % 2 === 0 ? Number.NaN : 1, n]));
  const { values } = ops.unique(x, { dim: 0 });
  const odd = numbers.filter((n) => n % 2 === 1).sort((a, b) => a - b);
  const even = numbers.filter((n) => n % 2 === 0);
  expect(ops.select(values, 1, 1).toArray()).toEqual([...odd, ...even]);
});
