// Matrices whose columns differ by more than the root of the largest number: their squares leave the range of the dtype.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eye, Generator, ops, type Tensor, tensor, vmap } from "../../lib/index.js";

interface Graded {
  readonly name: string;
  readonly x: readonly (readonly number[])[];
  readonly values: readonly number[];
  /** With a diagonal above 0. */
  readonly r: readonly (readonly number[])[];
  readonly pinv: readonly (readonly number[])[];
}

const CASES = JSON.parse(
  readFileSync(new URL("../oracle/graded.json", import.meta.url), "utf8"),
) as readonly Graded[];
const ROUNDING = { float32: 2 ** -23, float64: 2 ** -52 } as const;

const rowsOf = (x: Tensor): number[][] => x.toArray() as number[][];
const offOrthonormal = (q: Tensor): number => {
  const gram = ops.matmul(q, q, { transposeA: true });
  return ops.amax(ops.abs(ops.sub(gram, eye(q.shape.at(-1) as number, { dtype: q.dtype })))).item();
};
/** The largest difference of each column, in units of the column's largest element. */
const offByColumns = (found: readonly (readonly number[])[], x: readonly (readonly number[])[]): number =>
  Math.max(
    ...(x[0] as readonly number[]).map((_, j) => {
      const largest = Math.max(...x.map((row) => Math.abs(row[j] as number)));
      return Math.max(
        ...x.map((row, i) => Math.abs((found[i]?.[j] as number) / largest - (row[j] as number) / largest)),
      );
    }),
  );
const asColumn = (x: readonly (readonly number[])[]): number[][] => x.flat().map((one) => [one]);

describe.each(CASES)("$name", ({ x: rows, values, r: expectedR, pinv: expectedPinv }) => {
  const x = tensor(rows as number[][], { dtype: "float64" });

  test("qr: Q is orthonormal, each column of Q·R is that of the matrix, R is mpmath's", () => {
    const { q, r } = ops.qr(x);
    expect(offOrthonormal(q)).toBeLessThan(4e-15);
    expect(offByColumns(rowsOf(ops.matmul(q, r)), rows)).toBeLessThan(4e-15);
    const positive = rowsOf(r).map((row, i) => row.map((one) => one * Math.sign(row[i] as number)));
    expect(offByColumns(positive, expectedR)).toBeLessThan(1e-13);
  });

  test("svd: U and V are orthonormal, each singular value has mpmath's digits", () => {
    const { u, s, vh } = ops.svd(x);
    expect(offOrthonormal(u)).toBeLessThan(4e-15);
    expect(offOrthonormal(ops.transpose(vh, 0, 1))).toBeLessThan(4e-15);
    values.forEach((value, i) => {
      expect((s.data[i] as number) / value - 1, `value ${i}`).toBeCloseTo(0, 13);
    });
    const wide = ops.svdvals(ops.transpose(x, 0, 1));
    expect([...wide.data]).toEqual([...s.data]);
  });

  test("pinv: has mpmath's digits, in units of its largest element", () => {
    const found = rowsOf(ops.pinv(x, { rtol: 0 }));
    expect(offByColumns(asColumn(found), asColumn(expectedPinv))).toBeLessThan(1e-13);
  });
});

describe.each([
  ["float64", [154, 200, 300, 600]],
  ["float32", [19, 25, 38, 70]],
] as const)("random matrices in %s", (dtype, spans) => {
  const random = new Generator(11);
  const limit = 40 * ROUNDING[dtype];
  /** [count, m, n] with columns that differ by 10^span, in no order. */
  const graded = (count: number, m: number, n: number, span: number): Tensor => {
    const places = random.permutation(n).data;
    const scales = Array.from(
      { length: n },
      (_, j) => 10 ** (span * ((places[j] as number) / (n - 1) - 0.5)),
    );
    return ops.to(
      ops.mul(random.normal([count, m, n], { dtype: "float64" }), tensor(scales, { dtype: "float64" })),
      dtype,
    );
  };

  test.each(spans)("qr and svd stay orthonormal with columns 10^%d apart", (span) => {
    for (const [m, n] of [
      [5, 5],
      [40, 12],
      [33, 30],
    ] as const) {
      const x = ops.reshape(graded(1, m, n, span), [m, n]);
      const { q, r } = ops.qr(x);
      expect(offOrthonormal(q)).toBeLessThan(limit);
      expect(offByColumns(rowsOf(ops.matmul(q, r)), rowsOf(x))).toBeLessThan(limit);
      const { u, vh } = ops.svd(x);
      expect(offOrthonormal(u)).toBeLessThan(limit);
      expect(offOrthonormal(ops.transpose(vh, 0, 1))).toBeLessThan(limit);
    }
  });

  test.each(spans)("eigh stays orthonormal with elements 10^%d apart", (span) => {
    const n = 12;
    const x = ops.reshape(graded(1, n, n, span / 2), [n, n]);
    const half = ops.amax(ops.abs(x), { dim: 0 });
    const symmetric = ops.outer(half, half);
    const noise = random.normal([n, n], { dtype });
    const a = ops.mul(symmetric, ops.add(noise, ops.transpose(noise, 0, 1)));
    const { eigenvalues, eigenvectors } = ops.eigh(a);
    expect(offOrthonormal(eigenvectors)).toBeLessThan(limit);
    const scaled = ops.div(a, ops.amax(ops.abs(a)));
    const moved = ops.mul(eigenvectors, ops.div(eigenvalues, ops.amax(ops.abs(a))));
    const off = ops.amax(ops.abs(ops.sub(ops.matmul(scaled, eigenvectors), moved))).item();
    expect(off).toBeLessThan(limit);
  });

  test("a power of 2 on each column changes R by just that, and Q not at all", () => {
    const x = graded(1, 9, 5, 0);
    const powers = (dtype === "float32" ? [0, 60, -70, 100, -100] : [0, 500, -520, 900, -900]).map(
      (e) => 2 ** e,
    );
    const scales = tensor(powers, { dtype });
    const { q, r } = ops.qr(x);
    const moved = ops.qr(ops.mul(x, scales));
    expect([...moved.q.data]).toEqual([...q.data]);
    expect([...moved.r.data]).toEqual([...ops.mul(r, scales).data]);
  });

  test("vmap gives what each matrix gives alone", () => {
    const x = graded(3, 6, 4, spans[1]);
    const each = [0, 1, 2].map((i) => ops.reshape(ops.slice(x, 0, { start: i, end: i + 1 }), [6, 4]));
    expect([...vmap(ops.svdvals)(x).data]).toEqual(each.flatMap((one) => [...ops.svdvals(one).data]));
    expect([...vmap((one: Tensor) => ops.qr(one).r)(x).data]).toEqual(
      each.flatMap((one) => [...ops.qr(one).r.data]),
    );
  });
});

test("rows that differ in the same way are kept, too", () => {
  const x = tensor(
    [
      [1, 1e-200],
      [1e-200, 3e-200],
      [1e-200, 4e-200],
    ],
    { dtype: "float64" },
  );
  const { q, r } = ops.qr(x);
  expect(offOrthonormal(q)).toBeLessThan(1e-15);
  expect(Math.abs(r.data[3] as number) / 5e-200).toBeCloseTo(1, 14);
  const [large, small] = ops.svdvals(x).toArray() as [number, number];
  expect(large).toBeCloseTo(1, 14);
  expect(small / 5e-200).toBeCloseTo(1, 14);
});

test("numbers at the ends of the range are kept beside each other", () => {
  const x = tensor(
    [
      [1.5e308, 0],
      [0, 5e-324],
    ],
    { dtype: "float64" },
  );
  expect([...ops.svdvals(x).data]).toEqual([1.5e308, 5e-324]);
  expect([...ops.qr(x).r.data].map(Math.abs)).toEqual([1.5e308, 0, 0, 5e-324]);
});
