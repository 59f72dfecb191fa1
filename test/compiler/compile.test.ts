import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BusyError,
  compile,
  cost,
  DTypeError,
  Generator,
  grad,
  IndexError,
  manualSeed,
  nn,
  ops,
  optim,
  ShapeError,
  setThreads,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from "../../lib/index.js";
import { PASSES, type PassName } from "../../lib/plan/index.js";

const random = new Generator(7);

function network(
  seed: number,
  dtype: "float32" | "float64",
  activation: () => nn.Module = () => new nn.ReLU(),
) {
  manualSeed(seed);
  return new nn.Sequential(
    new nn.Linear(13, 17, { dtype }),
    activation(),
    new nn.Linear(17, 9, { dtype }),
    activation(),
    new nn.Linear(9, 5, { dtype }),
  );
}

type Choice = (parameters: nn.Parameter[]) => optim.SGD | optim.Adam;
const OPTIMIZERS: Readonly<Record<string, Choice>> = {
  sgd: (w) => new optim.SGD(w, { lr: 0.1 }),
  momentum: (w) => new optim.SGD(w, { lr: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true }),
  maximize: (w) => new optim.SGD(w, { lr: 0.01, maximize: true }),
  adam: (w) => new optim.Adam(w, { lr: 0.01, amsgrad: true }),
};

function trainer(optimizer: Choice, dtype: "float32" | "float64" = "float64", activation?: () => nn.Module) {
  const model = network(3, dtype, activation);
  const opt = optimizer(model.parameters());
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = cost.crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  };
  return { model, opt, step };
}

const x = random.normal([20, 13], { dtype: "float64" });
const y = ops.to(ops.mul(random.uniform([20], { dtype: "float64" }), 5), "int32");

function weights(model: nn.Module): number[] {
  return model.parameters().flatMap((parameter) => [...parameter.data]);
}

function expectClose(actual: readonly number[], expected: readonly number[], rtol: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const r = expected[i] as number;
    if (!(Math.abs(value - r) <= 1e-12 + rtol * Math.abs(r))) expect(value).toBe(r);
  });
}

describe("a compiled training step", () => {
  test.each(Object.keys(OPTIMIZERS))("does what the eager one does, with %s", (name) => {
    const eager = trainer(OPTIMIZERS[name] as Choice);
    const compiled = trainer(OPTIMIZERS[name] as Choice);
    const step = compile(compiled.step);
    for (let i = 0; i < 10; i++) expectClose([step(x, y).item()], [eager.step(x, y).item()], 1e-12);
    expectClose(weights(compiled.model), weights(eager.model), 1e-11);
  });

  test.each([() => new nn.ReLU(), () => new nn.Tanh(), () => new nn.Sigmoid()])(
    "fuses the derivative of each activation correctly (%#)",
    (activation) => {
      const eager = trainer(OPTIMIZERS["sgd"] as Choice, "float64", activation);
      const compiled = trainer(OPTIMIZERS["sgd"] as Choice, "float64", activation);
      const step = compile(compiled.step);
      expect(step.explain(x, y)).toMatch(/slope of (relu|tanh|sigmoid)/);
      for (let i = 0; i < 5; i++) {
        step(x, y);
        eager.step(x, y);
      }
      expectClose(weights(compiled.model), weights(eager.model), 1e-10);
    },
  );

  // Each pass alone, each left out, none, and pairs.
  const subsets: PassName[][] = [
    [],
    ...PASSES.map((pass) => [pass]),
    ...PASSES.map((pass) => PASSES.filter((other) => other !== pass)),
    ...PASSES.flatMap((a, i) => PASSES.slice(i + 1).map((b) => [a, b])),
  ];
  test.each(Object.keys(OPTIMIZERS))("gives the same with any subset of the passes, with %s", (name) => {
    const reference = trainer(OPTIMIZERS[name] as Choice);
    for (let i = 0; i < 3; i++) reference.step(x, y);
    const expected = weights(reference.model);
    for (const passes of subsets) {
      const other = trainer(OPTIMIZERS[name] as Choice);
      const step = compile(other.step, { passes });
      for (let i = 0; i < 3; i++) step(x, y);
      expectClose(weights(other.model), expected, 1e-10);
    }
  });

  test("reads a learning rate that was changed between runs", () => {
    const eager = trainer(OPTIMIZERS["momentum"] as Choice);
    const compiled = trainer(OPTIMIZERS["momentum"] as Choice);
    const step = compile(compiled.step);
    for (const lr of [0.1, 0.01, 0.5]) {
      eager.opt.lr = lr;
      compiled.opt.lr = lr;
      eager.step(x, y);
      step(x, y);
    }
    expectClose(weights(compiled.model), weights(eager.model), 1e-11);
  });

  test("reads what JavaScript writes into a parameter, and shows what it has written itself", () => {
    const { model, step } = trainer(OPTIMIZERS["sgd"] as Choice);
    const compiled = compile(step);
    compiled(x, y);
    const weight = model.parameters()[0] as nn.Parameter;
    const before = weight.data[0] as number;
    compiled(x, y);
    expect(weight.data[0]).not.toBe(before);
    weight.data.fill(0);
    compiled(x, y);
    expect(Math.abs(weight.data[0] as number)).toBeLessThan(0.05);
  });

  test("mixes with eager steps on the same parameters", () => {
    const eager = trainer(OPTIMIZERS["adam"] as Choice);
    const mixed = trainer(OPTIMIZERS["adam"] as Choice);
    const compiled = compile(mixed.step);
    for (let i = 0; i < 6; i++) {
      eager.step(x, y);
      if (i % 2 === 0) compiled(x, y);
      else mixed.step(x, y);
    }
    expectClose(weights(mixed.model), weights(eager.model), 1e-10);
  });

  test("leaves no gradient", () => {
    const { model, step } = trainer(OPTIMIZERS["sgd"] as Choice);
    compile(step)(x, y);
    expect(model.parameters().every((parameter) => parameter.grad === null)).toBe(true);
  });

  test("is traced once for each signature", () => {
    let traces = 0;
    const double = compile((a: Tensor) => {
      traces++;
      return ops.mul(a, 2);
    });
    double(tensor([1, 2]));
    double(tensor([3, 4]));
    expect(traces).toBe(1);
    double(tensor([1, 2, 3]));
    double(tensor([1, 2], { dtype: "float64" }));
    expect(traces).toBe(3);
    expect(double(tensor([5, 6])).toArray()).toEqual([10, 12]);
  });

  test.each(["float32", "float64"] as const)(
    "gives the same bits with any number of threads, step by step and in a loop, in %s",
    (dtype) => {
      const big = random.normal([520, 13], { dtype });
      const labels = ops.to(ops.mul(random.uniform([520]), 5), "int32");
      const order = new Generator(1).permutation(520);
      // Small weights and large ones, batches that divide evenly and that do not.
      const run = (threads: number, width: number, batch: number, optimizer: string): number[] => {
        setThreads(threads);
        manualSeed(4);
        const model = new nn.Sequential(
          new nn.Linear(13, width, { dtype }),
          new nn.ReLU(),
          new nn.Linear(width, 30, { dtype }),
          new nn.Tanh(),
          new nn.Linear(30, 5, { dtype }),
        );
        const opt = (OPTIMIZERS[optimizer] as Choice)(model.parameters());
        const compiled = compile((a: Tensor, b: Tensor) => {
          const loss = cost.crossEntropy(model.forward(a), b);
          opt.zeroGrad();
          loss.backward();
          opt.step();
          return loss;
        });
        const losses = compiled.loop([big, labels], order, batch);
        compiled(big, labels);
        return [...losses.data, ...weights(model)];
      };
      try {
        for (const optimizer of Object.keys(OPTIMIZERS)) {
          for (const [width, batch] of [
            [20, 65],
            [700, 130],
          ] as const) {
            const one = run(1, width, batch, optimizer);
            expect(run(2, width, batch, optimizer)).toEqual(one);
            expect(run(3, width, batch, optimizer)).toEqual(one);
          }
        }
      } finally {
        setThreads(2);
      }
    },
  );

  test("changes nothing if a label is out of range, with any number of threads", () => {
    const big = random.normal([300, 13], { dtype: "float64" });
    const labels = tensor(new Int32Array(300).fill(2));
    labels.data[211] = 5;
    labels.data[250] = -1;
    for (const threads of [1, 2, 3]) {
      setThreads(threads);
      try {
        const { model, step } = trainer(OPTIMIZERS["sgd"] as Choice);
        const before = weights(model);
        expect(() => compile(step)(big, labels)).toThrow("label 5 at position 211 is outside [0, 5)");
        expect(weights(model)).toEqual(before);
      } finally {
        setThreads(2);
      }
    }
  });
});

describe("compile", () => {
  test("returns tensors in the form in which the function returns them", () => {
    const a = tensor([1, 2]);
    expect(compile((z: Tensor) => [ops.add(z, 1), ops.mul(z, 3)])(a).map((t) => t.toArray())).toEqual([
      [2, 3],
      [3, 6],
    ]);
    expect(compile((z: Tensor) => ({ sum: ops.sum(z) }))(a).sum.item()).toBe(3);
    expect(compile(() => undefined)()).toBeUndefined();
    expect(compile((z: Tensor) => z)(a).toArray()).toEqual([1, 2]);
    expect(compile((z: Tensor) => z.reshape([2, 1]))(a).shape).toEqual([2, 1]);
  });

  test("computes derivatives inside", () => {
    const cube = grad((z) => ops.sum(ops.mul(z, ops.square(z))));
    expect(compile((z: Tensor) => cube(z))(tensor([1, 2, 3])).toArray()).toEqual([3, 12, 27]);
  });

  test("says which line read a value while it was traced", () => {
    const branch = compile((z: Tensor) => (ops.sum(z).item() > 0 ? z : ops.neg(z)));
    expect(() => branch(tensor([1]))).toThrow(TraceError);
    expect(() => branch(tensor([1]))).toThrow(/compile\.test\.ts:\d+/);
  });

  test("recovers from a function that throws while it is traced", () => {
    const broken = compile((): Tensor => {
      throw new RangeError("mine");
    });
    expect(() => broken()).toThrow("mine");
    expect(ops.add(tensor([1]), 1).toArray()).toEqual([2]);
  });

  test("checks labels in each run", () => {
    const loss = compile((scores: Tensor, labels: Tensor) => cost.crossEntropy(scores, labels));
    const scores = tensor([[1, 2, 3]]);
    expect(loss(scores, tensor([2], { dtype: "int32" })).item()).toBeCloseTo(0.4076, 3);
    expect(() => loss(scores, tensor([3], { dtype: "int32" }))).toThrow(IndexError);
    expect(() => loss(scores, tensor([3], { dtype: "int32" }))).toThrow(
      "label 3 at position 0 is outside [0, 3)",
    );
  });

  test.each([
    [() => compile(1 as unknown as () => undefined), ArgumentError, "expected a function, got 1"],
    [() => compile(() => undefined, { pass: [] } as object), undefined, 'did you mean "passes"?'],
    [() => compile(() => undefined, { passes: ["fuse" as PassName] }), ArgumentError, 'unknown pass "fuse"'],
    [
      () => compile((a: Tensor) => a)(3 as unknown as Tensor),
      ArgumentError,
      "expected input 0 to be a tensor",
    ],
    [() => compile(() => 3)(), ArgumentError, "expected the function's result to be a tensor"],
  ])("refuses bad input (%#)", (run, kind, message) => {
    if (kind !== undefined) expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });

  test("refuses a gradient that was made before the trace", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    ops.sum(ops.square(w)).backward();
    const step = compile(() => {
      const loss = ops.sum(ops.square(w));
      loss.backward();
      return loss;
    });
    expect(() => step()).toThrow(/zeroGrad/);
  });

  test("explains the program", () => {
    const { step } = trainer(OPTIMIZERS["sgd"] as Choice);
    const compiled = compile(step);
    const text = compiled.explain(x, y);
    expect(text).toMatch(/program: \d+ instructions, [\d,]+ flops, [\d,]+ bytes moved, arena [\d,]+ bytes/);
    expect(text).toContain("t0 [20, 17] = relu(matmul(x0 [20, 13], w0ᵀ [17, 13]) + w1 [17])");
    expect(text).toMatch(/w0 \[17, 13\] = w0 − w\d+ · matmul\(/);
    expect(text).toContain("cross_entropy_both");
    expect(compiled.arenaBytes(x, y)).toBeGreaterThan(0);
    // With few samples the temporaries are too small to share memory.
    const many = [zeros([5000, 13], { dtype: "float64" }), zeros([5000], { dtype: "int32" })] as const;
    const unshared = compile(step, { passes: PASSES.filter((pass) => pass !== "shareMemory") });
    expect(unshared.arenaBytes(...many)).toBeGreaterThan(compiled.arenaBytes(...many));
  });
});

describe("a loop of steps", () => {
  const order = new Generator(5).permutation(20);

  test("gives the same as single steps", () => {
    const single = trainer(OPTIMIZERS["adam"] as Choice);
    const looped = trainer(OPTIMIZERS["adam"] as Choice);
    const losses = compile(looped.step).loop([x, y], order, 6);
    const expected: number[] = [];
    for (let s = 0; s < 3; s++) {
      const rows = tensor(order.data.slice(s * 6, s * 6 + 6), { dtype: "int32" });
      expected.push(single.step(ops.indexSelect(x, 0, rows), ops.indexSelect(y, 0, rows)).item());
    }
    expect(losses.shape).toEqual([3, 1]);
    expectClose([...losses.data], expected, 1e-12);
    expectClose(weights(looped.model), weights(single.model), 1e-10);
  });

  test("gives the same on the engine's thread, where its tensors are busy until it ends", async () => {
    const sync = trainer(OPTIMIZERS["sgd"] as Choice);
    const background = trainer(OPTIMIZERS["sgd"] as Choice);
    const expected = compile(sync.step).loop([x, y], order, 5);
    const step = compile(background.step);
    const running = step.loopAsync([x, y], order, 5);
    const weight = background.model.parameters()[0] as nn.Parameter;
    expect(() => weight.data).toThrow(BusyError);
    expect(() => background.opt.step()).not.toThrow();
    await expect(step.loopAsync([x, y], order, 5)).rejects.toThrow(BusyError);
    expect([...(await running).data]).toEqual([...expected.data]);
    expect(weights(background.model)).toEqual(weights(sync.model));
  });

  test("runs two programs side by side", async () => {
    const a = trainer(OPTIMIZERS["sgd"] as Choice);
    const b = trainer(OPTIMIZERS["adam"] as Choice);
    const [first, second] = await Promise.all([
      compile(a.step).loopAsync([x, y], order, 4),
      compile(b.step).loopAsync([x, y], order, 4),
    ]);
    expect(first.shape).toEqual([5, 1]);
    expect(second.shape).toEqual([5, 1]);
  });

  test("ends with an error that names a label out of range", async () => {
    const { step } = trainer(OPTIMIZERS["sgd"] as Choice);
    const wrong = tensor(new Int32Array(20).fill(9));
    const compiled = compile(step);
    expect(() => compiled.loop([x, wrong], order, 5)).toThrow(IndexError);
    await expect(compiled.loopAsync([x, wrong], order, 5)).rejects.toThrow("label 9");
  });

  test.each([
    [() => looper().loop([x, y], order, 0), ArgumentError, "batchSize"],
    [() => looper().loop([x, y], order, 21), ArgumentError, "batchSize"],
    [() => looper().loop([x, y], x, 2), DTypeError, "expected order to be int32"],
    [
      () => looper().loop([x, ops.indexSelect(y, 0, order.reshape([20])).reshape([2, 10])], order, 2),
      ShapeError,
      "samples",
    ],
    [
      () => looper().loop([x, y], tensor([99], { dtype: "int32" }), 1),
      IndexError,
      "expected order[0] to be a sample in [0, 20), got 99",
    ],
  ])("refuses bad input (%#)", (run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });

  const looper = () => compile(trainer(OPTIMIZERS["sgd"] as Choice).step);
});

describe("random numbers in a compiled function", () => {
  test("are new in each run, and the same as in eager calls", () => {
    const eager = new Generator(11);
    const compiled = new Generator(11);
    const draw = (generator: Generator) => () => ({ u: generator.uniform([5]), n: generator.normal([3, 2]) });
    const step = compile(draw(compiled));
    for (let i = 0; i < 3; i++) {
      const expected = draw(eager)();
      const actual = step();
      expect(actual.u.toArray()).toEqual(expected.u.toArray());
      expect(actual.n.toArray()).toEqual(expected.n.toArray());
    }
    expect(compiled.uniform([2]).toArray()).toEqual(eager.uniform([2]).toArray());
  });
});

test("a long permutation can be drawn on the engine's thread, the same as on this one", async () => {
  const [own, other] = [new Generator(3), new Generator(3)];
  const drawn = await compile(() => own.permutation(10_000)).runAsync();
  expect(drawn.data).toEqual(other.permutation(10_000).data);
  expect(own.permutation(5).data).toEqual(other.permutation(5).data);
});
