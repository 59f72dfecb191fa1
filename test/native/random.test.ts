import { describe, expect, test } from "vitest";
import { ArgumentError, Generator, ops, tensor } from "../../lib/index.js";
import { distanceFromUniform } from "../random/distributed.js";

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

  test("of float32 are Box and Muller's of the upper 32 bits of those uniform numbers", () => {
    const words = draw(0, 1, "float64", 100_000).map((u) => Math.floor(Number(u) * 2 ** 32));
    const wrong = normal(100_000, { dtype: "float32" }).findIndex((z, i) => {
      const radius = Math.sqrt(-2 * Math.log((Number(words[i - (i % 2)]) + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * Number(words[i - (i % 2) + 1])) / 2 ** 32;
      const expected = radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
      // The number below 1 is 2⁻²⁴ away.
      return !(Math.abs(Number(z) - expected) < 4e-7 * radius + 2 ** -25 / radius);
    });
    expect(wrong).toBe(-1);
  });

  test("of float32 are normal, with tails up to √(66·ln 2) and no mean", () => {
    const n = 2_000_000;
    const z = [...normal(n, { dtype: "float32" })].map(Number);
    const share = (is: (x: number) => boolean): number => z.filter(is).length / n;
    // P(|z| > k), within four standard deviations of what n numbers give.
    for (const [k, p] of [
      [1, 0.31731050786291],
      [2, 0.04550026389636],
      [3, 0.00269979606326],
      [4, 6.334248366624e-5],
      [4.5, 6.79534624946e-6],
    ] as const) {
      const most = 4 * Math.sqrt((p * (1 - p)) / n);
      expect(Math.abs(share((x) => Math.abs(x) > k) - p), `|z| > ${k}`).toBeLessThan(most);
      expect(Math.abs(share((x) => x > k) - p / 2), `z > ${k}`).toBeLessThan(most);
    }
    expect(Math.abs(z.reduce((sum, x) => sum + x, 0) / n)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.max(...z.map(Math.abs).slice(0, 100_000))).toBeLessThan(Math.sqrt(66 * Math.LN2));
    const phi = ops.mul(
      ops.add(
        ops.erf(
          tensor(
            z.slice(0, 200_000).map((x) => x / Math.SQRT2),
            { dtype: "float64" },
          ),
        ),
        1,
      ),
      0.5,
    );
    expect(distanceFromUniform([...(phi.data as Float64Array)])).toBeLessThan(1.95);
  });

  test.each(["float32", "float64"] as const)("of %s are scaled by mean and std in their dtype", (dtype) => {
    const round = dtype === "float32" ? Math.fround : Number;
    const scaled = [...normal(1000, { dtype })].map((z) => round(2 + round(3 * Number(z))));
    expect([...normal(1000, { mean: 2, std: 3, dtype })]).toEqual(scaled);
  });

  test("of float32 take no mean and no deviation that it cannot hold", () => {
    const generator = new Generator(1);
    const before = generator.getState();
    expect(() => generator.normal([2], { std: 1e39 })).toThrow(ArgumentError);
    expect(() => generator.normal([2], { mean: -1e39 })).toThrow(
      "normal: expected mean to be a number ≥ -3.4",
    );
    expect(generator.getState()).toEqual(before);
    expect(
      generator.normal([2], { mean: 1e39, std: 1e39, dtype: "float64" }).data.every(Number.isFinite),
    ).toBe(true);
  });

  test.each(["float32", "float64"] as const)("of %s do not depend on how many are drawn", (dtype) => {
    const all = [...normal(300, { dtype })];
    for (const n of [1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 130])
      expect([...normal(n, { dtype })]).toEqual(all.slice(0, n));
  });
});
