import { describe, expect, test } from "vitest";
import { type optim as Optim, ops, optim, type Tensor } from "../../lib/index.js";
import { all, expectSame, f64, only, programOf, weight } from "./program.js";

const PASS = ["fuseOuterUpdate"] as const;
const COLUMNS = 9;
const x = f64([[1, -2, 0.5, 3, 0, 0.25, -1, 4, 2]]);
const W = [0, 1, 2].map((r) => Array.from({ length: COLUMNS }, (_, j) => ((r * 5 + j * 3) % 7) / 8 - 0.5));

type Make = (parameters: Tensor[]) => Optim.Optimizer<object>;

/** Steps of descent on ½·Σ(x·wᵀ)², and the weight after each. */
const descent =
  (make: Make, { change = (gradient: Tensor) => gradient, columns = COLUMNS } = {}) =>
  () => {
    const w = weight(W.map((row) => row.slice(0, columns)));
    const opt = make([w]);
    return (a: Tensor): Tensor[] => {
      opt.zeroGrad();
      ops.sum(ops.mul(ops.square(ops.matmul(a, w, { transposeB: true })), 0.5)).backward();
      w.grad = change(w.grad as unknown as Tensor);
      opt.step();
      return [ops.neg(w)];
    };
  };
const isFused = (make: () => (a: Tensor) => Tensor[], input: Tensor): boolean =>
  all("update_outer", programOf(make(), PASS, input)).length > 0;

const RULES: [string, Make][] = [
  ["plain descent", (w) => new optim.SGD(w, { lr: 0.01 })],
  ["weight decay", (w) => new optim.SGD(w, { lr: 0.01, weightDecay: 0.1, maximize: true })],
  ["momentum", (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9, dampening: 0.25 })],
  ["Nesterov's momentum", (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9, nesterov: true })],
  ["Adam", (w) => new optim.Adam(w, { lr: 0.01 })],
  ["AdamW", (w) => new optim.AdamW(w, { lr: 0.01, weightDecay: 0.1 })],
  ["AMSGrad", (w) => new optim.Adam(w, { lr: 0.01, amsgrad: true, weightDecay: 0.1, maximize: true })],
];

describe("fuseOuterUpdate", () => {
  test.each(RULES)("does not write the gradient of one sample, with %s", (_, make) => {
    expect(isFused(descent(make), x)).toBe(true);
    expectSame(descent(make), PASS, [x], { runs: 5, tolerance: 1e-13 });
  });

  test("keeps the settings and the state of the update", () => {
    const update = only(
      "update_outer",
      programOf(descent((w) => new optim.Adam(w, { lr: 0.01 }))(), PASS, x),
    );
    expect(update.name).toBe("adam_outer");
    expect([update.param("rows"), update.param("columns")]).toEqual([3, 9]);
    expect([update.param("beta1"), update.param("beta2"), update.param("eps")]).toEqual([0.9, 0.999, 1e-8]);
    expect(update.operand("dz")?.shape).toEqual([1, 3]);
    expect(update.operand("x")).toMatchObject({ kind: "input", shape: [1, 9] });
    for (const name of ["w", "m", "v"] as const) expect(update.operand(name)?.shape).toEqual([3, 9]);
    for (const name of ["lr", "step"] as const) expect(update.operand(name)?.dtype).toBe("float64");
    expect(update.operand("maxV")).toBe(null);
  });

  test.each<[string, () => (a: Tensor) => Tensor[], Tensor]>([
    ["two samples", descent(RULES[0]?.[1] as Make), f64([x.data, x.data].map((row) => [...row]))],
    [
      "a gradient that is changed before the update",
      descent(RULES[0]?.[1] as Make, { change: (gradient) => ops.mul(gradient, 0.5) }),
      x,
    ],
    ["short rows", descent(RULES[0]?.[1] as Make, { columns: 7 }), ops.slice(x, 1, { end: 7 })],
  ])("leaves %s alone", (_, make, input) => {
    expect(isFused(make, input)).toBe(false);
    expectSame(make, PASS, [input], { tolerance: 1e-13 });
  });

  test("does not fuse a gradient that is an output too", () => {
    const make = () => {
      const w = weight(W);
      const opt = new optim.SGD([w], { lr: 0.125 });
      return (a: Tensor): Tensor[] => {
        opt.zeroGrad();
        ops.sum(ops.square(ops.matmul(a, w, { transposeB: true }))).backward();
        opt.step();
        return [w.grad as unknown as Tensor];
      };
    };
    expect(isFused(make, x)).toBe(false);
    expectSame(make, PASS, [x]);
  });

  test("does not fuse a gradient whose factor is written before the update", () => {
    const make = () => {
      const [v, w] = [weight([[1, 2, 3]]), weight(W)];
      const opt = new optim.SGD([v, w], { lr: 0.125 });
      return (a: Tensor): Tensor[] => {
        opt.zeroGrad();
        // ∂/∂w = vᵀ · a, with v before its update; ∂/∂v = a · wᵀ.
        ops.sum(ops.mul(ops.matmul(v, w), a)).backward();
        opt.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    expect(isFused(make, x)).toBe(false);
    expectSame(make, PASS, [x], { tolerance: 1e-13 });
  });

  test("works if a row is shorter than a vector, or longer than many", () => {
    for (const columns of [8, 15, 16, 17, 31, 33, 64, 100]) {
      const wide = f64([Array.from({ length: columns }, (_, j) => j / 64)]);
      const make = () => {
        const w = weight(Array.from({ length: 5 }, (_, r) => [...wide.data].map((value) => value / (r + 2))));
        const opt = new optim.Adam([w], { lr: 0.01 });
        return (a: Tensor): Tensor[] => {
          opt.zeroGrad();
          ops.sum(ops.square(ops.matmul(a, w, { transposeB: true }))).backward();
          opt.step();
          return [ops.neg(w)];
        };
      };
      expect(isFused(make, wide)).toBe(true);
      expectSame(make, PASS, [wide], { tolerance: 1e-12 });
    }
  });
});
