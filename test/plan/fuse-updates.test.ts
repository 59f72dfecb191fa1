import { describe, expect, test } from "vitest";
import { ops, optim, type Tensor } from "../../lib/index.js";
import { expectSame, f64, names, only, programOf, weight } from "./program.js";

const PASS = ["fuseUpdates"] as const;
const x = f64([1, -2, 0.5]);
type Make = (parameters: Tensor[]) => { zeroGrad(): void; step(): void };

/** Two parameters, an optimizer for each set of them, and one step of each in turn. */
const training =
  (...optimizers: [parameters: (0 | 1)[], make: Make][]) =>
  () => {
    const all = [weight([1, 2, 3]), weight([-1, 0.5, 4])];
    const steppers = optimizers.map(([chosen, make]) => make(chosen.map((i) => all[i] as Tensor)));
    return (a: Tensor): Tensor[] => {
      for (const w of all) w.grad = null;
      const [v, w] = all as [Tensor, Tensor];
      ops.sum(ops.square(ops.sub(ops.mul(v, w), a))).backward();
      for (const stepper of steppers) stepper.step();
      return all.map((parameter) => ops.neg(parameter));
    };
  };
const updates = (make: () => (a: Tensor) => Tensor[]): number =>
  names(make(), PASS, x).filter((name) => name === "sgd" || name === "adam").length;

describe("fuseUpdates", () => {
  test.each<[string, Make]>([
    ["plain descent", (w) => new optim.SGD(w, { lr: 0.01 })],
    ["momentum", (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.1 })],
    ["Adam", (w) => new optim.Adam(w, { lr: 0.01 })],
    ["AMSGrad", (w) => new optim.Adam(w, { lr: 0.01, amsgrad: true, weightDecay: 0.1 })],
  ])("makes one pass over all parameters, with %s", (_, make) => {
    const step = training([[0, 1], make]);
    expect(updates(step)).toBe(1);
    const update = only("update", programOf(step(), PASS, x));
    expect(update.param("tensors")).toBe(2);
    expect(update.params("n")).toEqual([3, 3]);
    for (const tensor of [0, 1]) {
      expect(update.operand("w", tensor)).toMatchObject({ kind: "state", shape: [3] });
      expect(update.operand("gradient", tensor)?.kind).toBe("temporary");
    }
    expectSame(step, PASS, [x]);
  });

  test("does not merge updates with other settings", () => {
    const step = training(
      [[0], (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9 })],
      [[1], (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.5 })],
    );
    expect(updates(step)).toBe(2);
    expectSame(step, PASS, [x]);
  });

  test("merges updates of two optimizers whose settings differ only in the learning rate", () => {
    const step = training(
      [[0], (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9 })],
      [[1], (w) => new optim.SGD(w, { lr: 0.5, momentum: 0.9 })],
    );
    expect(updates(step)).toBe(1);
    expectSame(step, PASS, [x]);
  });

  test("keeps two updates of one parameter in their order", () => {
    const step = training(
      [[0, 1], (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9, weightDecay: 0.5 })],
      [[0, 1], (w) => new optim.SGD(w, { lr: 0.25, momentum: 0.9, weightDecay: 0.5 })],
    );
    // The two updates of the first optimizer are merged, and the two of the second.
    expect(updates(step)).toBe(2);
    expectSame(step, PASS, [x]);
  });

  test("leaves an update before instructions that read the updated parameter", () => {
    const make = () => {
      const [v, w] = [weight([1, 2, 3]), weight([-1, 0.5, 4])];
      const [first, second] = [v, w].map((one) => new optim.SGD([one], { lr: 0.25, momentum: 0.9 }));
      return (a: Tensor): Tensor[] => {
        v.grad = a;
        first?.step();
        // The second parameter's gradient depends on the first parameter after its update.
        w.grad = ops.mul(ops.detach(v), a);
        second?.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    expect(updates(make)).toBe(2);
    expectSame(make, PASS, [x]);
  });

  test("leaves an update before the update of the parameter that is its gradient", () => {
    const make = () => {
      const [v, w] = [weight([1, 2, 3]), weight([-1, 0.5, 4])];
      const [first, second] = [w, v].map((one) => new optim.SGD([one], { lr: 0.25, momentum: 0.9 }));
      return (a: Tensor): Tensor[] => {
        w.grad = ops.detach(v);
        first?.step();
        v.grad = a;
        second?.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    expect(updates(make)).toBe(2);
    expectSame(make, PASS, [x]);
  });
});
