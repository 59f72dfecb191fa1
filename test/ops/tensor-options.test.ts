// Tensors among an op's options, which the cases of its file cannot draw.
import { describe, expect, test } from "vitest";
import { checkGradients, compile, ops, type Tensor, tensor, vmap } from "../../lib/index.js";

const f64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });

describe("bounds of clamp that are tensors", () => {
  const x = f64([-2, -0.5, 0.25, 1.5, 3]);
  const min = f64([-1, -1, 0.5, 1, 4]);
  const max = f64([0, 0, 1, 1.25, 2]);

  test("hold x within them, and where they cross the upper one wins", () => {
    expect([...ops.clamp(x, { min, max }).data]).toEqual([-1, -0.5, 0.5, 1.25, 2]);
    expect([...ops.clamp(x, { min, max: 1 }).data]).toEqual([-1, -0.5, 0.5, 1, 1]);
    expect([...ops.clamp(x, { max }).data]).toEqual([-2, -0.5, 0.25, 1.25, 2]);
  });

  test("broadcast with x", () => {
    const y = ops.clamp(x, { min: f64([[0], [1]]) });
    expect(y.toArray()).toEqual([
      [0, 0, 0.25, 1.5, 3],
      [1, 1, 1, 1.5, 3],
    ]);
  });

  test("have the gradient where they are the result", () => {
    checkGradients((a: Tensor, b: Tensor, c: Tensor) => ops.clamp(a, { min: b, max: c }), [x, min, max]);
    checkGradients((a: Tensor, b: Tensor) => ops.clamp(a, { min: b }), [f64([[1, -1]]), f64([[0], [2]])]);
  });

  test("are compiled and mapped as they are called", () => {
    const f = (a: Tensor, b: Tensor): Tensor => ops.clamp(a, { min: b, max: 1 });
    expect(compile(f)(x, min).toArray()).toEqual(f(x, min).toArray());
    const rows = f64([
      [-2, 0],
      [3, 0.5],
    ]);
    const each = vmap(f, { inDims: [0, null] })(rows, f64([-1, 0.75]));
    expect((each as Tensor).toArray()).toEqual([
      [-1, 0.75],
      [1, 0.75],
    ]);
  });

  test("of another dtype or shape are refused", () => {
    expect(() => ops.clamp(x, { min: tensor([1]) })).toThrow(/^clamp: x is float64 but min is float32/);
    expect(() => ops.clamp(x, { max: f64([1, 2]) })).toThrow(/^clamp: \[5\] and \[2\] do not broadcast/);
  });
});

describe("what diff puts before and after x", () => {
  test("counts as x", () => {
    const y = ops.diff(f64([1, 4]), { prepend: f64([0]), append: f64([5, 9]) });
    expect([...y.data]).toEqual([1, 3, 1, 4]);
  });

  test("does not count where no difference is taken", () => {
    expect([...ops.diff(f64([1, 4]), { n: 0, prepend: f64([0]) }).data]).toEqual([1, 4]);
  });

  test("has a gradient", () => {
    checkGradients(
      (x: Tensor, before: Tensor) => ops.diff(x, { n: 2, dim: 0, prepend: before }),
      [f64([[1], [4], [9]]), f64([[2]])],
    );
  });

  test("has x's sizes but along the axis", () => {
    expect(ops.diff(f64([1]), { n: 3, prepend: f64([5, 7, 11]) }).toArray()).toEqual([-16]);
    expect(ops.diff(f64([1]), { n: 4, prepend: f64([5, 7, 11]) }).shape).toEqual([0]);
    expect(() => ops.diff(f64([[1, 2]]), { prepend: f64([[1], [2]]) })).toThrow(
      /^diff: expected prepend to have x's sizes/,
    );
    expect(() => ops.diff(f64([1]), { append: tensor([1]) })).toThrow(
      /^diff: x is float64 but append is float32/,
    );
  });
});
