import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  eye,
  Generator,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const f64 = { dtype: "float64" } as const;
const normal = (shape: number[], seed = 1): Tensor => new Generator(seed).normal(shape, f64);
const list = (x: Tensor): number[] => [...x.data] as number[];

describe("with one Linear layer and squared error, it is Gauss and Newton's", () => {
  test.each([
    [true, 0],
    [false, 0],
  ])("bias %s", (bias, damping) => {
    const model = new nn.Linear(3, 2, { ...f64, bias });
    const [x, target] = [normal([7, 3]), normal([7, 2], 2)];
    const outputs = (): Tensor => model.forward(x);
    const loss = (y: Tensor): Tensor => ops.sum(ops.square(ops.sub(y, target)));
    const exact = optim.gaussNewton(model, outputs, loss, { damping });
    const P = optim.kfac(model, outputs, loss, { damping });
    const v = normal([bias ? 8 : 6], 3);
    expectNumbersClose(list(P(v)), list(ops.matmul(exact, v)), { rtol: 1e-9, atol: 1e-11 });
  });
});

test("of one sample, each block is that of Gauss and Newton, with the damping in both factors", () => {
  const model = new nn.Sequential(new nn.Linear(3, 4, f64), new nn.Tanh(), new nn.Linear(4, 2, f64));
  const x = normal([1, 3]);
  const y = tensor([1], { dtype: "int32" });
  const outputs = (): Tensor => model.forward(x);
  const loss = (z: Tensor): Tensor => cost.crossEntropy(z, y);
  const damping = 0.04;
  const P = optim.kfac(model, outputs, loss, { damping });
  // The curvature of the first layer: a·aᵀ ⊗ G, of which A and G are known by themselves.
  const a = ops.concat([x, tensor([[1]], f64)], 1);
  const A = ops.matmul(a, a, { transposeA: true });
  const head = (z: Tensor): Tensor => (model.modules[2] as nn.Linear).forward(ops.tanh(z));
  const z = (model.modules[0] as nn.Linear).forward(x).detach();
  const J = ops.reshape(jacobianOf(head, z), [2, 4]);
  const p = ops.softmax(head(z), { dim: 1 });
  const H = ops.sub(
    ops.mul(
      tensor(
        [
          [1, 0],
          [0, 1],
        ],
        f64,
      ),
      p,
    ),
    ops.matmul(p, p, { transposeA: true }),
  );
  const G = ops.matmul(J, ops.matmul(H, J), { transposeA: true });
  const pi = Math.sqrt(ops.trace(A).item() / 4 / (ops.trace(G).item() / 4));
  const damped = (M: Tensor, by: number): Tensor => ops.add(M, ops.mul(eye(4, f64), by));
  const M = normal([4, 4], 5);
  const left = ops.solve(damped(G, 0.2 / pi), M);
  const expected = ops.matmul(left, ops.inverse(damped(A, 0.2 * pi)));
  const v = ops.concat([
    ops.reshape(ops.slice(M, 1, { end: 3 }), [12]),
    ops.reshape(ops.slice(M, 1, { start: 3 }), [4]),
    normal([10], 6),
  ]);
  const found = P(v);
  expectNumbersClose(list(ops.slice(found, 0, { end: 12 })), list(ops.slice(expected, 1, { end: 3 })), {
    rtol: 1e-9,
    atol: 1e-9,
  });
  expectNumbersClose(
    list(ops.slice(found, 0, { start: 12, end: 16 })),
    list(ops.slice(expected, 1, { start: 3 })),
    { rtol: 1e-9, atol: 1e-9 },
  );
});

function jacobianOf(f: (z: Tensor) => Tensor, z: Tensor): Tensor {
  const rows = [0, 1].map((k) => {
    const leaf = z.detach();
    leaf.requiresGrad = true;
    ops.sum(ops.slice(f(leaf), 1, { start: k, end: k + 1 })).backward();
    return leaf.grad as Tensor;
  });
  return ops.stack(rows);
}

function problem({ norm = false } = {}) {
  manualSeed(4);
  const even = normal([60, 5], 7);
  const y = ops.argmax(ops.matmul(even, normal([5, 3], 8)), { dim: 1 });
  const x = ops.mul(even, tensor([10, 3, 1, 0.3, 0.1], f64));
  const model = new nn.Sequential(
    new nn.Linear(5, 8, f64),
    ...(norm ? [new nn.LayerNorm(8, f64)] : []),
    new nn.Tanh(),
    new nn.Linear(8, 3, f64),
  );
  const loss = (z: Tensor): Tensor => cost.crossEntropy(z, y);
  return { x, model, outputs: (): Tensor => model.forward(x), loss };
}

test("goes to the least squares in one step", () => {
  const model = new nn.Linear(5, 2, f64);
  const [x, target] = [ops.mul(normal([30, 5], 1), tensor([10, 3, 1, 0.3, 0.1], f64)), normal([30, 2], 2)];
  const outputs = (): Tensor => model.forward(x);
  const loss = (y: Tensor): Tensor => cost.mse(y, target);
  const optimizer = new optim.GradientDescent(model.parameters(), { lr: 1 });
  optimizer.preconditioner = optim.kfac(model, outputs, loss);
  loss(outputs()).backward();
  optimizer.step();
  optimizer.zeroGrad();
  loss(outputs()).backward();
  for (const { grad } of model.parameters())
    expect(ops.amax(ops.abs(grad as Tensor)).item()).toBeLessThan(1e-12);
});

test("descends faster than the gradient where inputs differ in size, and a compiled step takes new factors over", () => {
  const end = (options: { kfac: boolean; lr: number }): [loss: number, traces: number] => {
    const { model, outputs, loss } = problem();
    const optimizer = new optim.GradientDescent(model.parameters(), { lr: options.lr });
    const factors = (): optim.Preconditioner => optim.kfac(model, outputs, loss, { damping: 0.01 });
    if (options.kfac) optimizer.preconditioner = factors();
    let traces = 0;
    const step = compile(() => {
      traces++;
      optimizer.zeroGrad();
      const value = loss(outputs());
      value.backward();
      optimizer.step();
      return value;
    });
    for (let i = 0; i < 20; i++) {
      step();
      if (options.kfac && i % 4 === 3) optimizer.preconditioner = factors();
    }
    return [step().item(), traces];
  };
  const [plain] = end({ kfac: false, lr: 0.5 });
  const [natural, traces] = end({ kfac: true, lr: 0.5 });
  expect(traces).toBe(1);
  expect(natural).toBeLessThan(0.7 * plain);
});

test("leaves other parameters' gradients as they are, and frozen layers out", () => {
  const { model, outputs, loss } = problem({ norm: true });
  const last = model.modules[3] as nn.Linear;
  last.weight.requiresGrad = false;
  (last.bias as nn.Parameter).requiresGrad = false;
  const P = optim.kfac(model, outputs, loss, { damping: 0.1 });
  const v = normal([5 * 8 + 8 + 8 + 8], 9);
  const found = list(P(v));
  expect(found).toHaveLength(v.size);
  expect(found.slice(48)).toEqual(list(v).slice(48));
  expect(found.slice(0, 48)).not.toEqual(list(v).slice(0, 48));
});

test.each<[string, () => unknown, Error]>([
  [
    "no model",
    () => optim.kfac(3 as never, () => tensor([1]), cost.mse as never),
    new ArgumentError("kfac: expected model to be a Module, got 3"),
  ],
  [
    "a model without Linear layers",
    () => optim.kfac(new nn.LayerNorm(3), () => tensor([1]), ops.sum),
    new ArgumentError("kfac: expected a model with Linear layers"),
  ],
  [
    "a layer that is called twice",
    () => {
      const layer = new nn.Linear(2, 2, f64);
      return optim.kfac(
        new nn.Sequential(layer, layer),
        () => layer.forward(layer.forward(normal([3, 2]))),
        ops.sum,
      );
    },
    new ArgumentError("kfac: expected 0 to be called once, it was called twice"),
  ],
  [
    "outputs of another form",
    () => {
      const layer = new nn.Linear(2, 1, f64);
      return optim.kfac(layer, () => ops.squeeze(layer.forward(normal([3, 2])), { dim: 1 }), ops.sum);
    },
    new ShapeError("kfac: expected outputs [B, K], got [3]"),
  ],
  [
    "sequences",
    () => {
      const layer = new nn.Linear(2, 1, f64);
      return optim.kfac(layer, () => layer.forward(normal([3, 4, 2])), ops.sum);
    },
    new ShapeError("kfac: expected the model to be given [B, in], got [3, 4, 2]"),
  ],
  [
    "factors that are singular",
    () => {
      const layer = new nn.Linear(4, 1, f64);
      return optim.kfac(
        layer,
        () => layer.forward(normal([2, 4])),
        (y) => ops.sum(ops.square(y)),
      );
    },
    new ArgumentError(
      "kfac: the curvature with damping 0 is not positive definite; a larger damping makes it so",
    ),
  ],
  [
    "an unknown option",
    () => optim.kfac(new nn.Linear(1, 1), () => tensor([1]), ops.sum, { decay: 1 } as never),
    new OptionError('kfac: unknown option "decay"; known options: damping'),
  ],
])("refuses %s", (_, call, error) => {
  expect(call).toThrow(error);
});
