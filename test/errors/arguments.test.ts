import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BackendError,
  checkGradients,
  checkpoint,
  compile,
  cost,
  defineFunction,
  detectAnomaly,
  enableGrad,
  grad,
  nn,
  noGrad,
  OptionError,
  ops,
  optim,
  predict,
  ShapeError,
  type Tensor,
  tensor,
  vjp,
} from "../../lib/index.js";
import { bad, testErrors } from "./expect-error.js";

const x = tensor([[1, 2, 3]]);
const model = new nn.Linear(3, 2);
const sum = (v: Tensor): Tensor => v.sum();

describe("what is missing or of the wrong kind", () => {
  const step = compile(sum);
  testErrors([
    [() => noGrad(bad()), ArgumentError, "noGrad: expected run to be a function, got undefined"],
    [() => enableGrad(bad(1)), ArgumentError, "enableGrad: expected run to be a function, got 1"],
    [() => detectAnomaly(bad()), ArgumentError, "detectAnomaly: expected a function, got undefined"],
    [() => checkpoint(bad(), x), ArgumentError, "checkpoint: expected f to be a function, got undefined"],
    [
      () =>
        checkGradients(
          bad(() => 1),
          [tensor(1, { dtype: "float64" })],
        ),
      ArgumentError,
      /the function's result to be a tensor, got 1$/,
    ],
    [
      () => defineFunction("f", bad()),
      ArgumentError,
      "defineFunction: expected an object of options, got undefined",
    ],
    [
      () => model.withParameters(bad(null), () => 1),
      ArgumentError,
      "withParameters: expected tensors by name, got null",
    ],
    [
      () => model.withParameters({}, bad()),
      ArgumentError,
      "withParameters: expected run to be a function, got undefined",
    ],
    [
      () => step.explain(bad()),
      ArgumentError,
      "compile: expected input 0 to be a tensor, or a list, an object or a module of tensors, got undefined",
    ],
    [
      () => step.arenaBytes(bad(3)),
      ArgumentError,
      "compile: expected input 0 to be a tensor, or a list, an object or a module of tensors, got 3",
    ],
    [() => ops.max(x, bad()), ArgumentError, "max: expected an object of options, got undefined"],
    [() => ops.min(x, bad(3)), ArgumentError, "min: expected an object of options, got 3"],
    [() => cost.nll(x, bad()), ArgumentError, "nll: expected target to be a tensor, got undefined"],
    [() => cost.multiMargin(x, bad(1)), ArgumentError, "multiMargin: expected target to be a tensor, got 1"],
    [
      () => cost.defineCost(bad(Symbol("s")), { perSample: sum }),
      ArgumentError,
      "defineCost: expected a name, got Symbol(s)",
    ],
    [
      () => optim.newton(model, bad()),
      ArgumentError,
      "newton: expected loss to be a function, got undefined",
    ],
    [
      () => optim.gaussNewton(model, () => model.forward(x), bad()),
      ArgumentError,
      "gaussNewton: expected cost to be a function, got undefined",
    ],
    [
      () => optim.gaussNewton(model, bad(), sum),
      ArgumentError,
      "gaussNewton: expected outputs to be a function, got undefined",
    ],
    [
      () => optim.kfac(model, bad(), sum),
      ArgumentError,
      "kfac: expected outputs to be a function, got undefined",
    ],
    [
      () =>
        optim.kfac(
          model,
          bad(() => 1),
          sum,
        ),
      ArgumentError,
      "kfac: expected the outputs to be a tensor, got 1",
    ],
    [
      () => optim.clipGradNorm(bad(new Float32Array(2)), 1),
      ArgumentError,
      "clipGradNorm: expected a list of parameters, got a Float32Array",
    ],
    [
      () =>
        optim.findLearningRate(
          new optim.SGD(model.parameters(), { lr: 1 }),
          bad(() => [1]),
        ),
      ArgumentError,
      "findLearningRate: expected the step to give a tensor or a number, got an array of 1",
    ],
    [
      () => optim.findLearningRate(new optim.SGD(model.parameters(), { lr: 1 }), () => 1, { steps: 2 ** 40 }),
      ArgumentError,
      "findLearningRate: expected steps to be a whole number ≥ 2 and ≤ 1000000, got 1099511627776",
    ],
    [
      () =>
        new optim.SGD(model.parameters(), { lr: 1 }).loadStateDict(
          bad({ paramGroups: [{ params: [0, 1] }] }),
        ),
      ArgumentError,
      "SGD.loadStateDict: expected state to be an object, got undefined",
    ],
    [() => new nn.ModuleList(bad(1)), ArgumentError, "ModuleList: expected a list of modules, got 1"],
    [
      () => new nn.ModuleList().at(bad()),
      ArgumentError,
      "ModuleList: expected index to be a whole number, got undefined",
    ],
    [
      () => new nn.ModuleDict(bad(null)),
      ArgumentError,
      "ModuleDict: expected an object of modules by name, got null",
    ],
    [
      () => new nn.ModuleDict().set(bad(1), model),
      ArgumentError,
      "ModuleDict: expected a name without dots, got 1",
    ],
    [
      () => new nn.Sequential(model).forward(bad()),
      ArgumentError,
      "Sequential: expected x to be a tensor, got undefined",
    ],
  ]);
});

describe("the definition of an op", () => {
  const definition = {
    inputs: ["x"],
    kernel: "sin",
    shape: ({ x: v }: { x: Tensor }) => v,
    params: ({ x: v }: { x: Tensor }) => [1, v.size, 1],
  };
  const define = (other: object): ((inputs: readonly Tensor[]) => Tensor) => {
    const op = ops.defineOp("own", bad({ ...definition, ...other }));
    return (inputs) => op(inputs, {});
  };
  const v = tensor([1, 2], { requiresGrad: true });
  testErrors([
    [() => ops.defineOp(bad(), bad(definition)), ArgumentError, "defineOp: expected a name, got undefined"],
    [
      () => ops.defineOp("own", bad()),
      ArgumentError,
      "defineOp: expected an object of options, got undefined",
    ],
    [() => ops.linear("own", bad(null)), ArgumentError, "linear: expected an object of options, got null"],
    [
      () => ops.elementwise("own", bad()),
      ArgumentError,
      "elementwise: expected an object of options, got undefined",
    ],
    [
      () => define({ inputs: [] }),
      ArgumentError,
      "defineOp: expected inputs to be a list of names, got an array of 0",
    ],
    [
      () => define({ kernel: 3 }),
      ArgumentError,
      "defineOp: expected kernel to be the name of an instruction or null, got 3",
    ],
    [() => define({ kernel: "sine" }), BackendError, /no instruction "sine"/],
    [
      () => define({ shape: undefined }),
      ArgumentError,
      "defineOp: expected shape to be a function, got undefined",
    ],
    [() => define({ batch: 1 }), ArgumentError, "defineOp: expected batch to be a function, got 1"],
    [() => define({ vjp: { x: 1 } }), ArgumentError, "defineOp: expected vjp.x to be a function, got 1"],
    [
      () => define({ jvp: [] }),
      ArgumentError,
      "defineOp: expected jvp to be functions by input, got an array of 0",
    ],
    [() => define({ gradient: 1 }), OptionError, /^defineOp: unknown option "gradient"/],
    [
      () => ops.linear("own", bad(definition)),
      ArgumentError,
      "linear: expected transpose to be a function, got undefined",
    ],
    [
      () => ops.elementwise("tanh", bad({})),
      ArgumentError,
      /^elementwise: expected takes to be one of "float", "number", "bool", "any"/,
    ],
    [
      () => ops.elementwise("tanh", bad({ takes: "float", slope: { y: 1 } })),
      ArgumentError,
      "elementwise: expected slope.x to be a function, 0, 1 or -1, got undefined",
    ],
    [() => define({})(bad()), ArgumentError, "own: expected a list of the inputs x, got undefined"],
    [() => define({})([v, v]), ArgumentError, "own: expected a list of the inputs x, got an array of 2"],
    [
      () => define({ shape: () => undefined })([v]),
      ShapeError,
      "own: expected a shape as a list of whole numbers ≥ 0, got undefined",
    ],
    [
      () => define({ buffers: () => [1] })([v]),
      ArgumentError,
      "own: expected buffers to give a list of tensors, got an array of 1",
    ],
    [
      () => sum(define({ vjp: { x: () => undefined } })([v])).backward(),
      ArgumentError,
      "own: expected the result of vjp.x to be a tensor, got undefined",
    ],
  ]);
});

describe("a tree of tensors", () => {
  const cyclic: unknown[] = [x];
  cyclic.push(cyclic, cyclic);
  let deep: unknown = x;
  for (let i = 0; i < 50_000; i++) deep = [deep];
  const total = (of: unknown): Tensor => bad(of)[0].sum();
  const expectation = "expected lists and objects of tensors to be";
  testErrors([
    [
      () => grad(total as never)(bad(cyclic)),
      ArgumentError,
      `grad: ${expectation} a tree, which does not hold itself`,
    ],
    [() => vjp(total as never, bad(deep)), ArgumentError, `vjp: ${expectation} at most 100 deep`],
    [() => tensor(bad(deep)), ShapeError, /^tensor: expected at most 8 axes/],
  ]);

  test("may be a list of 20,000, and hold a module behind it", () => {
    const many = Array.from({ length: 20_000 }, () => tensor(1));
    const gradients = grad((list: readonly Tensor[], layer: nn.Linear) =>
      layer.forward(x).sum().add(bad(list[0])),
    )(many, model);
    expect(gradients.length).toBe(20_000);
    expect(gradients[0]?.item()).toBe(1);
  });
});

describe("a proxy, as frameworks for user interfaces make", () => {
  const proxy = <T extends object>(of: T): T => new Proxy(of, {});
  testErrors([
    [() => ops.exp(proxy(x)), ArgumentError, "exp: expected x to be a tensor, got a proxy"],
    [() => x.add(proxy(x)), ArgumentError, "add: expected b to be a tensor or a number, got a proxy"],
    [
      () => new optim.SGD([proxy(model.weight)], { lr: 1 }),
      ArgumentError,
      "SGD: expected parameter 0 to be a tensor, got a proxy",
    ],
    [
      () => new nn.Sequential(proxy(model)),
      ArgumentError,
      "Sequential: expected module 0 to be a Module, got a proxy",
    ],
    [() => predict(proxy(model), x), ArgumentError, "predict: expected a Module, got a proxy"],
    [() => grad(sum)(proxy(model) as never), ArgumentError, /got a proxy$/],
    [
      () => optim.newton(proxy(model), () => x),
      ArgumentError,
      "newton: expected model to be a Module, got a proxy",
    ],
    [
      () => optim.kfac(proxy(model), () => x, sum),
      ArgumentError,
      "kfac: expected model to be a Module, got a proxy",
    ],
  ]);

  test("of a list is as good as the list", () => {
    expect(new optim.SGD(proxy([model.weight]), { lr: 1 }).parameters).toEqual([model.weight]);
    expect(ops.reshape(x, proxy([3, 1])).shape).toEqual([3, 1]);
  });
});
