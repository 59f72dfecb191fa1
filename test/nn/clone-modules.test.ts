// Each module of the library, copied: the same function, over memory of its own.
import { describe, expect, test } from "vitest";
import { cost, manualSeed, nn, optim, randn, type Tensor, tensor } from "../../lib/index.js";

const index = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
const row = (): Tensor => randn([3, 4]);

/** A module that is not at its beginning, and inputs for it. */
const MODULES: Readonly<Record<string, () => [module: nn.Module, ...inputs: Tensor[]]>> = {
  Linear: () => [new nn.Linear(4, 2), row()],
  Bilinear: () => [new nn.Bilinear(4, 4, 2), row(), row()],
  BatchNorm1d: () => [new nn.BatchNorm1d(4, { bias: false }), row()],
  LayerNorm: () => [new nn.LayerNorm([4]), row()],
  GroupNorm: () => [new nn.GroupNorm(2, 4), row()],
  RMSNorm: () => [new nn.RMSNorm([4]), row()],
  Dropout: () => [new nn.Dropout(), row()],
  AlphaDropout: () => [new nn.AlphaDropout(), row()],
  RReLU: () => [new nn.RReLU(), row()],
  PReLU: () => [new nn.PReLU({ numParameters: 4 }), row()],
  Embedding: () => [new nn.Embedding(4, 3, { maxNorm: 1, paddingIdx: 2 }), index([0, 2, 1])],
  EmbeddingBag: () => [new nn.EmbeddingBag(4, 3, { mode: "max" }), index([3, 0, 1]), index([0, 2])],
  NearestNeighbor: () => [new nn.NearestNeighbor(randn([5, 4])), row()],
  SoftNearestNeighbor: () => [new nn.SoftNearestNeighbor(randn([5, 4]), 2), row()],
  Sequential: () => [
    new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Sequential(new nn.Tanh())),
    row(),
  ],
  Flatten: () => [new nn.Flatten(), randn([3, 4, 2])],
  Unflatten: () => [new nn.Unflatten(1, [2, 2]), row()],
  CosineSimilarity: () => [new nn.CosineSimilarity(), row(), row()],
  PairwiseDistance: () => [new nn.PairwiseDistance({ p: 1 }), row(), row()],
  Threshold: () => [new nn.Threshold(0.1, -1), row()],
  ...Object.fromEntries(
    [
      new nn.CELU(2),
      new nn.ELU(2),
      new nn.GELU({ approximate: "tanh" }),
      new nn.GLU(),
      new nn.Hardshrink(0.2),
      new nn.Hardsigmoid(),
      new nn.Hardswish(),
      new nn.Hardtanh(-0.5, 0.2),
      new nn.Identity(),
      new nn.LeakyReLU(0.3),
      new nn.LogSigmoid(),
      new nn.LogSoftmax(0),
      new nn.Mish(),
      new nn.ReLU(),
      new nn.ReLU6(),
      new nn.SELU(),
      new nn.Sigmoid(),
      new nn.SiLU(),
      new nn.Softmax(0),
      new nn.Softmin(0),
      new nn.Softplus({ beta: 2 }),
      new nn.Softshrink(0.2),
      new nn.Softsign(),
      new nn.Tanh(),
      new nn.Tanhshrink(),
    ].map((module) => [module.constructor.name, () => [module, row()]]),
  ),
};

const classes = Object.values<unknown>(nn).flatMap((value) =>
  typeof value === "function" && value.prototype instanceof nn.Module ? [value.name] : [],
);

/** What a module gives for the same random numbers. */
const valueOf = (module: nn.Module, inputs: readonly Tensor[]): Tensor => {
  manualSeed(3);
  return module.forward(...inputs);
};

const states = (module: nn.Module): unknown =>
  Object.entries(module.stateDict()).map(([name, w]) => [name, w.toArray()]);

test("the table has every module that has a function of its own", () => {
  const own = new Set(classes.filter((name) => !["ModuleList", "ModuleDict"].includes(name)));
  expect(new Set(Object.keys(MODULES))).toEqual(own);
});

describe.each(Object.keys(MODULES))("a copy of %s", (name) => {
  const make = MODULES[name] as () => [nn.Module, ...Tensor[]];

  test.each([true, false])("computes the same over memory of its own, training %s", (training) => {
    const [module, ...inputs] = make();
    module.train();
    module.forward(...inputs); // moves what is to be kept, such as running statistics
    module.train(training);
    const copy = module.clone();
    const second = copy.clone();
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(module));
    expect(Array.from(copy.namedModules(), ([, one]) => one.training)).not.toContain(!training);
    expect(states(copy)).toEqual(states(module));
    const before = states(module);
    const y = valueOf(copy, inputs).toArray();
    expect(states(module)).toEqual(before);
    expect(valueOf(second, inputs).toArray()).toEqual(y);
    expect(valueOf(module, inputs).toArray()).toEqual(y);
    expect(states(copy)).toEqual(states(module));
    const [memory, own] = [module, copy].map((one) => Object.values(one.stateDict()).map(({ data }) => data));
    for (const array of own as ArrayBufferView[]) {
      expect((memory as ArrayBufferView[]).some(({ buffer }) => buffer === array.buffer)).toBe(false);
    }
  });

  test("goes through the hooks, each removed by itself", () => {
    const [module, ...inputs] = make();
    const seen: nn.Module[] = [];
    const remove = module.registerForwardHook((one) => {
      seen.push(one);
    });
    const copy = module.clone();
    copy.forward(...inputs);
    module.forward(...inputs);
    expect(seen).toEqual([copy, module]);
    remove();
    module.forward(...inputs);
    copy.clone().forward(...inputs);
    expect(seen.length).toBe(3);
  });
});

const learning = Object.keys(MODULES).filter((name) => {
  const [module, ...inputs] = (MODULES[name] as () => [nn.Module, ...Tensor[]])();
  return module.parameters().length > 0 && module.forward(...inputs).requiresGrad;
});

test.each(learning)("a copy of %s learns while the original stays", (name) => {
  const [module, ...inputs] = (MODULES[name] as () => [nn.Module, ...Tensor[]])();
  const copy = module.eval().clone();
  const before = states(module);
  const optimizer = new optim.SGD(copy.parameters(), { lr: 0.1 });
  const y = copy.forward(...inputs);
  cost.mse(y, randn([...y.shape])).backward();
  optimizer.step();
  expect(states(copy)).not.toEqual(before);
  expect(states(module)).toEqual(before);
  expect(module.parameters().every(({ grad }) => grad === null)).toBe(true);
});

test.each([
  ["ModuleList", (one: nn.Module) => new nn.ModuleList([one, one])],
  ["ModuleDict", (one: nn.Module) => new nn.ModuleDict({ a: one, b: one })],
])("a copy of %s holds copies, each module once", (_, make) => {
  const one = new nn.Linear(2, 2);
  const copy = make(one).clone();
  const modules = [...copy].flat().filter((item) => item instanceof nn.Module);
  expect(modules.length).toBe(2);
  expect(modules[0]).toBe(modules[1]);
  expect(modules[0]).not.toBe(one);
  expect(states(copy)).toEqual(states(make(one)));
});
