import { afterAll, describe, expect, test } from "vitest";
import { backendInfo, Generator, ops, setThreads, type Tensor } from "../../lib/index.js";

const draws = new Generator(11);
const row = (x: Tensor, i: number): Tensor =>
  ops.slice(x, 0, { start: i, end: i + 1 }).reshape(x.shape.slice(1));

// Sizes of one row, of one term, narrower than a vector, as c and as its transpose.
const SIZES = [1, 2, 5, 8, 13, 24, 33];

const { threads: before } = backendInfo();
afterAll(() => setThreads(before));

describe.each(["float32", "float64"] as const)("products of a stack of %s", (dtype) => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
  ])("are those of its matrices, bit for bit (transposes %s, %s)", (transposeA, transposeB) => {
    const count = 7;
    for (const threads of [1, 2]) {
      setThreads(threads);
      for (const M of SIZES) {
        for (const N of SIZES) {
          for (const K of [1, 3, 16, 40]) {
            const of = (rows: number, columns: number, transposed: boolean): Tensor =>
              draws.normal(transposed ? [count, columns, rows] : [count, rows, columns], { dtype });
            const a = of(M, K, transposeA);
            const b = of(K, N, transposeB);
            const c = ops.matmul(a, b, { transposeA, transposeB });
            for (let i = 0; i < count; i++) {
              const one = ops.matmul(row(a, i), row(b, i), { transposeA, transposeB });
              expect([...row(c, i).data], `${M} × ${N} × ${K}, matrix ${i}`).toEqual([...one.data]);
            }
          }
        }
      }
    }
  });
});
