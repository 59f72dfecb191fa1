import { describe, expect, test } from "vitest";
import {
  compile,
  Generator,
  type optim as Optim,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { all, expectSame, only, programOf } from "./program.js";

const PASS = ["fuseProductUpdate"] as const;
/** The smallest number of float64 elements that is fused. */
const [OUT, IN] = [256, 257];
const normal = (shape: number[], seed: number): Tensor =>
  new Generator(seed).normal(shape, { dtype: "float64" });
const x = normal([5, IN], 1);

type Make = (parameters: Tensor[]) => Optim.Optimizer<object>;

const weightOf = (rows = OUT): Tensor => {
  const w = ops.mul(normal([rows, IN], 2), 0.1);
  w.requiresGrad = true;
  return w;
};

/** Steps of descent on ½·mean((x·wᵀ)²), and a part of the weight after each. */
const descent =
  (make: Make, { change = (gradient: Tensor) => gradient, rows = OUT } = {}) =>
  () => {
    const w = weightOf(rows);
    const opt = make([w]);
    return (a: Tensor): Tensor[] => {
      opt.zeroGrad();
      ops.mean(ops.mul(ops.square(ops.matmul(a, w, { transposeB: true })), 0.5)).backward();
      w.grad = change(w.grad as unknown as Tensor);
      opt.step();
      return [ops.neg(w)];
    };
  };
const isFused = (make: () => (a: Tensor) => Tensor[], input = x): boolean =>
  all("update_product", programOf(make(), PASS, input)).length > 0;

const RULES: [string, Make][] = [
  ["plain descent", (w) => new optim.SGD(w, { lr: 0.5 })],
  ["weight decay", (w) => new optim.SGD(w, { lr: 0.5, weightDecay: 0.1, maximize: true })],
  ["momentum", (w) => new optim.SGD(w, { lr: 0.5, momentum: 0.9, dampening: 0.25 })],
  ["Nesterov's momentum", (w) => new optim.SGD(w, { lr: 0.5, momentum: 0.9, nesterov: true })],
  ["Adam", (w) => new optim.Adam(w, { lr: 0.01 })],
  ["AdamW", (w) => new optim.AdamW(w, { lr: 0.01, weightDecay: 0.1 })],
  ["AMSGrad", (w) => new optim.Adam(w, { lr: 0.01, amsgrad: true, weightDecay: 0.1, maximize: true })],
];
const ADAM = RULES[4]?.[1] as Make;

describe("fuseProductUpdate", () => {
  test.each(RULES)("applies each tile of the gradient where it is computed, with %s", (_, make) => {
    expect(isFused(descent(make))).toBe(true);
    expectSame(descent(make), PASS, [x], { runs: 4, tolerance: 1e-12 });
  });

  test("keeps the settings and the state of the update, and the factors of the product", () => {
    const update = only("update_product", programOf(descent(ADAM)(), PASS, x));
    expect(update.name).toBe("adam_product");
    expect([update.param("M"), update.param("N"), update.param("K")]).toEqual([256, 257, 5]);
    expect([update.param("transposeA"), update.param("transposeB"), update.param("alpha")]).toEqual([
      1, 0, 1,
    ]);
    expect([update.param("beta1"), update.param("beta2"), update.param("eps")]).toEqual([0.9, 0.999, 1e-8]);
    expect(update.operand("a")?.shape).toEqual([5, 256]);
    expect(update.operand("b")).toMatchObject({ kind: "input", shape: [5, 257] });
    for (const name of ["w", "m", "v"] as const) expect(update.operand(name)?.shape).toEqual([256, 257]);
  });

  test.each<[string, () => (a: Tensor) => Tensor[]]>([
    [
      "a gradient that is changed before the update",
      descent(ADAM, { change: (gradient) => ops.mul(gradient, 0.5) }),
    ],
    ["small weights", descent(ADAM, { rows: OUT - 2 })],
  ])("leaves %s alone", (_, make) => {
    expect(isFused(make)).toBe(false);
    expectSame(make, PASS, [x], { tolerance: 1e-13 });
  });

  test("does not fuse a gradient that is an output too", () => {
    const make = () => {
      const w = weightOf();
      const opt = new optim.Adam([w], { lr: 0.01 });
      return (a: Tensor): Tensor[] => {
        opt.zeroGrad();
        ops.mean(ops.square(ops.matmul(a, w, { transposeB: true }))).backward();
        opt.step();
        return [w.grad as unknown as Tensor];
      };
    };
    expect(isFused(make)).toBe(false);
    expectSame(make, PASS, [x], { tolerance: 1e-13 });
  });

  test("computes a gradient from the other weight's value before its update", () => {
    const make = () => {
      const v = ops.mul(normal([300, OUT], 3), 0.1);
      v.requiresGrad = true;
      const w = weightOf();
      const opt = new optim.Adam([v, w], { lr: 0.01 });
      return (): Tensor[] => {
        opt.zeroGrad();
        // ∂/∂v = dy · wᵀ, ∂/∂w = vᵀ · dy: each reads the other weight.
        ops.mean(ops.square(ops.matmul(v, w))).backward();
        opt.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    // Only the first is fused: at its place, the second would read what the first has written.
    expect(all("update_product", programOf(make(), PASS))).toHaveLength(1);
    expectSame(make, PASS, [], { tolerance: 1e-12 });
  });

  test("does not fuse if the gradient is computed from the weight itself", () => {
    const make = () => {
      const w = ops.mul(normal([IN, IN], 4), 0.1);
      w.requiresGrad = true;
      const opt = new optim.Adam([w], { lr: 0.01 });
      return (a: Tensor): Tensor[] => {
        w.grad = ops.matmul(a, ops.detach(w), { transposeA: true });
        opt.step();
        return [ops.neg(w)];
      };
    };
    const square = normal([IN, IN], 5);
    expect(isFused(make, square)).toBe(false);
    expectSame(make, PASS, [square], { tolerance: 1e-12 });
  });

  test("works with few outputs, odd rows and more samples than one block of the sum", () => {
    for (const [batch, out, columns] of [
      [2, 3, 30_001],
      [7, 70_000, 1],
      [17, 1100, 61],
      [600, 300, 220],
    ] as const) {
      const input = normal([batch, columns], 6);
      const make = () => {
        const w = ops.mul(normal([out, columns], 7), 0.1);
        w.requiresGrad = true;
        const opt = new optim.SGD([w], { lr: 0.1, momentum: 0.9, weightDecay: 0.01 });
        return (a: Tensor): Tensor[] => {
          opt.zeroGrad();
          ops.mean(ops.square(ops.matmul(a, w, { transposeB: true }))).backward();
          opt.step();
          return [ops.neg(w)];
        };
      };
      expect(isFused(make, input)).toBe(true);
      expectSame(make, PASS, [input], { tolerance: 1e-12 });
    }
  });

  test("gives the same bits for any number of threads, in a loop too", () => {
    const data = normal([40, IN], 8);
    const order = Int32Array.from({ length: 30 }, (_, i) => (i * 7) % 40);
    const weights = [1, 2, 3].map((threads) => {
      setThreads(threads);
      const w = weightOf();
      const opt = new optim.Adam([w], { lr: 0.01 });
      const step = compile((a: Tensor) => {
        const loss = ops.mean(ops.square(ops.matmul(a, w, { transposeB: true })));
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      });
      step.loop([data], tensor(order), 10);
      return Buffer.from(w.data.slice().buffer).toString("hex");
    });
    setThreads(2);
    expect(weights[1]).toBe(weights[0]);
    expect(weights[2]).toBe(weights[0]);
  });
});
