// Products, quotients and means of int32 and bool.
import { describe, expect, test } from "vitest";
import { ops, tensor } from "../../lib/index.js";

const int32 = (values: number[] | number[][]) => tensor(values, { dtype: "int32" });

describe("a matrix product of int32", () => {
  test("wraps as sums and products of int32 do", () => {
    const numbers = [2147483647, -2147483648, 123456789, -987654321, 65536, -65537];
    const dot = (a: number[], b: number[]): number =>
      a.reduce((sum, x, i) => (sum + Math.imul(x, b[i] as number)) | 0, 0);
    const a = [numbers, numbers.toReversed(), numbers.map((n) => n >> 3)];
    const b = [numbers.map((n) => -n | 0), numbers, numbers.map((n) => n ^ 0x5555)];
    const y = ops.matmul(int32(a), int32(b), { transposeB: true });
    expect(y.dtype).toBe("int32");
    expect(y.toArray()).toEqual(a.map((row) => b.map((column) => dot(row, column))));
  });

  test("is a sum over any number of terms", () => {
    const n = 2 ** 20 + 3;
    const ones = ops.expand(int32([3]), [1, n]);
    expect(ops.matmul(ones, ones, { transposeB: true }).item()).toBe((9 * n) | 0);
  });
});

test("a quotient of int32 is a float, as PyTorch's true division", () => {
  const y = ops.div(int32([7, -7, 1]), int32([2, 2, 0]));
  expect(y.dtype).toBe("float32");
  expect([...y.data]).toEqual([3.5, -3.5, Infinity]);
  expect(ops.div(int32([3]), 2).item()).toBe(1.5);
  expect(ops.div(1, int32([4])).item()).toBe(0.25);
});

test("the mean of truths is the share that is true", () => {
  const y = ops.mean(tensor([true, false, true, true]));
  expect(y.dtype).toBe("float32");
  expect(y.item()).toBe(0.75);
});

test("the remainder of whole numbers has the divisor's sign, and is 0 by 0", () => {
  const y = ops.remainder(int32([7, -7, 7, -7, -2147483648, 5]), int32([3, 3, -3, -3, -1, 0]));
  expect([...y.data]).toEqual([1, 2, -2, -1, 0, 0]);
});
