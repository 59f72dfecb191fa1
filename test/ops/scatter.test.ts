import { afterEach, expect, test } from "vitest";
import { Generator, grad, jvp, ops, setThreads, type Tensor, tensor } from "../../lib/index.js";

afterEach(() => setThreads(2));
const index = tensor([2, 0, 2], { dtype: "int32" });

test("of those that meet the last stays", () => {
  const x = tensor([1, 2, 3]);
  expect([...ops.scatter(x, 0, index, tensor([10, 20, 30])).data]).toEqual([20, 2, 30]);
  expect([...ops.scatter(x, 0, index, 7).data]).toEqual([7, 2, 7]);
  expect([...x.data]).toEqual([1, 2, 3]);
});

test("and has the gradient", () => {
  const x = tensor([1, 2, 3], { dtype: "float64" });
  const source = tensor([10, 20, 30], { dtype: "float64" });
  const f = (a: Tensor, b: Tensor): Tensor => ops.sum(ops.square(ops.scatter(a, 0, index, b)));
  const [dx, dsource] = grad(f, { argnums: [0, 1] })(x, source) as unknown as [Tensor, Tensor];
  expect([...dx.data]).toEqual([0, 4, 0]);
  expect([...dsource.data]).toEqual([0, 40, 60]);
  const one = tensor([1, 1, 1], { dtype: "float64" });
  expect(jvp(f, [x, source], [one, one])[1].item()).toBe(4 + 40 + 60);
});

test("for any dtype, axis and number of threads", () => {
  const places = ops.to(ops.mul(new Generator(2).uniform([5, 40, 70]), 30), "int32");
  for (const dtype of ["float32", "float64", "int32", "bool"] as const) {
    const x = ops.to(ops.mul(new Generator(3).normal([5, 30, 70]), 9), dtype);
    const source = ops.to(ops.mul(new Generator(4).normal([5, 40, 70]), 9), dtype);
    const expected = x.data.slice();
    places.data.forEach((at, i) => {
      const [plane, column] = [Math.floor(i / 2800), i % 70];
      expected[(plane * 30 + at) * 70 + column] = source.data[i] as number;
    });
    for (const threads of [1, 2, 3, 8]) {
      setThreads(threads);
      expect(ops.scatter(x, 1, places, source).data).toEqual(expected);
    }
  }
});
