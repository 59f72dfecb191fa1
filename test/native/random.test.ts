import { expect, test } from "vitest";
import { Generator } from "../../lib/index.js";

const COUNT = 2_000_000;
const draw = (low: number, high: number, dtype: "float32" | "float64", n = COUNT) =>
  new Generator(7).uniform([n], { low, high, dtype }).data;

test.each([
  [0, 1],
  [1, 2],
  [1000, 1001],
  [-1001, -1000],
  [0.1, 0.2],
  [0.7, 0.9],
  [-0.3, 0.3],
  [2 ** 24, 2 ** 24 + 1],
  [1e30, 1.0001e30],
  [-1e39, 1e39],
])("uniform numbers of float32 are in [%d, %d)", (low, high) => {
  const out = draw(low, high, "float32").find((x) => !(x >= low && x < high && Number.isFinite(x)));
  expect(out).toBe(undefined);
});

test.each([
  [0, 1],
  [1, 1 + 2 ** -50],
  [1e15, 1e15 + 1],
  [-0.3, 0.3],
  [-1.7e308, 1.7e308],
])("uniform numbers of float64 are in [%d, %d)", (low, high) => {
  const out = draw(low, high, "float64").find((x) => !(x >= low && x < high && Number.isFinite(x)));
  expect(out).toBe(undefined);
});

test("uniform numbers are those of [0, 1), scaled and rounded, but for what would be high itself", () => {
  const greatest = 1001 - 2 ** -14;
  const expected = draw(0, 1, "float32").map((u) => Math.min(Math.fround(1000 + u), greatest));
  expect(draw(1000, 1001, "float32").findIndex((x, i) => x !== expected[i])).toBe(-1);
  expect(draw(0, 1, "float32").some((u) => Math.fround(1000 + u) === 1001)).toBe(true);
});

test("uniform numbers of an empty range are low", () => {
  expect([...draw(0.7, 0.7, "float32", 3)]).toEqual([0.7, 0.7, 0.7].map(Math.fround));
  expect([...draw(0.7, 0.7, "float64", 3)]).toEqual([0.7, 0.7, 0.7]);
});
