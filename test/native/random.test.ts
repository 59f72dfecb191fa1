import { describe, expect, test } from "vitest";
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

describe("normal numbers", () => {
  const normal = (n: number, options: { mean?: number; std?: number; dtype?: "float32" | "float64" } = {}) =>
    new Generator(7).normal([n], { dtype: "float64", ...options }).data;

  test("are Box and Muller's of the uniform numbers of float64", () => {
    const u = draw(0, 1, "float64", 100_000);
    const wrong = normal(100_000).findIndex((z, i) => {
      const radius = Math.sqrt(-2 * Math.log1p(-Number(u[i - (i % 2)])));
      const angle = 2 * Math.PI * Number(u[i - (i % 2) + 1]);
      return !(Math.abs(Number(z) - radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle))) < 1e-14);
    });
    expect(wrong).toBe(-1);
  });

  test("of float32 are those of float64, rounded; mean and std scale them", () => {
    const scaled = normal(1000, { mean: 2, std: 3 });
    expect([...normal(1000, { mean: 2, std: 3, dtype: "float32" })]).toEqual(
      [...scaled].map((x) => Math.fround(Number(x))),
    );
    expect([...scaled]).toEqual([...normal(1000)].map((z) => 2 + 3 * Number(z)));
  });

  test("do not depend on how many are drawn", () => {
    const all = [...normal(300)];
    for (const n of [1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 130])
      expect([...normal(n)]).toEqual(all.slice(0, n));
  });
});
