import { describe, expect, test } from "vitest";
import { ops, optim, type Tensor } from "../../lib/index.js";
import { all, expectSame, f64, names, programOf, weight } from "./program.js";

const PASS = ["fuseDescent"] as const;
const x = f64([
  [1, -2],
  [0.5, 3],
  [-1, 0],
]);
const W = [
  [1, -1, 2],
  [-3, 0.25, 0.5],
];

/** A step of descent on ½·Σ(x·w)², and the weight after it. */
const descent =
  (options: optim.SGDOptions, change: (gradient: Tensor) => Tensor = (gradient) => gradient) =>
  () => {
    const w = weight(W);
    const opt = new optim.SGD([w], { lr: 0.125, ...options });
    return (a: Tensor): Tensor[] => {
      opt.zeroGrad();
      ops.sum(ops.mul(ops.square(ops.matmul(a, w)), 0.5)).backward();
      const gradient = w.grad as unknown as Tensor;
      w.grad = change(gradient);
      opt.step();
      return [ops.neg(w)];
    };
  };
const isFused = (make: () => (a: Tensor) => Tensor[]): boolean => !names(make(), PASS, x).includes("sgd");

describe("fuseDescent", () => {
  test("accumulates the gradient directly into the weight", () => {
    const make = descent({});
    expect(isFused(make)).toBe(true);
    const [, product] = all("matmul", programOf(make(), PASS, x));
    expect(product?.operand("c")).toMatchObject({ kind: "state", shape: [2, 3] });
    expect(product?.operand("a")).toMatchObject({ kind: "input", argument: 0 });
    expect(product?.operand("scale")?.kind).toBe("state");
    expect([product?.param("transposeA"), product?.param("alpha"), product?.param("beta")]).toEqual([
      1, -1, 1,
    ]);
    expectSame(make, PASS, [x], { tolerance: 1e-14 });
  });

  test("ascends with maximize", () => {
    const make = descent({ maximize: true });
    const [, product] = all("matmul", programOf(make(), PASS, x));
    expect([product?.param("alpha"), product?.param("beta")]).toEqual([1, 1]);
    expectSame(make, PASS, [x], { tolerance: 1e-13 });
  });

  test.each([
    ["momentum", descent({ momentum: 0.5 })],
    ["weight decay", descent({ weightDecay: 0.5 })],
    ["a gradient that is changed before the update", descent({}, (gradient) => ops.mul(gradient, 0.5))],
  ])("leaves descent with %s alone", (_, make) => {
    expect(isFused(make)).toBe(false);
    expectSame(make, PASS, [x]);
  });

  test("does not fuse a gradient that is an output too", () => {
    const make = () => {
      const w = weight(W);
      const opt = new optim.SGD([w], { lr: 0.125 });
      return (a: Tensor): Tensor => {
        opt.zeroGrad();
        ops.sum(ops.square(ops.matmul(a, w))).backward();
        opt.step();
        return w.grad as unknown as Tensor;
      };
    };
    expect(names(make(), PASS, x)).toContain("sgd");
    expectSame(make, PASS, [x]);
  });

  test("computes a gradient from the other weight's value before its update", () => {
    const make = () => {
      const [v, w] = [weight([[1, 2]]), weight(W)];
      const opt = new optim.SGD([v, w], { lr: 0.125 });
      return (): Tensor[] => {
        opt.zeroGrad();
        // ∂/∂v = dy · wᵀ, ∂/∂w = vᵀ · dy: each reads the other weight.
        ops.sum(ops.square(ops.matmul(v, w))).backward();
        opt.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    // Only the first is fused: at its place, the second would read what the first has written.
    expect(names(make(), PASS).filter((name) => name === "sgd")).toHaveLength(1);
    expectSame(make, PASS, [], { tolerance: 1e-13 });
  });

  test("does not fuse if the gradient is computed from the weight itself", () => {
    const make = () => {
      const w = weight([
        [0.5, 0.25],
        [-1, 1],
      ]);
      const opt = new optim.SGD([w], { lr: 0.125 });
      return (a: Tensor): Tensor => {
        w.grad = ops.matmul(a, ops.detach(w), { transposeA: true });
        opt.step();
        return ops.neg(w);
      };
    };
    const square = f64([
      [1, 2],
      [3, 4],
    ]);
    expect(names(make(), PASS, square)).toContain("sgd");
    expectSame(make, PASS, [square]);
  });
});
