import { describe, expect, test } from "vitest";
import { Generator, ops, optim, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, weight } from "./program.js";

const x = f64([
  [1, 2, 3],
  [4, 5, 6],
]);
const PASS = ["commonSubexpressions"] as const;

describe("commonSubexpressions", () => {
  test("computes equal expressions once, and equal expressions of their results too", () => {
    const fn = (a: Tensor): Tensor[] => [ops.neg(ops.exp(a)), ops.neg(ops.exp(a)), ops.square(ops.exp(a))];
    expect(names(fn, [], x)).toEqual(["exp", "neg", "exp", "neg", "exp", "square"]);
    expect(names(fn, PASS, x)).toEqual(["exp", "neg", "square"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("treats equal numbers as the same value", () => {
    const fn = (a: Tensor): Tensor => ops.add(ops.mul(a, 2), ops.mul(a, 2));
    expect(names(fn, PASS, x)).toEqual(["mul", "add"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("distinguishes 0 from −0", () => {
    const fn = (a: Tensor): Tensor[] => [ops.div(a, 0), ops.div(a, -0)];
    expect(names(fn, PASS, x)).toEqual(["div", "div"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("keeps expressions that differ in an option, an order or a dtype", () => {
    const fn = (a: Tensor): Tensor[] => [
      ops.matmul(a, a, { transposeA: true }),
      ops.matmul(a, a, { transposeB: true }),
      ops.sub(a, ops.exp(a)),
      ops.sub(ops.exp(a), a),
      ops.to(a, "float32"),
      ops.to(a, "int32"),
    ];
    const square = f64([
      [1, 2],
      [3, 5],
    ]);
    const expected = ["matmul", "matmul", "exp", "sub", "sub", "to_float32", "to_int32"];
    expect(names(fn, PASS, square)).toEqual(expected);
    expectSame(() => fn, PASS, [square]);
  });

  test("reads a parameter again after its update", () => {
    const make = () => {
      const w = weight([1, 2, 3]);
      const opt = new optim.SGD([w], { lr: 0.5 });
      return (a: Tensor): Tensor[] => {
        const before = ops.exp(w);
        opt.zeroGrad();
        ops.sum(ops.mul(w, a)).backward();
        opt.step();
        return [before, ops.exp(w), ops.exp(w)];
      };
    };
    expect(names(make(), PASS, x).filter((name) => name === "exp")).toHaveLength(2);
    expectSame(make, PASS, [x]);
  });

  test("computes a value again that was written in place", () => {
    const make =
      () =>
      (a: Tensor): Tensor[] => {
        const w = ops.detach(ops.exp(a));
        w.requiresGrad = true;
        w.grad = a;
        new optim.SGD([w], { lr: 1 }).step();
        return [ops.neg(w), ops.exp(a)];
      };
    expect(names(make(), PASS, x)).toEqual(["exp", "add", "sgd", "neg", "exp"]);
    expectSame(make, PASS, [x]);
  });

  test("draws new random numbers each time", () => {
    const make = () => {
      const generator = new Generator(1);
      return (): Tensor[] => [generator.uniform([3]), generator.uniform([3])];
    };
    expect(names(make(), PASS).filter((name) => name === "uniform")).toHaveLength(2);
    expectSame(make, PASS, []);
  });
});
