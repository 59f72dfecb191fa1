// What the cases of svd, qr, pinv and lstsq do not show: larger matrices, lost rank, small and large numbers.
import { describe, expect, test } from "vitest";
import { ArgumentError, eye, Generator, ops, type Tensor, tensor, zeros } from "../../lib/index.js";

const random = new Generator(7);
const normal = (shape: number[], dtype: "float32" | "float64" = "float64"): Tensor =>
  random.normal(shape, { dtype });
const difference = (a: Tensor, b: Tensor): number => ops.amax(ops.abs(ops.sub(a, b))).item();
const gram = (x: Tensor): Tensor => ops.matmul(x, x, { transposeA: true });

const SIZES: readonly (readonly [number, number])[] = [
  [1, 1],
  [7, 7],
  [40, 40],
  [65, 30],
  [30, 65],
  [100, 3],
];

describe.each(SIZES)("of %d × %d", (m, n) => {
  const k = Math.min(m, n);
  test.each(["float64", "float32"] as const)("svd gives back the matrix, in %s", (dtype) => {
    const scale = dtype === "float64" ? 1e-12 : 1e-4;
    const x = normal([m, n], dtype);
    const { u, s, vh } = ops.svd(x);
    expect(difference(ops.matmul(ops.mul(u, s), vh), x)).toBeLessThan(scale);
    expect(difference(gram(u), eye(k, { dtype }))).toBeLessThan(scale);
    expect(difference(gram(ops.transpose(vh, 0, 1)), eye(k, { dtype }))).toBeLessThan(scale);
    expect([...s.data]).toEqual([...s.data].sort((a, b) => b - a));
  });

  test("qr gives back the matrix", () => {
    const x = normal([m, n]);
    const { q, r } = ops.qr(x);
    expect(difference(ops.matmul(q, r), x)).toBeLessThan(1e-12);
    expect(difference(gram(q), eye(k, { dtype: "float64" }))).toBeLessThan(1e-13);
    expect(difference(ops.triu(r), r)).toBe(0);
  });

  test("pinv has the four properties", () => {
    const x = normal([m, n]);
    const y = ops.pinv(x);
    const [xy, yx] = [ops.matmul(x, y), ops.matmul(y, x)];
    expect(difference(ops.matmul(xy, x), x)).toBeLessThan(1e-10);
    expect(difference(ops.matmul(yx, y), y)).toBeLessThan(1e-8);
    expect(difference(ops.transpose(xy, 0, 1), xy)).toBeLessThan(1e-10);
    expect(difference(ops.transpose(yx, 0, 1), yx)).toBeLessThan(1e-10);
  });
});

describe("a matrix that has lost rank", () => {
  test("has orthonormal singular vectors all the same", () => {
    const x = ops.matmul(normal([8, 2]), normal([2, 6]));
    const { u, s, vh } = ops.svd(x);
    expect(difference(gram(u), eye(6, { dtype: "float64" }))).toBeLessThan(1e-12);
    expect(difference(ops.matmul(ops.mul(u, s), vh), x)).toBeLessThan(1e-12);
    expect(s.data[2] as number).toBeLessThan(1e-13);
  });

  test("of zeros alone, too", () => {
    const { u, s, vh } = ops.svd(zeros([3, 3], { dtype: "float64" }));
    expect([...s.data]).toEqual([0, 0, 0]);
    expect(difference(gram(u), eye(3, { dtype: "float64" }))).toBeLessThan(1e-15);
    expect(difference(gram(vh), eye(3, { dtype: "float64" }))).toBeLessThan(1e-15);
    expect([...ops.pinv(zeros([2, 3])).data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("has the solution of least squares that is shortest", () => {
    const a = tensor([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const { solution, residuals } = ops.lstsq(a, tensor([1, 2, 3]));
    expect(solution.data[0]).toBeCloseTo(1, 5);
    expect(solution.data[1]).toBeCloseTo(1, 5);
    expect(residuals.item()).toBeCloseTo(2, 5);
  });
});

test("numbers at the ends of the range neither overflow nor vanish", () => {
  const x = tensor(
    [
      [3e200, 0],
      [0, 4e200],
    ],
    { dtype: "float64" },
  );
  for (const scale of [1, 1e-250, 1e-200, 1e100]) {
    const s = ops.svdvals(ops.mul(x, scale));
    expect((s.data[0] as number) / (4e200 * scale)).toBeCloseTo(1, 12);
    expect((s.data[1] as number) / (3e200 * scale)).toBeCloseTo(1, 12);
    const { r } = ops.qr(ops.mul(x, scale));
    expect((r.data[0] as number) / (3e200 * scale)).toBeCloseTo(1, 12);
  }
});

test("small singular values of a graded matrix are exact", () => {
  const x = tensor(
    [
      [1, 1],
      [0, 1e-12],
    ],
    { dtype: "float64" },
  );
  // det = 1e-12 = s1·s2, s1² + s2² = 2 + 1e-24
  const s = ops.svdvals(x);
  expect((s.data[1] as number) / (1e-12 / Math.SQRT2)).toBeCloseTo(1, 12);
});

test("NaN and infinities are refused", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => ops.svd(tensor([[1, bad]]))).toThrow(ArgumentError);
    expect(() => ops.svd(tensor([[1, bad]]))).toThrow("svd: expected finite numbers: matrix 0 has NaN or ±∞");
    expect(() => ops.pinv(tensor([[1, bad]]))).toThrow(/^pinv: expected finite numbers/);
  }
});
