import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, OptionError, ShapeError } from "../../lib/errors.js";
import { arange, data, type Tensor, tensor } from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

const { split, kFold } = data;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (list: Iterable<number>) => [...list].sort((a, b) => a - b);
const countsOf = (labels: readonly number[], classes: number) =>
  range(classes).map((c) => labels.filter((label) => label === c).length);

describe("split", () => {
  test("gives each sample to one part, in sizes of the largest remainder", () => {
    const [a, b, c] = split(range(11), [0.8, 0.1, 0.1]);
    expect([a.length, b.length, c.length]).toEqual([9, 1, 1]);
    expect(sorted([...a, ...b, ...c])).toEqual(range(11));
    expect(split(range(10), [0.5, 0.25, 0.25]).map((part) => part.length)).toEqual([5, 3, 2]);
    expect(split(range(30), [0.7, 0.1, 0.2]).map((part) => part.length)).toEqual([21, 3, 6]);
    expect(split(range(10), [0.5, 0.2]).map((part) => part.length)).toEqual([5, 2]);
    expect(split(range(10), [7, 3]).map((part) => part.length)).toEqual([7, 3]);
  });

  test("the order is that of the seed, or that of the set", () => {
    expect(split(range(50), [0.5, 0.5], { seed: 1 })).toEqual(split(range(50), [0.5, 0.5], { seed: 1 }));
    expect(split(range(50), [0.5, 0.5], { seed: 1 })).not.toEqual(split(range(50), [0.5, 0.5], { seed: 2 }));
    expect(split(range(5), [0.6, 0.4], { shuffle: false })).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  test("parts of one set go together, each of its own kind", () => {
    const values = Uint8Array.from({ length: 20 * 6 }, (_, i) => i);
    const set = {
      x: new data.Bytes(values, [20, 2, 3], { scale: 1 / 255 }),
      y: arange(20, { dtype: "int32" }),
      more: {
        table: new data.Table({ n: range(20), c: range(20).map((i) => `c${i % 3}`) }),
        list: range(20),
      },
      big: BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i)),
      mask: tensor(range(20).map((i) => i % 2 === 0)),
    };
    for (const part of split(set, [0.75, 0.25])) {
      const rows = [...part.y.data];
      expect(part.x).toBeInstanceOf(data.Bytes);
      expect(part.x.scale).toBe(1 / 255);
      expect([...part.x.values]).toEqual(rows.flatMap((row) => [...values.subarray(row * 6, row * 6 + 6)]));
      expect(part.more.table.column("n").toArray()).toEqual(rows);
      expect(part.more.list).toEqual(rows);
      expect([...part.big].map(Number)).toEqual(rows);
      expect(part.mask.toArray()).toEqual(rows.map((row) => row % 2 === 0));
    }
    const whole = new data.Dataset({ x: arange(4), y: arange(4) });
    expect(split(whole, [0.5, 0.5])[0]?.x.shape).toEqual([2]);
  });

  test("by time, the first part has the earliest samples", () => {
    const table = new data.Table({
      at: [3, 1, 2, 0].map((day) => new Date(day * 864e5)),
      n: [3, 1, 2, 0],
    });
    const [a, b] = split(table, [0.5, 0.5], { time: "at" });
    expect(a?.column("n").toArray()).toEqual([0, 1]);
    expect(b?.column("n").toArray()).toEqual([2, 3]);
  });

  const sets = fc.record({
    labels: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 12, maxLength: 300 }),
    weights: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
    seed: fc.nat(1000),
  });

  test("with stratify, sizes are the same and classes at most 1 away from their shares", () => {
    fc.assert(
      fc.property(sets, ({ labels, weights, seed }) => {
        const total = weights.reduce((a, b) => a + b, 0);
        const fractions = weights.map((weight) => weight / total);
        const plenty = labels.concat(range(6), range(6));
        const plain = () => split(plenty, fractions, { seed }).map((part) => part.length);
        let sizes: number[];
        try {
          sizes = plain();
        } catch {
          return;
        }
        const parts = split({ i: range(plenty.length), l: plenty }, fractions, { seed, stratify: "l" });
        expect(parts.map(({ i }) => i.length)).toEqual(sizes);
        expect(sorted(parts.flatMap(({ i }) => i))).toEqual(range(plenty.length));
        const all = countsOf(plenty, 6);
        parts.forEach(({ l }, part) => {
          countsOf(l, 6).forEach((count, c) => {
            const share = ((all[c] as number) * (sizes[part] as number)) / plenty.length;
            expect(Math.abs(count - share)).toBeLessThan(1 + 1e-9);
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  test("with groups, no group is in two parts, and sizes come near", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 20, max: 60 }), (seed, groups) => {
        const g = range(6 * groups).map((i) => (i * 7919 + seed) % groups);
        const y = g.map((group, i) => (i + group) % 3);
        const parts = split({ g, y }, [0.6, 0.2, 0.2], { seed, groups: "g", stratify: "y" });
        const seen = parts.map((part) => new Set(part.g));
        expect(seen.reduce((sum, own) => sum + own.size, 0)).toBe(new Set(g).size);
        parts.forEach((part, i) => {
          expect(Math.abs(part.g.length / g.length - ([0.6, 0.2, 0.2][i] as number))).toBeLessThan(0.1);
        });
      }),
      { numRuns: 50 },
    );
  });

  test("three large groups make three parts", () => {
    const g = range(30).map((i) => Math.floor(i / 10));
    expect(split(g, [0.8, 0.1, 0.1], { groups: g }).map((part) => new Set(part).size)).toEqual([1, 1, 1]);
  });
});

describe("kFold", () => {
  test("each sample is tested once, in folds whose sizes differ by at most 1", () => {
    for (const [n, k] of [
      [10, 3],
      [7, 7],
      [100, 5],
    ] as const) {
      const folds = [...kFold(range(n), k, { seed: 3 })];
      expect(folds.length).toBe(k);
      expect(sorted(folds.flatMap(({ test: own }) => own))).toEqual(range(n));
      const sizes = folds.map(({ test: own }) => own.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      for (const { train, test: own, trainSamples, testSamples } of folds) {
        expect(sorted([...train, ...own])).toEqual(range(n));
        expect([...trainSamples, ...testSamples]).toEqual([...train, ...own]);
      }
    }
  });

  test("stratified, each class differs by at most 1 between folds, and so do the sizes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 20, maxLength: 200 }),
        fc.integer({ min: 2, max: 10 }),
        (some, k) => {
          const labels = some.concat(range(5), range(5));
          const folds = [...kFold(labels, k, { stratify: labels })].map(({ test: own }) => own);
          const sizes = folds.map((own) => own.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          for (const c of range(5)) {
            const counts = folds.map((own) => countsOf(own, 5)[c] as number);
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("grouped, the groups are shared out to folds of nearly one size", () => {
    const groups = range(60).map((i) => Math.floor(Math.sqrt(i)));
    const folds = [...kFold(groups, 4, { groups })].map(({ test: own }) => own);
    const owners = folds.map((own) => new Set(own));
    expect(owners.reduce((sum, own) => sum + own.size, 0)).toBe(new Set(groups).size);
    for (const own of folds) expect(Math.abs(own.length - 15)).toBeLessThanOrEqual(5);
  });

  test("by time, as scikit-learn's TimeSeriesSplit", () => {
    const folds = [...kFold(range(12), 3, { time: range(12) })];
    expect(folds.map((fold) => [fold.train, fold.test])).toEqual([
      [range(3), [3, 4, 5]],
      [range(6), [6, 7, 8]],
      [range(9), [9, 10, 11]],
    ]);
    expect([...kFold(range(6), 3, { time: range(6) })].map(({ test: own }) => own)).toEqual([[3], [4], [5]]);
  });
});

const x = tensor([[1], [2], [3], [4]]);
describe("errors", () => {
  testErrors([
    [() => split(x, [0.8, 0.3]), ArgumentError, /fractions of at most 1/],
    [() => split(x, [3, 2]), ArgumentError, /sizes of at most 4/],
    [() => split(x, [0.9, 0.05, 0.05]), DataError, "split: part 1, 0.05 of 4 samples, would be empty"],
    [() => split(x, [0.5, 0]), ArgumentError, /fraction 1/],
    [() => split(x, []), ArgumentError, /at least one fraction/],
    [() => split(x, [0.5, 0.5], { stratify: [1, 1, 1, 2] }), DataError, /the class 2 has one sample alone/],
    [() => split(x, [0.5, 0.5], { stratify: [1, 1] }), ShapeError, /expected 4 values for stratify, got 2/],
    [() => split(x, [0.5, 0.5], { stratify: [1, 1, null, 2] }), DataError, /for sample 2, got null/],
    [() => split({ x }, [0.5, 0.5], { stratify: "y" }), ArgumentError, /no column or part "y"/],
    [() => split({ x, y: [1] }, [0.5, 0.5]), ShapeError, /"x" has 4 samples, "y" has 1/],
    [() => split([] as number[], [1]), DataError, /empty set/],
    [() => split(tensor(1), [1]), ShapeError, /first axis/],
    [() => split([x, x] as never, [1]), ArgumentError, /list of tensors/],
    [() => split(5 as never, [1]), ArgumentError, /a table, a tensor/],
    [() => split(x, [0.5, 0.5], { groups: [1, 1, 1, 1] }), DataError, /1 groups cannot make 2 parts/],
    [() => split(x, [0.5, 0.5], { time: [1, 2, 3, 4], shuffle: true }), ArgumentError, /without shuffle/],
    [() => split(x, [0.5, 0.5], { stratifyy: [] } as never), OptionError, /did you mean "stratify"/],
    [() => kFold(x, 5), DataError, /4 samples cannot make 5 folds/],
    [() => kFold(x, 1), ArgumentError, /k/],
  ]);
});

test("a part of a tensor is a tensor of its dtype", () => {
  const [part] = split(arange(6, { dtype: "int32" }), [0.5, 0.5]) as [Tensor, Tensor];
  expect([part.dtype, part.shape]).toEqual(["int32", [3]]);
});
