// Matrices that are hard for an eigendecomposition, larger ones, and what is decided about signs and equal eigenvalues.
import { afterEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  eye,
  Generator,
  grad,
  hessian,
  jvp,
  ops,
  setThreads,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

afterEach(() => setThreads(2));

const DTYPES = ["float32", "float64"] as const;
type Float = (typeof DTYPES)[number];
/** Of the largest absolute value of the matrix, and of each of its rows. */
const ROUNDING: Readonly<Record<Float, number>> = { float32: 2 ** -23, float64: 2 ** -52 };

const largest = (x: Tensor): number =>
  Array.from(x.data, Number).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const normal = (shape: number[], seed: number, dtype: Float): Tensor =>
  new Generator(seed).normal(shape, { dtype });
const symmetric = (x: Tensor): Tensor => ops.mul(ops.add(x, ops.transpose(x, -1, -2)), 0.5);
/** Orthonormal columns. */
const orthonormal = (n: number): Tensor => ops.eigh(symmetric(normal([n, n], n, "float64"))).eigenvectors;
/** The matrix with those eigenvalues. */
function withEigenvalues(values: readonly number[], dtype: Float): Tensor {
  const v = orthonormal(values.length);
  const scaled = ops.mul(v, tensor([...values], { dtype: "float64" }));
  return ops.to(symmetric(ops.matmul(scaled, v, { transposeB: true })), dtype);
}
const diagonalOf = (values: readonly number[], dtype: Float): Tensor =>
  ops.diagonalMatrix(tensor([...values], { dtype }));

/** λ ascends, V is orthonormal, x·V = V·Λ, and signs are as documented; λ is that of eigvalsh. */
function expectEigen(x: Tensor, what = ""): void {
  const dtype = x.dtype as Float;
  const n = x.shape.at(-1) as number;
  const { eigenvalues, eigenvectors: v } = ops.eigh(x);
  expect(eigenvalues.shape, what).toEqual(x.shape.slice(0, -1));
  expect(v.shape, what).toEqual(x.shape);
  const values = [...eigenvalues.data] as number[];
  for (let i = 0; i < values.length; i++) {
    if (i % n > 0) expect(values[i], `${what}: order`).toBeGreaterThanOrEqual(values[i - 1] as number);
  }
  // In float64, so that what is measured is not the rounding of the measurement; scaled, so that nothing overflows.
  const size = largest(x) || 1;
  const [a, lambda, columns] = [x, eigenvalues, v].map((one) => ops.to(one, "float64")) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const scaled = ops.div(a, size);
  const residual = ops.sub(
    ops.matmul(symmetric(scaled), columns),
    ops.mul(columns, ops.unsqueeze(ops.div(lambda, size), -2)),
  );
  const limit = 4 * n * ROUNDING[dtype];
  expect(largest(residual), `${what}: x·V − V·Λ`).toBeLessThanOrEqual(limit);
  const products = ops.matmul(columns, columns, { transposeA: true });
  expect(largest(ops.sub(products, eye(n, { dtype: "float64" }))), `${what}: VᵀV`).toBeLessThanOrEqual(limit);
  const alone = ops.div(ops.sub(ops.to(ops.eigvalsh(x), "float64"), lambda), size);
  expect(largest(alone), `${what}: eigvalsh`).toBeLessThanOrEqual(limit);
  expectSigns(v, what);
}

function expectSigns(v: Tensor, what: string): void {
  const n = v.shape.at(-1) as number;
  const columns = ops.reshape(ops.transpose(v, -1, -2), [-1, n]);
  for (let j = 0; j * n < columns.size; j++) {
    const column = [...columns.data.subarray(j * n, (j + 1) * n)] as number[];
    const most = Math.max(...column.map(Math.abs));
    expect(
      column.find((c) => Math.abs(c) >= (1 - 2 ** -10) * most),
      `${what}: sign of ${j}`,
    ).toBeGreaterThan(0);
  }
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 50, 64, 65, 100, 130];

describe.each(DTYPES)("eigh in %s", (dtype) => {
  test.each(SIZES)("decomposes a random matrix of order %i, which need not be symmetric", (n) => {
    expectEigen(normal([n, n], n, dtype));
  });

  test("decomposes a stack, each as if it were alone", () => {
    const x = normal([2, 3, 12, 12], 1, dtype);
    expectEigen(x);
    const one = ops.eigh(
      ops.reshape(ops.slice(ops.reshape(x, [6, 12, 12]), 0, { start: 4, end: 5 }), [12, 12]),
    );
    expect([...ops.eigh(x).eigenvalues.data.subarray(48, 60)]).toEqual([...one.eigenvalues.data]);
  });

  const tiny = dtype === "float32" ? 2 ** -100 : 2 ** -900;
  const n = 40;
  const hard: Readonly<Record<string, Tensor>> = {
    zeros: zeros([n, n], { dtype }),
    identity: eye(n, { dtype }),
    diagonal: diagonalOf(
      range(n).map((i) => (i * 7) % n),
      dtype,
    ),
    ones: ops.mul(eye(n, { dtype }), 0).add(1),
    "rank 3": withEigenvalues(
      range(n).map((i) => (i < 3 ? i + 1 : 0)),
      dtype,
    ),
    "one cluster": withEigenvalues(
      range(n).map((i) => 1 + i * 1e-14),
      dtype,
    ),
    "two clusters": withEigenvalues(
      range(n).map((i) => (i % 2 === 0 ? 1 : -1)),
      dtype,
    ),
    "condition 1e14": withEigenvalues(
      range(n).map((i) => 10 ** ((-14 * i) / (n - 1))),
      dtype,
    ),
    "graded down": ops.mul(
      normal([n, n], 2, dtype),
      ops.outer(
        ...([0, 0].map(() =>
          tensor(
            range(n).map((i) => 2 ** -i),
            { dtype },
          ),
        ) as [Tensor, Tensor]),
      ),
    ),
    "graded up": ops.mul(
      normal([n, n], 3, dtype),
      ops.outer(
        ...([0, 0].map(() =>
          tensor(
            range(n).map((i) => 2 ** (i - n)),
            { dtype },
          ),
        ) as [Tensor, Tensor]),
      ),
    ),
    "Wilkinson's": ops.add(
      diagonalOf(
        range(21).map((i) => Math.abs(i - 10)),
        dtype,
      ),
      tensor(
        range(21).map((i) => range(21).map((j) => Number(Math.abs(i - j) === 1))),
        { dtype },
      ),
    ),
    "tridiagonal with tiny elements beside the diagonal": ops.add(
      diagonalOf(range(n), dtype),
      tensor(
        range(n).map((i) => range(n).map((j) => (Math.abs(i - j) === 1 ? tiny : 0))),
        { dtype },
      ),
    ),
    "blocks of different sizes": ops.mul(
      normal([n, n], 4, dtype),
      tensor(
        range(n).map((i) => range(n).map((j) => (i < 20 && j < 20 ? 1 : i >= 20 && j >= 20 ? tiny : 0))),
        { dtype },
      ),
    ),
    antisymmetric: ops.sub(normal([n, n], 5, dtype), ops.transpose(normal([n, n], 5, dtype), 0, 1)),
  };
  test.each(Object.entries(hard))("decomposes a matrix that is hard: %s", (name, x) => {
    expectEigen(x, name);
  });

  test("small eigenvalues of a graded matrix are right in themselves, whichever way it is graded", () => {
    const grades = range(8).map((i) => 2 ** (-4 * i));
    const x = ops.mul(
      ops.add(
        ops.mul(eye(8, { dtype }), 4),
        symmetric(ops.to(ops.mul(normal([8, 8], 6, "float64"), 0.3), dtype)),
      ),
      ops.outer(tensor(grades, { dtype }), tensor(grades, { dtype })),
    );
    const { eigenvalues } = ops.eigh(x);
    const up = ops.eigh(ops.flip(x, [0, 1])).eigenvalues;
    const expected = ops.eigh(ops.to(x, "float64")).eigenvalues.data;
    for (const found of [eigenvalues, up]) {
      found.data.forEach((value, i) => {
        const relative = Number(value) / (expected[i] as number) - 1;
        expect(Math.abs(relative), `eigenvalue ${i}`).toBeLessThan(100 * ROUNDING[dtype]);
      });
    }
  });

  test("a power of 2 scales the eigenvalues and leaves the vectors as they are", () => {
    const x = normal([20, 20], 7, dtype);
    const { eigenvalues, eigenvectors } = ops.eigh(x);
    for (const exponent of dtype === "float32" ? [-60, 60, 120] : [-900, 900, 1018]) {
      const scaled = ops.eigh(ops.mul(x, 2 ** exponent));
      expect([...scaled.eigenvectors.data], `2^${exponent}`).toEqual([...eigenvectors.data]);
      expect([...ops.mul(scaled.eigenvalues, 2 ** -exponent).data]).toEqual([...eigenvalues.data]);
    }
  });

  test("elements near the largest that there are do not overflow", () => {
    const most = dtype === "float32" ? 3.4e38 : 1.7e308;
    const { eigenvalues } = ops.eigh(ops.diagonalMatrix(tensor([most, -most, 0], { dtype })));
    expect([...eigenvalues.data]).toEqual([...tensor([-most, 0, most], { dtype }).data]);
  });

  test("one thread and two give the same bits, eager and compiled", () => {
    const x = normal([5, 33, 33], 8, dtype);
    const all = (): number[] => {
      const { eigenvalues, eigenvectors } = ops.eigh(x);
      return [...eigenvalues.data, ...eigenvectors.data, ...ops.eigvalsh(x).data] as number[];
    };
    setThreads(1);
    const alone = all();
    setThreads(2);
    expect(all()).toEqual(alone);
    const program = compile((y: Tensor) => [
      ops.eigh(y).eigenvalues,
      ops.eigh(y).eigenvectors,
      ops.eigvalsh(y),
    ]);
    expect(program(x).flatMap(({ data }) => [...data])).toEqual(alone);
  });

  test("NaN and infinities are refused, with the matrix that has them", () => {
    const stack = normal([3, 6, 6], 9, dtype);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const place of [72, 107, 83]) {
        const bad = tensor([...stack.data], { shape: [3, 6, 6], dtype });
        bad.data[place] = wrong;
        for (const threads of [1, 2]) {
          setThreads(threads);
          for (const [name, f] of [
            ["eigh", (x: Tensor) => ops.eigh(x).eigenvalues],
            ["eigvalsh", ops.eigvalsh],
          ] as const) {
            const error = new ArgumentError(`${name}: expected finite numbers: matrix 2 has NaN or ±∞`);
            expect(() => f(bad)).toThrowError(error);
            expect(() => compile(f)(bad)).toThrowError(error);
          }
        }
      }
    }
  });
});

test("of components that are equal but for rounding the first is positive", () => {
  const values = { dtype: "float64" } as const;
  const { eigenvectors } = ops.eigh(
    tensor(
      [
        [2, 1],
        [1, 2],
      ],
      values,
    ),
  );
  const half = Math.SQRT1_2;
  expectNumbersClose(eigenvectors.data, [half, half, -half, half], { rtol: 0, atol: 1e-14 });
  // A circulant matrix: the components of its vectors are equal in size, whatever rounding makes of them.
  const ring = tensor(
    range(4).map((i) => range(4).map((j) => (i === j ? 0 : (i - j) % 2 === 0 ? 2 : 1))),
    values,
  );
  const first = ops.eigh(ring).eigenvectors;
  expect(first.data[3]).toBeCloseTo(0.5, 14);
  expectSigns(first, "ring");
});

describe("at equal eigenvalues", () => {
  const x = withEigenvalues([1, 1, 1, 3], "float64");

  test("the gradient of a symmetric function of them is right", () => {
    // Σ λ² = Σ x², whose gradient is 2·x.
    const squares = (y: Tensor): Tensor => ops.sum(ops.square(ops.eigh(y).eigenvalues));
    const same = (y: Tensor): Tensor => ops.sum(ops.square(ops.eigvalsh(y)));
    for (const f of [squares, same]) {
      for (const at of [x, eye(4, { dtype: "float64" })]) {
        expect(largest(ops.sub(grad(f)(at), ops.mul(at, 2)))).toBeLessThan(1e-13);
        const tangent = normal([4, 4], 11, "float64");
        const moved = ops.sum(ops.mul(ops.mul(at, 2), tangent)).item();
        expect(jvp(f, [at], [tangent])[1].item()).toBeCloseTo(moved, 12);
      }
    }
  });

  test("what has no derivative gives no number that looks like one", () => {
    const at = eye(3, { dtype: "float64" });
    const first = (y: Tensor): Tensor => ops.sum(ops.slice(ops.eigh(y).eigenvectors, 0, { end: 1 }));
    expect([...grad(first)(at).data].some((slope) => !Number.isFinite(slope))).toBe(true);
    const squares = (y: Tensor): Tensor => ops.sum(ops.square(ops.eigvalsh(y)));
    expect([...hessian(squares)(at).data].some((slope) => !Number.isFinite(slope))).toBe(true);
  });
});
