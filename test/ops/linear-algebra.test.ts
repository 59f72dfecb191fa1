// Larger matrices than the oracle's: those that are done in blocks.
import { afterEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  checkGradients,
  compile,
  eye,
  Generator,
  ops,
  setThreads,
  type Tensor,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

afterEach(() => setThreads(2));

const DTYPES = ["float32", "float64"] as const;
const SIZES = [1, 2, 47, 48, 49, 96, 97, 150];
const tolerance = { float32: { rtol: 0, atol: 2e-3 }, float64: { rtol: 0, atol: 1e-10 } };

/** A stack of two with ±n on the diagonal, so that they are far from singular. */
function regular(n: number, dtype: (typeof DTYPES)[number]): Tensor {
  const random = new Generator(n).normal([2, n, n], { dtype });
  return ops.add(random, ops.mul(eye(n, { dtype }), 2 * n));
}

function expectClose(found: Tensor, expected: Tensor, dtype: (typeof DTYPES)[number]): void {
  expect(found.shape).toEqual(expected.shape);
  expectNumbersClose(found.data, [...expected.data], tolerance[dtype]);
}

describe.each(DTYPES)("%s", (dtype) => {
  test.each(SIZES)("cholesky of %i × %i", (n) => {
    const a = ops.div(regular(n, dtype), n);
    const x = ops.matmul(a, a, { transposeB: true });
    const l = ops.cholesky(x);
    expectClose(ops.matmul(l, l, { transposeB: true }), x, dtype);
    expectClose(ops.tril(l), l, dtype);
    expect(Math.min(...ops.diagonal(l).data)).toBeGreaterThan(0);
  });

  test.each(SIZES)("solve of %i × %i, with rows exchanged", (n) => {
    // In the reverse order the largest of a column are far from the diagonal.
    const a = ops.flip(regular(n, dtype), 1);
    for (const m of [1, 5, 60]) {
      const b = new Generator(m).normal([2, n, m], { dtype });
      expectClose(ops.matmul(a, ops.solve(a, b)), b, dtype);
    }
    expectClose(ops.matmul(ops.inverse(a), a), ops.expand(eye(n, { dtype }), [2, n, n]), dtype);
  });

  test.each(SIZES)("solveTriangular of %i × %i", (n) => {
    const a = ops.div(regular(n, dtype), n);
    const b = new Generator(n).normal([2, n, 3], { dtype });
    for (const upper of [false, true]) {
      for (const transposeA of [false, true]) {
        const y = ops.solveTriangular(a, b, { upper, transposeA });
        expectClose(ops.matmul(upper ? ops.triu(a) : ops.tril(a), y, { transposeA }), b, dtype);
      }
    }
  });

  test.each(SIZES)("slogdet of %i × %i is that of its factor", (n) => {
    const a = ops.div(regular(n, dtype), n);
    const x = ops.matmul(a, a, { transposeB: true });
    const { sign, logabsdet } = ops.slogdet(x);
    expect([...sign.data]).toEqual([1, 1]);
    const logs = ops.sum(ops.log(ops.diagonal(ops.cholesky(x))), { dim: -1 });
    expectNumbersClose(logabsdet.data, [...ops.mul(logs, 2).data], { rtol: 1e-4, atol: 1e-4 });
    // An odd number of exchanged rows turns the sign.
    const exchanged = ops.concat([ops.slice(x, 1, { start: 1 }), ops.slice(x, 1, { end: 1 })], 1);
    expect([...ops.slogdet(exchanged).sign.data]).toEqual(n % 2 === 1 ? [1, 1] : [-1, -1]);
  });

  test("one thread and two give the same bits", () => {
    const a = regular(60, dtype);
    const all = (): number[] => [
      ...ops.inverse(a).data,
      ...ops.cholesky(ops.matmul(a, a, { transposeB: true })).data,
      ...ops.slogdet(a).logabsdet.data,
    ];
    setThreads(1);
    const alone = all();
    setThreads(2);
    expect(all()).toEqual(alone);
  });
});

test("a singular matrix is named, with the pivot, wherever it is", () => {
  const a = ops.mul(eye(60), 1);
  const bad = ops.mul(a, ops.sub(1, ops.oneHot(ops.to(ops.mul(eye(1), 57), "int32"), 60)));
  const stack = ops.stack([a, ops.reshape(bad, [60, 60]), a]);
  const f = (x: Tensor): Tensor => ops.solve(x, new Generator(1).normal([60, 2]));
  const message = "solve: expected an invertible matrix: matrix 1, pivot 57 is 0";
  for (const threads of [1, 2]) {
    setThreads(threads);
    expect(() => f(stack)).toThrowError(new ArgumentError(message));
    expect(() => compile(f)(stack)).toThrowError(new ArgumentError(message));
  }
});

test("a determinant may be singular; its gradient may not", () => {
  const x = ops.sub(eye(2, { dtype: "float64" }), 0.5);
  expect(ops.det(x).item()).toBe(0);
  expect(ops.logdet(x).item()).toBe(Number.NEGATIVE_INFINITY);
  expect(() => checkGradients(ops.det, [x])).toThrow(ArgumentError);
});
