import { expect, test } from "vitest";
import { compile, grad, hvp, jvp, nn, ops, optim, randn, type Tensor, tensor } from "../../lib/index.js";

test("a derivative that is 0 everywhere gives zeros", () => {
  const w = tensor([1.5, -2.5], { requiresGrad: true });
  ops.sum(ops.square(ops.floor(ops.mul(w, 2)))).backward();
  expect(w.grad?.toArray()).toEqual([0, 0]);
  expect(grad((x) => ops.sum(ops.round(x)))(tensor([0.3])).toArray()).toEqual([0]);
  expect(jvp(ops.sign, [tensor([2, -3])], [tensor([1, 1])])[1].toArray()).toEqual([0, 0]);
});

test("a path with derivative 0 adds nothing to other paths, whichever comes first", () => {
  const through = (x: Tensor): Tensor => ops.add(ops.mul(x, 3), ops.ceil(x));
  const around = (x: Tensor): Tensor => ops.add(ops.ceil(x), ops.mul(x, 3));
  for (const f of [through, around]) {
    expect(grad((x) => ops.sum(f(x)))(tensor([0.5, 1.5])).toArray()).toEqual([3, 3]);
    expect(jvp(f, [tensor([0.5])], [tensor([2])])[1].toArray()).toEqual([6]);
  }
});

test("hooks see the zeros, and may replace them", () => {
  const w = tensor([1.5], { requiresGrad: true });
  const h = ops.mul(w, 2);
  const seen: unknown[] = [];
  h.registerHook((dh) => {
    seen.push(dh.toArray());
    return ops.add(dh, 5);
  });
  ops.sum(ops.trunc(h)).backward();
  expect(seen).toEqual([[0]]);
  expect(w.grad?.toArray()).toEqual([10]);
});

test("an op of one's own may have a derivative of 0", () => {
  const steps = ops.defineOp<"x">("steps", {
    inputs: ["x"],
    kernel: "floor",
    shape: ({ x }) => x,
    params: ({ x }) => [1, x.size, 1],
    vjp: { x: 0 },
    jvp: { x: 0 },
  });
  expect(grad((x) => ops.sum(steps([x], {})))(tensor([0.3, 1.2])).toArray()).toEqual([0, 0]);
  expect(jvp((x) => steps([x], {}), [tensor([0.3])], [tensor([1])])[1].toArray()).toEqual([0]);
});

/** The squared slope of a ReLU network, as in a gradient penalty. */
const network = new nn.Sequential(
  new nn.Linear(2, 8),
  new nn.ReLU(),
  new nn.Linear(8, 8),
  new nn.ReLU(),
  new nn.Linear(8, 1),
);
const penalty = (x: Tensor): Tensor =>
  ops.sum(ops.square(grad((points) => ops.sum(network.forward(points)))(x)));

test("the second derivative of a ReLU network computes nothing from the slope of its slope", () => {
  const optimizer = new optim.SGD(network.parameters(), { lr: 0.1 });
  const step = compile((x: Tensor) => {
    const loss = penalty(x);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  expect(step.explain(randn([16, 2]))).not.toContain("heaviside");
  expect(hvp(penalty, [randn([4, 2])], [randn([4, 2])])[1][0]?.shape).toEqual([4, 2]);
});

test("a compiled step with gradients of 0 is traced once and leaves no gradient", () => {
  const w = tensor([1.5], { requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 0.1 });
  let traces = 0;
  const step = compile((x: Tensor) => {
    traces++;
    optimizer.zeroGrad();
    ops.sum(ops.floor(ops.mul(w, x))).backward();
    optimizer.step();
  });
  for (let i = 0; i < 3; i++) step(tensor([2]));
  expect(traces).toBe(1);
  expect(w.grad).toBeNull();
  expect(w.toArray()).toEqual([1.5]);
});
