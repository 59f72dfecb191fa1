import { describe, expect, test } from "vitest";
import { ops, optim, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, weight } from "./program.js";

const PASS = ["dropCopies"] as const;
const row = f64([[1, -2, 0.5]]);

describe("dropCopies", () => {
  test.each<[string, (a: Tensor) => Tensor, string[]]>([
    ["a sum over an axis of size 1", (a) => ops.exp(ops.sum(ops.tanh(a), { dim: 0 })), ["tanh", "exp"]],
    ["a product with 1", (a) => ops.exp(ops.mul(ops.tanh(a), 1)), ["tanh", "exp"]],
    ["a product of 1", (a) => ops.exp(ops.mul(1, ops.tanh(a))), ["tanh", "exp"]],
    ["one after the other", (a) => ops.exp(ops.mul(ops.sum(ops.tanh(a), { dim: 0 }), 1)), ["tanh", "exp"]],
    ["the last", (a) => ops.mul(ops.tanh(a), 1), ["tanh"]],
  ])("reads what was copied: %s", (_, fn, expected) => {
    expect(names(fn, PASS, row)).toEqual(expected);
    expectSame(() => fn, PASS, [row]);
  });

  test.each<[string, (a: Tensor) => Tensor, string]>([
    ["a sum of several", (a) => ops.sum(ops.tanh(a), { dim: 1 }), "sum"],
    ["a product with another number", (a) => ops.mul(ops.tanh(a), 2), "mul"],
    ["a product that is larger", (a) => ops.mul(ops.tanh(ops.sum(a)), ops.expand(f64([1]), [3])), "mul"],
    ["a copy of an input", (a) => ops.mul(a, 1), "mul"],
  ])("leaves %s alone", (_, fn, name) => {
    expect(names(fn, PASS, row)).toContain(name);
    expectSame(() => fn, PASS, [row]);
  });

  test("keeps a copy that was made before the parameter's update", () => {
    const make = () => {
      const w = weight([1, 2, 3]);
      const opt = new optim.SGD([w], { lr: 0.5 });
      return (a: Tensor): Tensor => {
        const before = ops.mul(w, 1);
        opt.zeroGrad();
        ops.sum(ops.mul(w, a)).backward();
        opt.step();
        return ops.neg(before);
      };
    };
    expectSame(make, PASS, [row.reshape([3])]);
  });
});
