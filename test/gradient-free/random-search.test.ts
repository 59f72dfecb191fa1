import { expect, test } from "vitest";
import { minimize, RandomSearch } from "../../lib/gradient-free/index.js";

const column = (points: Float64Array, d: number, i: number): number[] =>
  [...points].filter((_, at) => at % d === i);
const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
};
const SIZE = 2000;

test("draws uniformly within finite bounds if sigma is not given", () => {
  const bounds = { lower: [-1, 10], upper: [3, 30] };
  const points = new RandomSearch([0, 20], { bounds, populationSize: SIZE }).ask();
  for (const [i, lower, upper] of [
    [0, -1, 3],
    [1, 10, 30],
  ] as const) {
    const u = column(points, 2, i).map((x) => (x - lower) / (upper - lower));
    expect(u.every((one) => one >= 0 && one < 1)).toBe(true);
    // The standard error of a tenth's share is 0.007.
    for (let k = 0; k < 10; k++) {
      const share = u.filter((one) => Math.floor(10 * one) === k).length / SIZE;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.03);
    }
  }
});

test("draws around the best point with standard deviation sigma in each coordinate", () => {
  const search = new RandomSearch([5, -5], { sigma: [1, 3], populationSize: SIZE });
  const points = search.ask();
  expect(spread(column(points, 2, 0))).toBeCloseTo(1, 0);
  expect(spread(column(points, 2, 1)) / 3).toBeCloseTo(1, 0);
  const values = new Float64Array(SIZE).map((_, i) => (i === 7 ? -1 : i));
  search.tell(values);
  const mean = column(search.ask(), 2, 0).reduce((sum, x) => sum + x, 0) / SIZE;
  expect(Math.abs(mean - (points[14] as number))).toBeLessThan(0.2);
});

test.each([
  { better: 0, factor: 0.5 },
  { better: SIZE / 5, factor: 1 },
  { better: SIZE, factor: 2 },
])("multiplies adaptive steps by $factor if $better of 2000 points are better", ({ better, factor }) => {
  const steps = (sampling: "adaptive" | "fixed"): number => {
    const search = new RandomSearch([5, -5], { sampling, populationSize: SIZE });
    search.ask();
    search.tell(new Float64Array(SIZE).fill(10));
    search.ask();
    search.tell(new Float64Array(SIZE).map((_, i) => (i < better ? 9 : 11)));
    return spread(column(search.ask(), 2, 0));
  };
  expect(Math.abs(steps("adaptive") / steps("fixed") - factor)).toBeLessThan(1e-9);
});

test("adapts so that it comes far nearer to the minimum than with fixed steps", async () => {
  const sphere = (x: Float64Array): number => x.reduce((sum, xi) => sum + xi * xi, 0);
  const reach = async (sampling: "adaptive" | "fixed"): Promise<number> =>
    (await minimize(sphere, [3, 4, 5], { method: "random-search", sampling, maxEvaluations: 1500 })).value;
  expect(await reach("adaptive")).toBeLessThan(1e-6);
  expect(await reach("fixed")).toBeGreaterThan(1e-4);
});

test("ends once adaptive steps are shorter than tolx", async () => {
  const { reason } = await minimize((x) => (x[0] as number) ** 2, [3], {
    method: "random-search",
    tolerance: { tolx: 1e-3 },
  });
  expect(reason).toBe("tolx");
});

test("refuses uniform sampling without finite bounds", () => {
  expect(() => new RandomSearch([1], { sampling: "uniform", bounds: { lower: 0 } })).toThrow(
    "random-search: expected finite bounds for uniform sampling",
  );
});
