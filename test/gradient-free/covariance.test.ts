import { describe, expect, test } from "vitest";
import { Covariance } from "../../lib/gradient-free/cma/covariance.js";
import { parametersOf } from "../../lib/gradient-free/cma/parameters.js";
import { StateReader } from "../../lib/gradient-free/state.js";
import { Generator } from "../../lib/index.js";

const normals = (seed: number, count: number): Float64Array =>
  Float64Array.from(new Generator(seed).normal([count], { dtype: "float64" }).toArray() as number[]);

const make = (d: number): Covariance => new Covariance(d, parametersOf(d, 6, "full", true));

/** C, of its lower triangle. */
function matrixOf(covariance: Covariance, d: number): Float64Array {
  const { c } = covariance.save() as { c: Float64Array };
  return c.map((_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    return c[Math.max(i, j) * d + Math.min(i, j)] as number;
  });
}

const expectClose = (a: Float64Array, b: Float64Array): void => {
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => {
    expect(Math.abs(value - (b[i] as number))).toBeLessThan(1e-10 * (1 + Math.abs(value)));
  });
};

/** Puts C where `c` says, as if it had just been updated. */
function load(covariance: Covariance, c: readonly number[]): void {
  const { v, roots } = covariance.save();
  const state = { c: Float64Array.from(c), v, roots, age: 5 };
  covariance.prepare(new StateReader("test", state))();
}

// 40 coordinates and more are left to native ops, fewer to loops.
describe.each([1, 2, 5, 40])("%i coordinates", (d) => {
  const size = 6;
  const order = Int32Array.of(3, 0, 5, 1, 2, 4);
  // So little for the worst points that C stays positive definite.
  const rates = Float64Array.of(0.2, 0.3, 0.1, 0.05, 0, -0.02 / d, -0.04 / d);
  const path = normals(7, d);

  test("C learns from the path and from the points by their rank, less from long bad steps", () => {
    const covariance = make(d);
    const expected = matrixOf(covariance, d);
    for (let round = 0; round < 3; round++) {
      const z = normals(round, size * d);
      const y = new Float64Array(size * d);
      covariance.sample(z, y, 0, size);
      covariance.update(rates, path, 0.9, { z, y, order });
      const total = rates.reduce((sum, rate) => sum + rate, 0);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < d; j++) {
          let value = (1 - total) * (expected[i * d + j] as number);
          value += 0.2 * 0.81 * (path[i] as number) * (path[j] as number);
          order.forEach((row, k) => {
            const step = y.subarray(row * d, (row + 1) * d);
            const length = z.subarray(row * d, (row + 1) * d).reduce((sum, zi) => sum + zi * zi, 0);
            const rate = rates[k + 1] as number;
            value +=
              (rate < 0 ? (rate * d) / (Math.sqrt(length) + 1e-9) ** 2 : rate) *
              (step[i] as number) *
              (step[j] as number);
          });
          expected[i * d + j] = value;
        }
      }
      expectClose(matrixOf(covariance, d), expected);
      expect(covariance.refresh()).toBe(true);
    }
  });

  test("draws have the covariance C: its square root is V·D, the same for all rows and for one", () => {
    const covariance = make(d);
    const z = normals(11, size * d);
    const y = new Float64Array(size * d);
    covariance.sample(z, y, 0, size);
    expectClose(y, z);
    covariance.update(rates, path, 1, { z, y, order });
    const c = matrixOf(covariance, d);
    load(covariance, [...c]);
    expect(covariance.refresh()).toBe(true);
    const root = new Float64Array(d * d);
    const unit = new Float64Array(d);
    for (let i = 0; i < d; i++) {
      unit.fill(0);
      unit[i] = 1;
      covariance.sample(unit, root.subarray(i * d, (i + 1) * d), 0, 1);
    }
    const product = c.map((_, at) => {
      let sum = 0;
      for (let k = 0; k < d; k++) {
        sum += (root[k * d + Math.floor(at / d)] as number) * (root[k * d + (at % d)] as number);
      }
      return sum;
    });
    expectClose(product, c);
    const again = new Float64Array(size * d);
    covariance.sample(z, y, 0, size);
    for (let row = 0; row < size; row++) covariance.sample(z, again, row, row + 1);
    expectClose(again, y);
    for (let i = 0; i < d; i++) expect(covariance.variance(i)).toBeCloseTo(c[i * d + i] as number, 12);
    const [least, greatest] = [covariance.axis(0, 0), covariance.axis(d - 1, 0)];
    expect(Math.abs(least)).toBeLessThanOrEqual(covariance.least);
    expect(Math.abs(greatest)).toBeLessThanOrEqual(covariance.greatest);
  });
});

test("is decomposed again only where that is due", () => {
  const covariance = make(2);
  const before = covariance.save();
  expect(covariance.refresh()).toBe(true);
  expect(covariance.save()).toEqual(before);
});

test("a matrix that rounding made indefinite is mended", () => {
  const covariance = make(2);
  load(covariance, [1, 2, 2, 1]);
  expect(covariance.refresh()).toBe(true);
  expect(covariance.least).toBeGreaterThan(0);
});

test("a matrix that is not finite has no square root", () => {
  const covariance = make(2);
  const { v, roots } = covariance.save();
  const restore = covariance.prepare(
    new StateReader("test", { c: Float64Array.of(1, 0, 0, 1e308), v, roots, age: 1 }),
  );
  restore();
  const huge = Float64Array.of(1e200, 1e200);
  covariance.update(Float64Array.of(0.5, 0, 0, 0, 0, 0, 0), huge, 1e10, {
    z: new Float64Array(12),
    y: new Float64Array(12),
    order: Int32Array.of(0, 1, 2, 3, 4, 5),
  });
  expect(covariance.refresh()).toBe(false);
});

test("variances of the coordinates that differ very much are taken out of C", () => {
  const covariance = make(2);
  load(covariance, [1e-10, 1e-6, 1e-6, 1]);
  expect(covariance.equalize(1e12)).toBe(null);
  const deviations = covariance.equalize(1e8) as Float64Array;
  expect(deviations[0]).toBeCloseTo(1e-5, 12);
  expect(deviations[1]).toBe(1);
  expectClose(matrixOf(covariance, 2), Float64Array.of(1, 0.1, 0.1, 1));
  expect(covariance.greatest ** 2).toBeCloseTo(1.1, 12);
});
