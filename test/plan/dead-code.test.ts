import { describe, expect, test } from "vitest";
import { Generator, ops, optim, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, weight } from "./program.js";

const x = f64([1, 2, 3]);
const PASS = ["deadCode"] as const;

describe("deadCode", () => {
  test("removes results that are not read, and what only they read", () => {
    const fn = (a: Tensor): Tensor => {
      ops.sum(ops.exp(a));
      return ops.neg(a);
    };
    expect(names(fn, [], x)).toEqual(["exp", "sum", "neg"]);
    expect(names(fn, PASS, x)).toEqual(["neg"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("keeps outputs that no instruction reads", () => {
    const fn = (a: Tensor): Tensor[] => [ops.exp(a), ops.neg(a), a];
    expect(names(fn, PASS, x)).toEqual(["exp", "neg"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("keeps updates of parameters, though no result depends on them", () => {
    const make = () => {
      const w = weight([1, 2, 3]);
      const opt = new optim.SGD([w], { lr: 0.5 });
      return (a: Tensor): Tensor => {
        const before = ops.neg(w);
        opt.zeroGrad();
        ops.sum(ops.mul(w, a)).backward();
        opt.step();
        return before;
      };
    };
    expect(names(make(), PASS, x)).toContain("sgd");
    // The sum itself is not needed for its gradient.
    expect(names(make(), [], x)).toContain("sum");
    expect(names(make(), PASS, x)).not.toContain("sum");
    expectSame(make, PASS, [x]);
  });

  test("advances a generator even if the numbers are not read", () => {
    const make = () => {
      const generator = new Generator(3);
      return (): Tensor => {
        generator.uniform([4]);
        return generator.uniform([4]);
      };
    };
    expect(names(make(), PASS)).toEqual(["add", "uniform", "add"]);
    expectSame(make, PASS, []);
  });
});
