import { describe, expect, test } from "vitest";
import { ops, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, only, programOf } from "./program.js";

const PASS = ["fuseActivation"] as const;
const x = f64([
  [1, -2],
  [0.5, 3],
  [-1, 0],
]);
const w = f64([
  [1, -1],
  [-3, 0.25],
]);
const b = f64([0.5, -0.5]);

describe("fuseActivation", () => {
  test.each(["relu", "tanh", "sigmoid"] as const)("makes one instruction of matmul and %s", (activation) => {
    const fn = (a: Tensor): Tensor => ops[activation](ops.matmul(a, w, { transposeB: true }));
    expect(names(fn, [], x)).toEqual(["matmul", activation]);
    const product = only("matmul", programOf(fn, PASS, x));
    expect(product.choice("activation")).toBe(activation);
    expect(product.param("transposeB")).toBe(1);
    expect(names(fn, PASS, x)).toEqual(["matmul"]);
    expectSame(() => fn, PASS, [x], { tolerance: 1e-14 });
  });

  test("fuses a product with bias", () => {
    const fn = (a: Tensor): Tensor => ops.relu(ops.addmm(b, a, w));
    const product = only("matmul", programOf(fn, PASS, x));
    expect(product.choice("activation")).toBe("relu");
    expect(product.operand("bias")?.storage).toBe(b.storage);
    expect(names(fn, PASS, x)).toEqual(["matmul"]);
    expectSame(() => fn, PASS, [x], { tolerance: 1e-14 });
  });

  test("looks through a change of shape", () => {
    const fn = (a: Tensor): Tensor => ops.relu(ops.matmul(a, w).reshape([6]));
    expect(names(fn, PASS, x)).toEqual(["matmul"]);
    expectSame(() => fn, PASS, [x], { tolerance: 1e-14 });
  });

  test("does not fuse a product that is an output too", () => {
    const fn = (a: Tensor): Tensor[] => {
      const z = ops.matmul(a, w);
      return [z, ops.relu(z)];
    };
    expect(names(fn, PASS, x)).toEqual(["matmul", "relu"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("does not fuse a product that another instruction reads", () => {
    const fn = (a: Tensor): Tensor => {
      const z = ops.matmul(a, w);
      return ops.mul(z, ops.sigmoid(z));
    };
    expect(names(fn, PASS, x)).toEqual(["matmul", "sigmoid", "mul"]);
    expectSame(() => fn, PASS, [x]);
  });

  test("fuses neither other functions nor a second activation", () => {
    const exp = (a: Tensor): Tensor => ops.exp(ops.matmul(a, w));
    expect(names(exp, PASS, x)).toEqual(["matmul", "exp"]);
    const twice = (a: Tensor): Tensor => ops.tanh(ops.relu(ops.matmul(a, w)));
    expect(names(twice, PASS, x)).toEqual(["matmul", "tanh"]);
    expectSame(() => twice, PASS, [x], { tolerance: 1e-14 });
  });
});
