import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DTypeError,
  GraphError,
  IndexError,
  nn,
  OptionError,
  ones,
  ops,
  optim,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, expectError, testErrors, type Wrong } from "./expect-error.js";

const x = tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { requiresGrad: true },
);
const x64 = ones([2, 3], { dtype: "float64" });
const integers = tensor([[1, 2, 3]], { dtype: "int32" });

describe("Linear", () => {
  const linear = new nn.Linear(3, 2);
  testErrors(
    [
      [
        () => new nn.Linear(0, 2),
        ArgumentError,
        "Linear: expected inFeatures to be a whole number ≥ 1, got 0",
      ],
      [
        () => new nn.Linear(bad(), 2),
        ArgumentError,
        "Linear: expected inFeatures to be a whole number ≥ 1, got undefined",
      ],
      [
        () => new nn.Linear(3, 1.5),
        ArgumentError,
        "Linear: expected outFeatures to be a whole number ≥ 1, got 1.5",
      ],
      [
        () => new nn.Linear(3, bad("2")),
        ArgumentError,
        'Linear: expected outFeatures to be a whole number ≥ 1, got "2"',
      ],
      [
        () => new nn.Linear(3, 2, { bias: bad(0) }),
        ArgumentError,
        "Linear: expected bias to be true or false, got 0",
      ],
      [
        () => new nn.Linear(3, 2, bad({ biass: true })),
        OptionError,
        'Linear: unknown option "biass"; did you mean "bias"?',
      ],
      [
        () => new nn.Linear(3, 2, bad(true)),
        ArgumentError,
        "Linear: expected an object of options, got true",
      ],
      [
        () => new nn.Linear(3, 2, bad(null)),
        ArgumentError,
        "Linear: expected an object of options, got null",
      ],
      [
        () => new nn.Linear(3, 2, { dtype: "int32" }),
        DTypeError,
        "Linear: expected dtype float32 or float64, got int32",
      ],
      [
        () => new nn.Linear(3, 2, { dtype: bad("double") }),
        DTypeError,
        'Linear: unknown dtype "double"; expected one of float32, float64, int32, bool',
      ],
      [() => linear.forward(bad()), ArgumentError, "Linear: expected x to be a tensor, got undefined"],
      [
        () => linear.forward(bad([1, 2, 3])),
        ArgumentError,
        "Linear: expected x to be a tensor, got an array of 3",
      ],
      [() => linear.forward(ones([2, 4])), ShapeError, "Linear: expected x [..., 3], got [2, 4]"],
      [() => linear.forward(ones([])), ShapeError, "Linear: expected x [..., 3], got []"],
      [() => linear.forward(ones([0])), ShapeError, "Linear: expected x [..., 3], got [0]"],
      [
        () => linear.forward(x64),
        DTypeError,
        "Linear: expected x to be float32 as the weights are, got float64",
      ],
      [
        () => linear.forward(integers),
        DTypeError,
        "Linear: expected x to be float32 as the weights are, got int32",
      ],
    ],
    () => [x, x64, integers, ...linear.parameters()],
  );
});

describe("activations and Flatten", () => {
  testErrors([
    ...[new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()].map(
      (module): Wrong => [
        () => module.forward(bad("x")),
        ArgumentError,
        `${module.constructor.name.toLowerCase()}: expected x to be a tensor, got "x"`,
      ],
    ),
    [
      () => new nn.Tanh().forward(integers),
      DTypeError,
      "tanh: expected x to be float32 or float64, got int32",
    ],
    [() => new nn.Flatten(0.5), ArgumentError, "Flatten: expected startDim to be a whole number, got 0.5"],
    [
      () => new nn.Flatten(0, bad("1")),
      ArgumentError,
      'Flatten: expected endDim to be a whole number, got "1"',
    ],
    [
      () => new nn.Flatten().forward(bad()),
      ArgumentError,
      "flatten: expected x to be a tensor, got undefined",
    ],
    [
      () => new nn.Flatten().forward(ones([3])),
      ShapeError,
      "flatten: expected dim to be a whole number in [-1, 1), got 1",
    ],
    [() => new nn.Flatten(1, 0).forward(x), ShapeError, "flatten: startDim 1 is behind endDim 0"],
  ]);
});

describe("Sequential and Parameter", () => {
  testErrors([
    [
      () => new nn.Sequential(new nn.ReLU(), bad(ops.relu)),
      ArgumentError,
      "Sequential: expected module 1 to be a Module, got a function",
    ],
    [
      () => new nn.Sequential(new nn.Linear(2, 3), bad(nn.ReLU)),
      ArgumentError,
      "Sequential: expected module 1 to be a Module, got the class ReLU (new ReLU(…) makes an instance)",
    ],
    [
      () => new nn.Sequential(bad(class {})),
      ArgumentError,
      "Sequential: expected module 0 to be a Module, got a class",
    ],
    [
      () => new nn.Sequential(bad([])),
      ArgumentError,
      "Sequential: expected module 0 to be a Module, got an array of 0",
    ],
    [() => new nn.Parameter(bad(1)), ArgumentError, "Parameter: expected value to be a tensor, got 1"],
    [
      () => new nn.Parameter(integers),
      DTypeError,
      "Parameter: expected value to be float32 or float64, got int32",
    ],
    [
      () => new nn.Parameter(zeros([1]), bad("no")),
      ArgumentError,
      'Parameter: expected requiresGrad to be true or false, got "no"',
    ],
    [() => new nn.ReLU().train(bad(1)), ArgumentError, "train: expected mode to be true or false, got 1"],
  ]);
});

describe("containers", () => {
  const list = new nn.ModuleList([new nn.ReLU()]);
  const dict = new nn.ModuleDict({ a: new nn.ReLU() });
  testErrors([
    ...[null, 3, new nn.ReLU(), {}, () => 1].map(
      (wrong): Wrong => [
        () => new nn.ModuleList(bad(wrong)),
        ArgumentError,
        /^ModuleList: expected a list of modules, got (null|3|a ReLU|an object|a function)$/,
      ],
    ),
    [
      () => new nn.ModuleList([new nn.ReLU(), bad()]),
      ArgumentError,
      "ModuleList: expected module 1 to be a Module, got undefined",
    ],
    [
      () => list.append(new nn.Tanh(), bad(1)),
      ArgumentError,
      "ModuleList: expected module to be a Module, got 1",
    ],
    [
      () => list.at(bad("first")),
      ArgumentError,
      'ModuleList: expected index to be a whole number, got "first"',
    ],
    ...[null, 3, [], new Map([["a", new nn.ReLU()]])].map(
      (wrong): Wrong => [
        () => new nn.ModuleDict(bad(wrong)),
        ArgumentError,
        /^ModuleDict: expected an object of modules by name, got (null|3|an array of 0|a Map)$/,
      ],
    ),
    ...["", "a.b", 1, undefined].map(
      (name): Wrong => [
        () => dict.set(bad(name), new nn.ReLU()),
        ArgumentError,
        /^ModuleDict: expected a name without dots, got (""|"a\.b"|1|undefined)$/,
      ],
    ),
    [
      () => new nn.ModuleDict({ "a.b": new nn.ReLU() }),
      ArgumentError,
      'ModuleDict: expected a name without dots, got "a.b"',
    ],
  ]);

  test("a refused append adds none", () => {
    expect(() => list.append(new nn.Tanh(), bad(1))).toThrow(ArgumentError);
    expect(list.length).toBe(1);
  });
});

describe("withParameters, hooks and Embedding.fromPretrained", () => {
  const layer = new nn.Linear(3, 2);
  const hooked = (register: (module: nn.Module) => unknown): nn.Module => {
    const module = new nn.ReLU();
    register(module);
    return module;
  };
  testErrors([
    [
      () => layer.withParameters(bad(), () => 1),
      ArgumentError,
      "withParameters: expected tensors by name, got undefined",
    ],
    [
      () => layer.withParameters({}, bad()),
      ArgumentError,
      "withParameters: expected run to be a function, got undefined",
    ],
    [
      () => hooked((module) => module.registerForwardPreHook(() => bad(1))).forward(x),
      ArgumentError,
      "registerForwardPreHook: expected the hook's result to be a list of inputs, got 1",
    ],
    [
      () => hooked((module) => module.registerForwardHook(() => bad(1))).forward(x),
      ArgumentError,
      "registerForwardHook: expected the hook's result to be a tensor, got 1",
    ],
    [
      () => nn.Embedding.fromPretrained(x, bad(null)),
      ArgumentError,
      "Embedding: expected an object of options, got null",
    ],
    [
      () => nn.Embedding.fromPretrained(x, bad({ freze: true })),
      OptionError,
      'Embedding: unknown option "freze"; did you mean "freeze"?',
    ],
    [() => nn.Embedding.fromPretrained(ones([3])), ShapeError, "Embedding: expected vectors [N, D], got [3]"],
  ]);
});

describe("NearestNeighbor", () => {
  const model = new nn.NearestNeighbor(
    tensor([
      [0, 0, 0],
      [3, 3, 3],
    ]),
  );
  testErrors(
    [
      [
        () => new nn.NearestNeighbor(bad()),
        ArgumentError,
        "NearestNeighbor: expected samples to be a tensor, got undefined",
      ],
      [
        () => new nn.NearestNeighbor(ones([3])),
        ShapeError,
        "NearestNeighbor: expected samples [K, ...] with K ≥ 1, got [3]",
      ],
      [
        () => new nn.NearestNeighbor(zeros([0, 3])),
        ShapeError,
        "NearestNeighbor: expected samples [K, ...] with K ≥ 1, got [0, 3]",
      ],
      [
        () => new nn.NearestNeighbor(integers),
        DTypeError,
        "NearestNeighbor: expected samples to be float32 or float64, got int32",
      ],
      [() => model.forward(bad(null)), ArgumentError, "NearestNeighbor: expected x to be a tensor, got null"],
      [
        () => model.forward(ones([2, 4])),
        ShapeError,
        "NearestNeighbor: expected x [B, ...] with 3 elements a sample, got [2, 4]",
      ],
      [
        () => model.forward(ones([3])),
        ShapeError,
        "NearestNeighbor: expected x [B, ...] with 3 elements a sample, got [3]",
      ],
      [
        () => model.distances(ones([1])),
        ShapeError,
        "NearestNeighbor: expected x [B, ...] with 3 elements a sample, got [1]",
      ],
      [
        () => model.forward(x64),
        DTypeError,
        "NearestNeighbor: expected x to be float32 as the samples are, got float64",
      ],
      [
        () => model.forward(x).backward(),
        GraphError,
        "backward: the tensor comes from argmin, which has no gradient",
      ],
      [
        () => ops.mean(ops.to(model.forward(x), "float32")).backward(),
        GraphError,
        "backward: the tensor comes from argmin, which has no gradient",
      ],
    ],
    () => [x, x64, ...model.parameters()],
  );
});

describe("loadStateDict", () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU(), new nn.Linear(2, 1));
  const good = (): Record<string, Tensor> => ({
    "0.weight": zeros([2, 3]),
    "0.bias": zeros([2]),
    "2.weight": zeros([1, 2]),
    "2.bias": zeros([1]),
  });
  const without = (...names: string[]): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(good()).filter(([name]) => !names.includes(name)));
  testErrors(
    [
      [
        () => model.loadStateDict(bad()),
        ArgumentError,
        "loadStateDict: expected tensors by name, got undefined",
      ],
      [
        () => model.loadStateDict(bad(null)),
        ArgumentError,
        "loadStateDict: expected tensors by name, got null",
      ],
      [
        () => model.loadStateDict(bad("file")),
        ArgumentError,
        'loadStateDict: expected tensors by name, got "file"',
      ],
      [
        () => model.loadStateDict(without("2.bias")),
        ArgumentError,
        "loadStateDict: missing: 2.bias; unknown: none",
      ],
      [
        () => model.loadStateDict({ ...good(), "3.weight": zeros([1]) }),
        ArgumentError,
        "loadStateDict: missing: none; unknown: 3.weight",
      ],
      [
        () => model.loadStateDict({ ...without("0.bias", "2.bias"), "0.beta": zeros([2]) }),
        ArgumentError,
        "loadStateDict: missing: 0.bias, 2.bias; unknown: 0.beta",
      ],
      [
        () => model.loadStateDict({ ...good(), "2.bias": zeros([2]) }),
        ShapeError,
        "loadStateDict: 2.bias: expected shape [1], got [2]",
      ],
      [
        () => model.loadStateDict({ ...good(), "2.bias": zeros([1], { dtype: "float64" }) }),
        DTypeError,
        "loadStateDict: 2.bias: expected float32, got float64",
      ],
      [
        () => model.loadStateDict({ ...good(), "2.bias": bad([0]) }),
        ArgumentError,
        "loadStateDict: expected 2.bias to be a tensor, got an array of 1",
      ],
      [
        () => model.loadStateDict(good(), { strict: bad("no") }),
        ArgumentError,
        'loadStateDict: expected strict to be true or false, got "no"',
      ],
      [
        () => model.loadStateDict(good(), bad({ stict: false })),
        OptionError,
        'loadStateDict: unknown option "stict"; did you mean "strict"?',
      ],
    ],
    () => model.parameters(),
  );
});

describe("costs", () => {
  const labels = tensor([0, 2], { dtype: "int32" });
  const kept = (): Tensor[] => [x, x64, labels];
  const { crossEntropy, squaredError, defineCost } = cost;
  testErrors(
    [
      ...[crossEntropy, squaredError].flatMap((C): Wrong[] => [
        [() => C(bad(), labels), ArgumentError, `${C.name}: expected y to be a tensor, got undefined`],
        [
          () => C(x, bad([0, 2])),
          ArgumentError,
          `${C.name}: expected target to be a tensor, got an array of 2`,
        ],
        [
          () => C(x, labels, { reduction: bad("avg") }),
          ArgumentError,
          `${C.name}: expected reduction to be one of "none", "mean", "sum", got "avg"`,
        ],
        [
          () => C(x, labels, bad({ reduce: "sum" })),
          OptionError,
          new RegExp(`^${C.name}: unknown option "reduce"; known options: reduction`),
        ],
        [
          () => C(x, labels, bad({ reducton: "sum" })),
          OptionError,
          `${C.name}: unknown option "reducton"; did you mean "reduction"?`,
        ],
        [
          () => C(x, labels, bad("sum")),
          ArgumentError,
          `${C.name}: expected an object of options, got "sum"`,
        ],
      ]),
      [
        () => squaredError(integers, integers),
        DTypeError,
        "squaredError: expected y to be float32 or float64, got int32",
      ],
      [
        () => squaredError(x, x64),
        DTypeError,
        "squaredError: expected target to be float32 as y is, got float64",
      ],
      [
        () => squaredError(x, labels),
        DTypeError,
        "squaredError: expected target to be float32 as y is, got int32",
      ],
      [
        () => squaredError(x, ones([2])),
        ShapeError,
        "squaredError: expected target to be [2, 3] as y is, got [2]",
      ],
      [
        () => squaredError(x, ones([1, 3])),
        ShapeError,
        "squaredError: expected target to be [2, 3] as y is, got [1, 3]",
      ],
      [
        () => squaredError(zeros([0, 3]), zeros([0, 3])),
        ShapeError,
        "squaredError: expected at least one sample to average over, got none",
      ],
      [
        () => crossEntropy(zeros([0, 3]), zeros([0], { dtype: "int32" })),
        ShapeError,
        "crossEntropy: expected at least one sample to average over, got none",
      ],
      [
        () => crossEntropy(integers, labels),
        DTypeError,
        "crossEntropy: expected y to be float32 or float64, got int32",
      ],
      [
        () => crossEntropy(x, ones([2])),
        DTypeError,
        "crossEntropy: expected target to be int32 class indices, or probabilities [2, 3], got float32 [2]",
      ],
      [
        () => crossEntropy(x, tensor([0, 1, 2], { dtype: "int32" })),
        ShapeError,
        "crossEntropy: expected y [B, C] and target [B], got y [2, 3] and target [3]",
      ],
      [
        () => crossEntropy(ones([2, 3, 4]), labels),
        ShapeError,
        "crossEntropy: expected target to be [2, 4], got [2]",
      ],
      [
        () => crossEntropy(x, tensor([0, 3], { dtype: "int32" })),
        IndexError,
        "crossEntropy: label 3 at position 1 is outside [0, 3)",
      ],
      [
        () => crossEntropy(x, tensor([-1, 0], { dtype: "int32" }), { reduction: "none" }),
        IndexError,
        "crossEntropy: label -1 at position 0 is outside [0, 3)",
      ],
      [
        () => defineCost("c", bad()),
        ArgumentError,
        "defineCost: expected perSample to be a function, got undefined",
      ],
      [
        () => defineCost("c", { perSample: bad("f") }),
        ArgumentError,
        'defineCost: expected perSample to be a function, got "f"',
      ],
      [
        () => defineCost("zero", { perSample: () => bad(0) })(x, x),
        ArgumentError,
        "zero: expected the result of perSample to be a tensor, got 0",
      ],
    ],
    kept,
  );
});

describe("optimizers", () => {
  const w = tensor([1, 2], { requiresGrad: true });
  const product = ops.mul(w, 2);
  const makers = [
    ["SGD", (parameters: Tensor[], options?: object) => new optim.SGD(parameters, options)],
    ["Adam", (parameters: Tensor[], options?: object) => new optim.Adam(parameters, options)],
  ] as const;
  testErrors(
    [
      ...makers.flatMap(([name, make]): Wrong[] => [
        [() => make(bad()), ArgumentError, `${name}: expected a list of parameters, got undefined`],
        [() => make(bad(null)), ArgumentError, `${name}: expected a list of parameters, got null`],
        [() => make(bad("w")), ArgumentError, `${name}: expected a list of parameters, got "w"`],
        [() => make(bad(new nn.ReLU())), ArgumentError, `${name}: expected a list of parameters, got a ReLU`],
        [
          () => make(bad(new nn.ReLU().parameters)),
          ArgumentError,
          `${name}: expected a list of parameters, got a function`,
        ],
        [() => make([]), ArgumentError, `${name}: expected at least one parameter, got an empty list`],
        [() => make([w, w]), ArgumentError, `${name}: a parameter is listed twice`],
        [
          () => make([w, bad([1])]),
          ArgumentError,
          `${name}: expected parameter 1 to be a tensor, got an array of 1`,
        ],
        [
          () => make([integers]),
          DTypeError,
          `${name}: expected parameter 0 to be float32 or float64, got int32`,
        ],
        [
          () => make([product]),
          GraphError,
          `${name}: parameter 0 is the result of an op; only leaves can be trained`,
        ],
        [() => make([w], { lr: -0.1 }), ArgumentError, `${name}: expected lr to be a number ≥ 0, got -0.1`],
        [
          () => make([w], { lr: Number.NaN }),
          ArgumentError,
          `${name}: expected lr to be a number ≥ 0, got NaN`,
        ],
        [() => make([w], { lr: "0.1" }), ArgumentError, `${name}: expected lr to be a number ≥ 0, got "0.1"`],
        [
          () => make([w], { learningRate: 0.1 }),
          OptionError,
          `${name}: unknown option "learningRate"; did you mean "lr"?`,
        ],
        [
          () => make([w], { learning_rate: 0.1 }),
          OptionError,
          `${name}: unknown option "learning_rate"; did you mean "lr"?`,
        ],
        [() => make([w], { LR: 0.1 }), OptionError, /unknown option "LR"/],
        [
          () => make([w], { weight_decay: 0 }),
          OptionError,
          `${name}: unknown option "weight_decay"; did you mean "weightDecay"?`,
        ],
        [
          () => make([w], { weightDecay: -1 }),
          ArgumentError,
          `${name}: expected weightDecay to be a number ≥ 0, got -1`,
        ],
        [
          () => make([w], { maximize: 1 }),
          ArgumentError,
          `${name}: expected maximize to be true or false, got 1`,
        ],
        [() => make([w], bad(0.1)), ArgumentError, `${name}: expected an object of options, got 0.1`],
        [() => make([w], bad(null)), ArgumentError, `${name}: expected an object of options, got null`],
        [
          () => {
            make([w]).lr = -1;
          },
          ArgumentError,
          `${name}: expected lr to be a number ≥ 0, got -1`,
        ],
        [
          () => {
            make([w]).lr = bad("fast");
          },
          ArgumentError,
          `${name}: expected lr to be a number ≥ 0, got "fast"`,
        ],
      ]),
      [
        () => new optim.SGD([w], bad({ moment: 0.9 })),
        OptionError,
        'SGD: unknown option "moment"; did you mean "momentum"?',
      ],
      [
        () => new optim.SGD([w], bad({ betas: [0.9, 0.9] })),
        OptionError,
        /^SGD: unknown option "betas"; known options: lr, momentum, /,
      ],
      [
        () => new optim.SGD([w], { momentum: -0.5 }),
        ArgumentError,
        "SGD: expected momentum to be a number ≥ 0, got -0.5",
      ],
      [
        () => new optim.SGD([w], { dampening: bad("0") }),
        ArgumentError,
        'SGD: expected dampening to be a number, got "0"',
      ],
      [
        () => new optim.SGD([w], { nesterov: bad(1) }),
        ArgumentError,
        "SGD: expected nesterov to be true or false, got 1",
      ],
      [
        () => new optim.SGD([w], { nesterov: true }),
        ArgumentError,
        "SGD: Nesterov's momentum needs momentum > 0 and dampening 0, got 0 and 0",
      ],
      [
        () => new optim.SGD([w], { nesterov: true, momentum: 0.9, dampening: 0.1 }),
        ArgumentError,
        "SGD: Nesterov's momentum needs momentum > 0 and dampening 0, got 0.9 and 0.1",
      ],
      [
        () => new optim.Adam([w], bad({ momentum: 0.9 })),
        OptionError,
        /^Adam: unknown option "momentum"; known options: lr, betas, /,
      ],
      [
        () => new optim.Adam([w], bad({ beta1: 0.9 })),
        OptionError,
        'Adam: unknown option "beta1"; did you mean "betas"?',
      ],
      [
        () => new optim.Adam([w], bad({ epsilon: 0 })),
        OptionError,
        'Adam: unknown option "epsilon"; did you mean "eps"?',
      ],
      [
        () => new optim.Adam([w], { betas: bad(0.9) }),
        ArgumentError,
        "Adam: expected betas to be two numbers, got 0.9",
      ],
      [
        () => new optim.Adam([w], { betas: bad([0.9]) }),
        ArgumentError,
        "Adam: expected betas to be two numbers, got an array of 1",
      ],
      [
        () => new optim.Adam([w], { betas: [1, 0.9] }),
        ArgumentError,
        "Adam: expected betas[0] to be a number ≥ 0 and < 1, got 1",
      ],
      [
        () => new optim.Adam([w], { betas: [0.9, -0.1] }),
        ArgumentError,
        "Adam: expected betas[1] to be a number ≥ 0 and < 1, got -0.1",
      ],
      [
        () => new optim.Adam([w], { eps: -1 }),
        ArgumentError,
        "Adam: expected eps to be a number ≥ 0, got -1",
      ],
      [
        () => new optim.Adam([w], { amsgrad: bad(1) }),
        ArgumentError,
        "Adam: expected amsgrad to be true or false, got 1",
      ],
    ],
    () => [w, integers],
  );

  const wrongGradients = [
    [
      "an array",
      () => bad([1, 2]),
      ArgumentError,
      "expected .grad to be a tensor or null, got an array of 2",
    ],
    ["another shape", () => ones([3]), ShapeError, "expected a gradient of [2], got [3]"],
    [
      "another dtype",
      () => ones([2], { dtype: "float64" }),
      DTypeError,
      "expected a gradient of float32, got float64",
    ],
  ] as const;
  for (const [name, make] of makers) {
    for (const [title, gradient, kind, message] of wrongGradients) {
      test(`${name} moves no parameter where one's gradient has ${title}`, async () => {
        const [a, b] = [tensor([1, 2]), tensor([3, 4])];
        a.grad = ones([2]);
        b.grad = gradient();
        const optimizer = make([a, b], { lr: 0.5 });
        const error = `${name}: ${message}`;
        await expectError([() => optimizer.step(), kind, error], [a]);
        b.grad = ones([2]);
        optimizer.step();
        // The refused step has not been counted: this is the first.
        expect(b.toArray()).toEqual(name === "SGD" ? [2.5, 3.5] : [2.5, 3.5].map(Math.fround));
      });
    }

    test(`${name} moves no parameter where one's memory is gone`, async () => {
      const [a, b] = [tensor([1, 2]), tensor([3, 4])];
      a.grad = ones([2]);
      b.grad = ones([2]);
      structuredClone(b.data, { transfer: [b.data.buffer as ArrayBuffer] });
      const { DetachedError } = await import("../../lib/index.js");
      await expectError(
        [() => make([a, b]).step(), DetachedError, /buffer of 2 elements was transferred/],
        [a],
      );
    });
  }
});
