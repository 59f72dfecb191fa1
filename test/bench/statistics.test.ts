import { describe, expect, test } from "vitest";
import { quantile, summarize } from "../../bench/statistics.js";

describe("quantile", () => {
  test.each([
    { samples: [3], q: 0.5, expected: 3 },
    { samples: [4, 1, 3, 2], q: 0.5, expected: 2.5 },
    { samples: [5, 1, 3], q: 0.5, expected: 3 },
    { samples: [10, 0], q: 0.1, expected: 1 },
    { samples: [10, 0], q: 0.9, expected: 9 },
    { samples: [9, 7, 8], q: 0, expected: 7 },
    { samples: [9, 7, 8], q: 1, expected: 9 },
    { samples: [10, 9, 100], q: 0.5, expected: 10 },
  ])("of $samples at $q is $expected", ({ samples, q, expected }) => {
    expect(quantile(samples, q)).toBeCloseTo(expected, 12);
  });

  test("leaves the samples in their order", () => {
    const samples = [3, 1, 2];
    quantile(samples, 0.5);
    expect(samples).toEqual([3, 1, 2]);
  });

  test("of nothing is an error", () => {
    expect(() => quantile([], 0.5)).toThrow("expected at least one sample");
  });
});

test("summarize gives the median and the tenth and ninetieth percentiles", () => {
  const samples = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(summarize(samples)).toEqual({ median: 50, p10: 10, p90: 90 });
});
