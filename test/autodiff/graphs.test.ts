// Gradients through graphs of any form, and hooks that see or change them.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  backward,
  checkGradients,
  checkpoint,
  compile,
  cost,
  defineFunction,
  Generator,
  GraphError,
  grad,
  jacobian,
  jvp,
  manualSeed,
  nn,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";
import { expectNumbersClose, expectSame } from "../oracle/compare.js";

const random = new Generator(5);
const normal = (shape: number[]): Tensor => random.normal(shape, { dtype: "float64" });
const leaf = (values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

describe("functions with a derivative of their own", () => {
  const byVjp = defineFunction("cubeByVjp", {
    forward: (x) => ops.mul(x, ops.square(x)),
    vjp: ({ inputs: [x], dy }) => [ops.mul(dy, ops.mul(3, ops.square(x as Tensor)))],
  });
  const byJvp = defineFunction("cubeByJvp", {
    forward: (x) => ops.mul(x, ops.square(x)),
    jvp: ({ inputs: [x], tangents: [dx] }) => ops.mul(dx as Tensor, ops.mul(3, ops.square(x as Tensor))),
  });
  const byBoth = defineFunction("productByBoth", {
    forward: (a, b) => ops.matmul(a, b),
    vjp: ({ inputs: [a, b], dy }) => [
      ops.matmul(dy, b as Tensor, { transposeB: true }),
      ops.matmul(a as Tensor, dy, { transposeA: true }),
    ],
    jvp: ({ inputs: [a, b], tangents: [da, db] }) =>
      ops.add(ops.matmul(da as Tensor, b as Tensor), ops.matmul(a as Tensor, db as Tensor)),
  });
  const x = normal([2, 3]);

  test.each([
    ["vjp alone", byVjp],
    ["jvp alone", byJvp],
  ] as const)("by %s: both orders, both ways", (_, cube) => {
    checkGradients(cube, [x], { order: 2 });
    expectSame(jacobian(cube, { mode: "forward" })(x), jacobian((z) => ops.pow(z, 3))(x));
    expectSame(jacobian(cube, { mode: "reverse" })(x), jacobian((z) => ops.pow(z, 3))(x));
    expectSame(compile(grad((z) => ops.sum(cube(z))))(x) as Tensor, ops.mul(3, ops.square(x)));
  });

  test("with both rules, for two inputs", () => {
    checkGradients(byBoth, [x, normal([3, 2])], { order: 2 });
  });

  test("under vmap, and gradients through it", () => {
    const [a, b] = [normal([4, 2, 3]), normal([3, 2])];
    for (const f of [byBoth, (p: Tensor, q: Tensor) => ops.matmul(byJvp(p), q)]) {
      const plain =
        f === byBoth
          ? (p: Tensor, q: Tensor) => ops.matmul(p, q)
          : (p: Tensor, q: Tensor) => ops.matmul(ops.pow(p, 3), q);
      const over = (g: typeof f) => vmap(g, { inDims: [0, null] });
      expectSame(over(f)(a, b), over(plain)(a, b));
      const loss = (g: typeof f) => (p: Tensor, q: Tensor) => ops.sum(ops.square(over(g)(p, q)));
      expectSame(grad(loss(f))(a, b), grad(loss(plain))(a, b));
      expectSame(grad(loss(f), { argnums: 1 })(a, b), grad(loss(plain), { argnums: 1 })(a, b));
      const each = (g: typeof f) => over((p, q) => grad((r: Tensor) => ops.sum(ops.square(g(r, q))))(p));
      expectSame(each(f)(a, b), each(plain)(a, b));
    }
  });

  test("a straight-through estimator passes the gradient unchanged", () => {
    const round = defineFunction("roundStraightThrough", {
      forward: (z) => ops.round(z),
      vjp: ({ dy }) => [dy],
    });
    const z = leaf([0.2, 1.7, -0.6]);
    const y = round(z);
    expect(y.toArray()).toEqual([0, 2, -1]);
    ops.sum(ops.mul(y, tensor([1, 2, 3], { dtype: "float64" }))).backward();
    expect(z.grad?.toArray()).toEqual([1, 2, 3]);
  });

  test("a piecewise function with its own rule, twice in one graph", () => {
    const huber = defineFunction("huber", {
      forward: (z) =>
        ops.where(ops.less(ops.abs(z), 1), ops.mul(0.5, ops.square(z)), ops.sub(ops.abs(z), 0.5)),
      vjp: ({ inputs: [z], dy }) => [ops.mul(dy, ops.clamp(z as Tensor, { min: -1, max: 1 }))],
    });
    const [a, b] = [leaf([0.5, -3]), leaf([2, 0.25])];
    ops.sum(ops.add(huber(a), huber(b))).backward();
    expect(a.grad?.toArray()).toEqual([0.5, -1]);
    expect(b.grad?.toArray()).toEqual([1, 0.25]);
  });

  test.each<[string, () => unknown, new (message: string) => Error, string]>([
    [
      "no name",
      () => defineFunction("", { forward: ops.exp, vjp: () => [] }),
      ArgumentError,
      "defineFunction: expected a name",
    ],
    [
      "no forward",
      () => defineFunction("f", { vjp: () => [] } as never),
      ArgumentError,
      "defineFunction: expected forward to be a function",
    ],
    [
      "no rule",
      () => defineFunction("f", { forward: ops.exp }),
      ArgumentError,
      "defineFunction: expected vjp or jvp, got neither",
    ],
    [
      "too few gradients",
      () => grad((z) => ops.sum(defineFunction("f", { forward: ops.exp, vjp: () => [] })(z)))(x),
      ArgumentError,
      "f: expected vjp to give a list of 1 gradients, got an array of 0",
    ],
    [
      "a gradient of another shape",
      () =>
        grad((z) =>
          ops.sum(
            defineFunction("f", { forward: ops.exp, vjp: () => [tensor([1], { dtype: "float64" })] })(z),
          ),
        )(x),
      GraphError,
      "backward: the vjp of f gave float64 [1] for x [2, 3]",
    ],
    [
      "a tangent of another shape",
      () =>
        jvp(
          defineFunction("f", { forward: ops.exp, jvp: () => tensor([1], { dtype: "float64" }) }),
          [x],
          [x],
        ),
      GraphError,
      "f: expected jvp to give [2, 3], got [1]",
    ],
    [
      "no tensor",
      () => defineFunction("f", { forward: () => 1 as never, vjp: () => [] })(x),
      ArgumentError,
      "f: expected the result of forward to be a tensor, got 1",
    ],
  ])("refuse %s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe("checkpoint", () => {
  manualSeed(1);
  const block = new nn.Sequential(
    new nn.Linear(3, 5, { dtype: "float64" }),
    new nn.Tanh(),
    new nn.Linear(5, 3, { dtype: "float64" }),
  );

  test("gives the same value and gradients, and computes again for the gradients", () => {
    const x = normal([4, 3]);
    let calls = 0;
    const forward = (module: nn.Module, z: Tensor): Tensor => {
      calls++;
      return module.forward(z);
    };
    const run = (kept: boolean): { value: Tensor; gradients: Tensor[] } => {
      block.zeroGrad();
      const z = tensor(x.data.slice(), { shape: x.shape, requiresGrad: true });
      const y = kept ? forward(block, z) : checkpoint(forward, block as nn.Module, z);
      const value = ops.sum(ops.square(y));
      value.backward();
      return { value, gradients: [z, ...block.parameters()].map((w) => w.grad as Tensor) };
    };
    const [kept, again] = [run(true), run(false)];
    expect(calls).toBe(3);
    expectSame(again.value, kept.value);
    again.gradients.forEach((gradient, i) => {
      expectSame(gradient, kept.gradients[i] as Tensor);
    });
  });

  test("saves memory in a program too, by computing again", () => {
    const layers = Array.from(
      { length: 4 },
      () =>
        new nn.Sequential(
          new nn.Linear(8, 64),
          new nn.Tanh(),
          new nn.Linear(64, 64),
          new nn.Tanh(),
          new nn.Linear(64, 8),
        ),
    );
    const x = random.normal([512, 8]);
    const step = (saves: boolean) => {
      for (const layer of layers) layer.zeroGrad();
      return compile((z: Tensor) => {
        const y = layers.reduce(
          (state, layer) =>
            saves ? checkpoint((f, s) => f.forward(s), layer as nn.Module, state) : layer.forward(state),
          z,
        );
        const loss = ops.mean(ops.square(y));
        loss.backward();
        const weights = layers.flatMap((layer) => layer.parameters());
        return [loss, ...weights.map((weight) => weight.grad as Tensor)];
      });
    };
    const [kept, again] = [step(false), step(true)];
    const gradients = kept(x);
    again(x).forEach((gradient, i) => {
      expectSame(gradient, gradients[i] as Tensor);
    });
    expect(again.arenaBytes(x)).toBeLessThan(0.5 * kept.arenaBytes(x));
  });

  test("names a tensor that is not among its inputs", () => {
    const x = leaf([1, 2, 3]);
    const y = checkpoint((z: Tensor) => block.forward(z), x);
    expect(() => ops.sum(y).backward()).toThrow(
      /checkpoint: the function uses a tensor \[[\d, ]+\] with requiresGrad that is not among/,
    );
  });
});

describe("retainGrad and hooks", () => {
  test("keep the gradient of an intermediate result", () => {
    const w = leaf([2, 3]);
    const h = ops.square(w);
    h.retainGrad();
    ops.sum(ops.mul(h, h)).backward();
    expect(h.grad?.toArray()).toEqual([8, 18]);
    expect(w.grad?.toArray()).toEqual([32, 108]);
  });

  test("see the complete gradient once, and may change it", () => {
    const w = leaf([2, 3]);
    const h = ops.square(w);
    const seen: unknown[] = [];
    const remove = h.registerHook((dh) => {
      seen.push(dh.toArray());
      return ops.mul(dh, 10);
    });
    w.registerHook((dw) => {
      seen.push(dw.toArray());
    });
    ops.sum(ops.add(h, ops.mul(h, 2))).backward({ retainGraph: true });
    expect(seen).toEqual([
      [3, 3],
      [120, 180],
    ]);
    expect(w.grad?.toArray()).toEqual([120, 180]);
    remove();
    w.grad = null;
    ops.sum(ops.add(h, ops.mul(h, 2))).backward();
    expect(w.grad as unknown as Tensor).toBeTruthy();
    expect((w.grad as unknown as Tensor).toArray()).toEqual([12, 18]);
  });

  test("of modules see and change inputs, outputs and gradients", () => {
    const [a, b] = [new nn.Tanh(), new nn.ReLU()];
    const model = new nn.Sequential(a, b);
    const x = leaf([0.5, -0.5]);
    const seen: unknown[] = [];
    const removals = [
      a.registerForwardPreHook((_, [z]) => [ops.mul(z as Tensor, 2)]),
      a.registerForwardHook((module, _, y) => {
        seen.push([module === a, y.shape]);
        return ops.add(y, 1);
      }),
      b.registerBackwardHook((_, dx, dy) => {
        seen.push([dx.toArray(), dy.toArray()]);
        return ops.mul(dx, 100);
      }),
    ];
    const y = model.forward(x);
    expectSame(ops.detach(y), ops.add(ops.tanh(tensor([1, -1], { dtype: "float64" })), 1));
    ops.sum(y).backward();
    expect(seen).toEqual([
      [true, [2]],
      [
        [1, 1],
        [1, 1],
      ],
    ]);
    const slope = 1 - Math.tanh(1) ** 2;
    expectSame(x.grad, tensor([200 * slope, 200 * slope], { dtype: "float64" }));
    for (const remove of removals) remove();
    expectSame(model.forward(ops.detach(x)), ops.relu(ops.tanh(ops.detach(x))));
  });

  test("refuse a tensor without gradient, and a result that is not a gradient", () => {
    const w = leaf([1, 2]);
    expect(() => tensor([1]).retainGrad()).toThrow("retainGrad: this tensor does not require a gradient");
    expect(() => tensor([1]).registerHook(() => {})).toThrow(GraphError);
    expect(() => w.registerHook(1 as never)).toThrow("registerHook: expected a function, got 1");
    const remove = w.registerHook(() => tensor([1], { dtype: "float64" }));
    expect(() => ops.sum(w).backward()).toThrow(ShapeError);
    expect(() => ops.sum(w).backward()).toThrow(
      "registerHook: expected the hook to give float64 [2], got float64 [1]",
    );
    expect(w.grad).toBeNull();
    remove();
    const relu = new nn.ReLU();
    expect(() => relu.registerForwardHook(1 as never)).toThrow(
      "registerForwardHook: expected a function, got 1",
    );
    expect(() => relu.registerForwardPreHook(1 as never)).toThrow(ArgumentError);
    expect(() => relu.registerBackwardHook(1 as never)).toThrow(ArgumentError);
  });
});

describe("clipping", () => {
  test("by norm: all gradients together, as in PyTorch", () => {
    const [a, b, none] = [leaf([1, 2]), leaf([3]), leaf([1])];
    backward(ops.add(ops.sum(ops.square(a)), ops.sum(ops.square(b)))); // 2, 4, 6
    const total = optim.clipGradNorm([a, b, none], 1);
    expect(total.item()).toBeCloseTo(Math.sqrt(56), 12);
    const factor = 1 / (Math.sqrt(56) + 1e-6);
    expectSame(a.grad, tensor([2 * factor, 4 * factor], { dtype: "float64" }));
    expectSame(b.grad, tensor([6 * factor], { dtype: "float64" }));
    optim.clipGradNorm([a, b], 100, { p: Number.POSITIVE_INFINITY });
    expectSame(b.grad, tensor([6 * factor], { dtype: "float64" }));
  });

  test("by value", () => {
    const a = leaf([1, -2, 0.1]);
    backward(ops.sum(ops.square(a)));
    optim.clipGradValue([a], 0.5);
    expect(a.grad?.toArray()).toEqual([0.5, -0.5, 0.2]);
  });

  test("in a compiled step too", () => {
    const train = (compiled: boolean): number[] => {
      manualSeed(3);
      const model = new nn.Linear(3, 2, { dtype: "float64" });
      const sgd = new optim.SGD(model.parameters(), { lr: 0.5 });
      const step = (x: Tensor, y: Tensor): Tensor => {
        const loss = cost.squaredError(model.forward(x), y);
        sgd.zeroGrad();
        loss.backward();
        optim.clipGradNorm(model.parameters(), 0.1);
        sgd.step();
        return loss;
      };
      const data = new Generator(1);
      const [x, y] = [data.normal([5, 3], { dtype: "float64" }), data.normal([5, 2], { dtype: "float64" })];
      const run = compiled ? compile(step) : step;
      for (let i = 0; i < 3; i++) run(x, y);
      return model.parameters().flatMap((w) => [...w.data]);
    };
    expectNumbersClose(train(true), train(false), { rtol: 1e-12, atol: 1e-12 });
  });

  test("refuses bad arguments", () => {
    const w = leaf([1]);
    expect(() => optim.clipGradNorm([w], 1)).toThrow("clipGradNorm: no parameter has a gradient");
    expect(() => optim.clipGradNorm(1 as never, 1)).toThrow(
      "clipGradNorm: expected a list of parameters, got 1",
    );
    expect(() => optim.clipGradNorm([1 as never], 1)).toThrow(
      "clipGradNorm: expected a list of parameters, one is 1",
    );
    expect(() => optim.clipGradNorm([w], -1)).toThrow("clipGradNorm: expected maxNorm to be a number ≥ 0");
    expect(() => optim.clipGradValue([w], Number.NaN)).toThrow(
      "clipGradValue: expected limit to be a number",
    );
  });
});
