import { describe, expect, test } from "vitest";
import { ops, optim, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, only, programOf, weight } from "./program.js";

const PASS = ["fuseSlope"] as const;
const dz = f64([
  [1, -2],
  [0.5, 3],
  [-1, 0],
]);
const y = f64([
  [0.5, -1],
  [0, 0.25],
  [2, -0.5],
]);
const W = [
  [1, -1],
  [-3, 0.25],
];
const SLOPES: Readonly<Record<string, (y: Tensor) => Tensor>> = {
  relu: (z) => ops.heaviside(z),
  tanh: (z) => ops.sub(1, ops.square(z)),
  sigmoid: (z) => ops.mul(z, ops.sub(1, z)),
};

describe("fuseSlope", () => {
  test.each(Object.entries(SLOPES))(
    "makes one instruction of dz · W and the derivative of %s",
    (name, slope) => {
      const fn = (a: Tensor, b: Tensor): Tensor => ops.mul(ops.matmul(a, f64(W)), slope(b));
      const passes = [...PASS, "deadCode"] as const;
      const program = programOf(fn, passes, dz, y);
      const product = only("matmul", program);
      expect(program.instructions).toHaveLength(1);
      expect(product.choice("stateActivation")).toBe(name);
      expect(product.operand("state")).toMatchObject({ kind: "input", argument: 1 });
      expect(product.operand("c")).toBe(program.outputs[0]);
      expectSame(() => fn, passes, [dz, y], { tolerance: 1e-14 });
      // Without `deadCode`, the derivative stays in the program, though it is not read.
      expect(names(fn, PASS, dz, y).at(-1)).toBe("matmul");
      expectSame(() => fn, PASS, [dz, y], { tolerance: 1e-14 });
    },
  );

  test("does not fuse a product that is an output too, or that others read", () => {
    const result = (a: Tensor, b: Tensor): Tensor[] => {
      const dx = ops.matmul(a, f64(W));
      return [dx, ops.mul(dx, ops.heaviside(b))];
    };
    expect(names(result, PASS, dz, y)).toEqual(["matmul", "heaviside", "mul"]);
    expectSame(() => result, PASS, [dz, y]);
    const read = (a: Tensor, b: Tensor): Tensor => {
      const dx = ops.matmul(a, f64(W));
      return ops.add(ops.mul(dx, ops.heaviside(b)), dx);
    };
    expect(names(read, PASS, dz, y)).toEqual(["matmul", "heaviside", "mul", "add"]);
    expectSame(() => read, PASS, [dz, y]);
  });

  test("does not fuse what only looks like a derivative", () => {
    const lookalikes: ((b: Tensor, c: Tensor) => Tensor)[] = [
      (b) => ops.sub(2, ops.square(b)),
      (b) => ops.square(ops.sub(1, b)),
      (b, c) => ops.mul(b, ops.sub(1, c)),
      (b) => ops.mul(b, ops.sub(2, b)),
      (b) => ops.sign(b),
    ];
    for (const lookalike of lookalikes) {
      const fn = (a: Tensor, b: Tensor, c: Tensor): Tensor => ops.mul(ops.matmul(a, f64(W)), lookalike(b, c));
      expect(names(fn, PASS, dz, y, dz)).toContain("matmul");
      expect(names(fn, PASS, dz, y, dz).at(-1)).toBe("mul");
      expectSame(() => fn, PASS, [dz, y, dz]);
    }
  });

  test("does not fuse a derivative that is broadcast", () => {
    const fn = (a: Tensor, b: Tensor): Tensor => ops.mul(ops.matmul(a, f64(W)), ops.heaviside(b));
    expect(names(fn, PASS, dz, f64([1, -1])).at(-1)).toBe("mul");
    expectSame(() => fn, PASS, [dz, f64([1, -1])]);
  });

  test("multiplies by the weight before its update", () => {
    const make = () => {
      const w = weight(W);
      const opt = new optim.SGD([w], { lr: 0.5 });
      return (a: Tensor, b: Tensor): Tensor => {
        const dx = ops.matmul(a, ops.detach(w));
        w.grad = f64(W);
        opt.step();
        return ops.mul(dx, ops.heaviside(b));
      };
    };
    expect(names(make(), PASS, dz, y).at(-1)).toBe("mul");
    expectSame(make, PASS, [dz, y]);
  });

  test("takes the derivative at a state before its update", () => {
    const make = () => {
      const state = weight([
        [0.5, -1],
        [0, 0.25],
        [2, -0.5],
      ]);
      const opt = new optim.SGD([state], { lr: 4 });
      return (a: Tensor): Tensor => {
        const slope = ops.sub(1, ops.square(ops.detach(state)));
        state.grad = dz;
        opt.step();
        return ops.mul(ops.matmul(a, f64(W)), slope);
      };
    };
    expect(names(make(), PASS, dz).at(-1)).toBe("mul");
    expectSame(make, PASS, [dz]);
  });
});
