// What holds for every module: each that lib/nn exports is here with the cases of its file.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DTypeError,
  jacobians,
  jvp,
  manualSeed,
  nn,
  OptionError,
  ops,
  optim,
  perSampleGradients,
  randn,
  type Tensor,
  ThalwegError,
  vjp,
  vmap,
  zeros,
} from "../../lib/index.js";
import type { CaseTensors } from "../../lib/ops/cases.js";
import { expectClose, expectNumbersClose, fromOracle } from "../oracle/compare.js";
import { argumentsOf, moduleCases } from "../oracle/nets.js";
import type { OracleTensor } from "../oracle/read.js";
import { type Answered, build, CASES, floatsOf, inputsOf, valuesOf } from "./cases.js";

const MADE = moduleCases().map((own, i) => [`${own.name} ${own.note ?? i}`, own] as const);

/** What a module gives for the same random numbers. */
function outputOf(module: nn.Module, inputs: readonly Tensor[]): Tensor {
  manualSeed(3);
  return module.forward(...inputs);
}

// What is not of floats has no gradient.
const differentiable = CASES.filter(
  ([, { row }]) => row.dy !== undefined && row.ys.every(({ data }) => data.length > 0),
);

describe.each(MADE)("%s", (_, own) => {
  test("has modes that go down to all modules below", () => {
    const module = own.make();
    const modes = (): boolean[] => Array.from(module.namedModules(), ([, one]) => one.training);
    expect(new Set(modes())).toEqual(new Set([true]));
    expect(module.eval()).toBe(module);
    expect(new Set(modes())).toEqual(new Set([false]));
    expect(module.train()).toBe(module);
    expect(new Set(modes())).toEqual(new Set([true]));
  });

  test("takes over the state of another of its kind, all or nothing", () => {
    const [module, other] = [own.make(), own.make()];
    for (const w of Object.values(other.stateDict())) for (const i of w.data.keys()) w.data[i] = i + 1;
    module.loadStateDict(other.stateDict());
    expect(valuesOf(module)).toEqual(valuesOf(other));
    expect(() => module.loadStateDict({ ...module.stateDict(), other: zeros([1]) })).toThrow(
      new ArgumentError("loadStateDict: missing: none; unknown: other"),
    );
    const [first, ...rest] = Object.keys(module.stateDict());
    if (first === undefined) return;
    const halves = Object.fromEntries(
      rest.map((name) => [name, zeros(module.stateDict()[name]?.shape ?? [])]),
    );
    expect(() => module.loadStateDict(halves)).toThrow(`loadStateDict: missing: ${first}; unknown: none`);
    expect(valuesOf(module)).toEqual(valuesOf(other));
  });

  test("becomes another dtype with all its floats", () => {
    const module = own.make();
    for (const dtype of ["float64", "float32"] as const) {
      const dtypes = Object.values(module.to(dtype).stateDict()).map((w) => w.dtype);
      expect(dtypes.filter((one) => one !== "int32" && one !== dtype)).toEqual([]);
    }
  });

  test("has a copy over memory of its own", () => {
    const module = own.make();
    module.eval();
    const copy = module.clone();
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(module));
    expect(Array.from(copy.namedModules(), ([, one]) => one.training)).not.toContain(true);
    expect(valuesOf(copy)).toEqual(valuesOf(module));
    const buffers = Object.values(module.stateDict()).map(({ data }) => (data as Float32Array).buffer);
    for (const { data } of Object.values(copy.stateDict())) {
      expect(buffers).not.toContain((data as Float32Array).buffer);
    }
  });
});

const isOptions = (value: unknown): boolean => Object.getPrototypeOf(value ?? 1) === Object.prototype;
const withOptions = MADE.filter(([, own]) => own.inputs !== null && isOptions(argumentsOf(own).at(-1)));

test.each(withOptions)("%s refuses options that are misspelt", (_, own) => {
  const kind = own.make().constructor as new (...args: readonly unknown[]) => nn.Module;
  const args = argumentsOf(own);
  for (const name of Object.keys(args.at(-1) as object)) {
    const again = (): unknown => new kind(...args.slice(0, -1), { [`${name}s`]: 1 });
    expect(again).toThrow(OptionError);
    expect(again).toThrow(`${own.name}: unknown option "${name}s"; did you mean "`);
  }
});

describe.each(CASES)("%s", (_, one) => {
  test.each([true, false])("has a copy that computes the same, training %s", (training) => {
    const module = build(one).train(training);
    const inputs = inputsOf(one);
    const copy = module.clone();
    const before = valuesOf(module);
    const y = outputOf(copy, inputs).toArray();
    expect(valuesOf(module)).toEqual(before);
    expect(outputOf(module.clone(), inputs).toArray()).toEqual(y);
    expect(outputOf(module, inputs).toArray()).toEqual(y);
    expect(valuesOf(copy)).toEqual(valuesOf(module));
  });

  test("has a copy with the same hooks, each removed by itself", () => {
    const [module, inputs] = [build(one), inputsOf(one)];
    const seen: unknown[] = [];
    const remove = module.registerForwardHook((called) => {
      seen.push(called);
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

  test("computes the same again in evaluation, and keeps its statistics", () => {
    const [module, inputs] = [build(one).eval(), inputsOf(one)];
    const y = module.forward(...inputs).toArray();
    const after = valuesOf(module);
    expect(module.forward(...inputs).toArray()).toEqual(y);
    expect(valuesOf(module)).toEqual(after);
  });

  test("refuses bad input with an error that says where it is", () => {
    const module = build(one);
    class Outer extends nn.Module {
      readonly inner = module;
      forward(...inputs: Tensor[]): Tensor {
        return this.inner.forward(...inputs);
      }
    }
    const [outer, inputs, before] = [new Outer(), inputsOf(one), valuesOf(module)];
    inputs.forEach((x, i) => {
      if (x === null) return;
      for (const wrong of [1, "x", {}, ops.notEqual(x, 0)]) {
        let thrown: unknown;
        try {
          outer.forward(...inputs.with(i, wrong as Tensor));
        } catch (error) {
          thrown = error;
        }
        // Some take any dtype; none takes what is no tensor.
        if (thrown === undefined && typeof wrong === "object" && "dtype" in wrong) continue;
        expect(thrown).toBeInstanceOf(ThalwegError);
        expect((thrown as Error).message).toMatch(/^Outer\.inner(\.\S+)? \(\w+\): /);
      }
    });
    expect(valuesOf(module)).toEqual(before);
  });
});

/** A case as a function of its inputs of floats and its parameters, in evaluation or as it is. */
function functionOf(one: Answered, module: nn.Module): [f: (...at: Tensor[]) => Tensor, at: Tensor[]] {
  const inputs = inputsOf(one);
  const floats = [...floatsOf(one, inputs).values()];
  const parameters = [...module.namedParameters()];
  const f = (...at: Tensor[]): Tensor => {
    const replaced = inputs.map((x) => (floats.includes(x) ? (at[floats.indexOf(x)] as Tensor) : x));
    const weights = parameters.map(([name], i) => [name, at[floats.length + i] as Tensor]);
    return module.withParameters(Object.fromEntries(weights), () => module.forward(...replaced));
  };
  return [f, [...floats, ...parameters.map(([, w]) => ops.detach(w))]];
}

/** Whether a call leaves the state as it is. */
function isPure(one: Answered): boolean {
  const module = build(one);
  const before = JSON.stringify(valuesOf(module));
  module.forward(...inputsOf(one));
  return JSON.stringify(valuesOf(module)) === before;
}

/** Whether it gives the same when it is called again. */
function isSteady(one: Answered): boolean {
  const [module, inputs] = [build(one), inputsOf(one)];
  const [first, second] = [0, 1].map(() => String(module.forward(...inputs).data));
  return first === second;
}

/** Cases of random inputs, which are at no kink. */
const smooth = differentiable.filter(
  ([, one]) => one.own.hasDerivatives && isSteady(one) && Object.values(one.own.inputs ?? {}).every(isRandom),
);

function isRandom(spec: CaseTensors[string]): boolean {
  return spec === null || !("draw" in spec) || spec.draw !== "values" || spec.dtype !== "float64";
}

const H = 1e-6;

describe("derivatives are those of central differences", () => {
  test.each(smooth)("%s", (_, one) => {
    const [f, at] = functionOf(one, build(one));
    const y = f(...at);
    const dy = fromOracle(one.row.dy as OracleTensor);
    const total = (...where: Tensor[]): number => ops.sum(ops.mul(f(...where), dy)).item();
    const gradients = vjp(f, ...at)[1](dy) as Tensor[];
    const tangents = at.map(({ shape }) => randn(shape, { dtype: "float64" }));
    const along = jvp(f, at, tangents)[1];
    expect(along.shape).toEqual(y.shape);
    let sum = 0;
    at.forEach((x, i) => {
      const differences = [...x.data].map((value, k) => {
        const moved = (by: number): number => {
          const other = ops.add(x, 0);
          other.data[k] = value + by;
          return total(...at.with(i, other));
        };
        return (moved(H) - moved(-H)) / (2 * H);
      });
      expectNumbersClose(
        (gradients[i] as Tensor).data,
        differences,
        { rtol: 1e-6, atol: 1e-8 },
        `input ${i}`,
      );
      sum += ops.sum(ops.mul(gradients[i] as Tensor, tangents[i] as Tensor)).item();
    });
    // dy·(∂y/∂x·v) = (dy·∂y/∂x)·v
    expectNumbersClose([ops.sum(ops.mul(along, dy)).item()], [sum], { rtol: 1e-9, atol: 1e-11 }, "jvp");
  });
});

const ofOneInput = smooth.filter(([, { own }]) => Object.keys(own.inputs ?? {}).length === 1);

describe("the two Jacobians of a module are its gradients, row by row", () => {
  test.each(ofOneInput.filter(([, one]) => floatsOf(one, inputsOf(one)).size === 1))("%s", (_, one) => {
    const module = build(one);
    const [z] = inputsOf(one, { scale: 2 ** (one.own.calls - 1) }) as [Tensor];
    const { state, weights } = jacobians(module, z);
    const dy = fromOracle(one.row.dy as OracleTensor);
    const rowOf = (jacobian: Tensor, { shape, size }: Tensor): Tensor =>
      ops.reshape(ops.matmul(ops.reshape(dy, [1, dy.size]), ops.reshape(jacobian, [dy.size, size])), shape);
    const gradients = one.row.gradients ?? {};
    expectClose(rowOf(state, z), gradients["x"] as OracleTensor, undefined, "state");
    for (const [name, w] of module.namedParameters()) {
      expectClose(rowOf(weights[name] as Tensor, w), gradients[name] as OracleTensor, undefined, name);
    }
  });
});

describe("a batch of inputs goes through vmap as each by itself", () => {
  test.each(CASES.filter(([, one]) => one.own.hasDerivatives && isPure(one)))("%s", (_, one) => {
    const [module, inputs] = [build(one), inputsOf(one)];
    const given = inputs.filter((x) => x !== null);
    const call = (...tensors: Tensor[]): Tensor =>
      module.forward(...inputs.map((x) => (x === null ? x : (tensors[given.indexOf(x)] as Tensor))));
    const others = given.map((x) => (x.dtype === "float64" ? ops.mul(x, -0.5) : x));
    const stacked = given.map((x, i) => ops.stack([x, others[i] as Tensor]));
    const expected = ops.stack([call(...given), call(...others)]);
    const { shape, data } = vmap(call)(...stacked);
    expect(shape).toEqual(expected.shape);
    expectNumbersClose(data, [...expected.data]);
  });
});

/** Modules whose first axis is that of the samples, and which take one of them. */
const bySample = ofOneInput.filter(([, one]) => {
  const module = build(one).eval();
  const [x] = inputsOf(one) as [Tensor];
  if (module.parameters().length === 0 || x.rank < 2) return false;
  try {
    const y = module.forward(x);
    const first = module.forward(ops.slice(x, 0, { end: 1 }));
    return y.shape[0] === x.shape[0] && String(first.shape.slice(1)) === String(y.shape.slice(1));
  } catch {
    return false;
  }
});

describe("gradients of samples are those of each as a batch of one", () => {
  test.each(bySample)("%s", (_, one) => {
    const module = build(one).eval();
    const [x] = inputsOf(one) as [Tensor];
    const target = ops.mul(module.forward(x), 2).detach();
    const gradients = perSampleGradients(module, cost.mse, x, target);
    for (let p = 0; p < (x.shape[0] as number); p++) {
      const sample = (from: Tensor): Tensor => ops.slice(from, 0, { start: p, end: p + 1 });
      module.zeroGrad();
      cost.mse(module.forward(sample(x)), sample(target)).backward();
      for (const [name, w] of module.namedParameters()) {
        const own = ops.reshape(sample(gradients[name] as Tensor), w.shape);
        expectNumbersClose(own.data, [...(w.grad as Tensor).data], undefined, name);
      }
    }
  });
});

const learning = differentiable.filter(([, one]) => {
  const module = build(one).eval();
  return module.parameters().length > 0 && module.forward(...inputsOf(one)).requiresGrad;
});

describe("parameters", () => {
  test.each(learning)("of a copy learn while those of %s stay", (_, one) => {
    const [module, inputs] = [build(one).eval(), inputsOf(one)];
    module.forward(...inputs); // may shorten rows that are too long
    const [copy, before] = [module.clone(), valuesOf(module)];
    const optimizer = new optim.SGD(copy.parameters(), { lr: 0.1 });
    ops.sum(ops.square(copy.forward(...inputs))).backward();
    optimizer.step();
    expect(valuesOf(copy)).not.toEqual(before);
    expect(valuesOf(module)).toEqual(before);
    expect(module.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test.each(learning)("that are frozen get no gradient, and the inputs of %s the same", (_, one) => {
    const module = build(one);
    for (const w of module.parameters()) w.requiresGrad = false;
    let inputs: Tensor[] = [];
    let y: Tensor | undefined;
    for (let call = 0; call < one.own.calls; call++) {
      inputs = inputsOf(one, { scale: 2 ** call, requiresGrad: true });
      y = module.forward(...inputs);
    }
    const floats = floatsOf(one, inputs);
    expect(y?.requiresGrad).toBe(floats.size > 0);
    if (floats.size === 0) return;
    y?.backward({ gradient: fromOracle(one.row.dy as OracleTensor) });
    for (const [name, x] of floats) {
      expectClose(x.grad, one.row.gradients?.[name] as OracleTensor, undefined, name);
    }
    expect(module.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test.each(learning)("of float32 do not go with inputs of float64 in %s", (_, one) => {
    const module = build(one, "float32");
    const inputs = inputsOf(one);
    if (floatsOf(one, inputs).size === 0) return;
    expect(() => module.forward(...inputs)).toThrow(DTypeError);
  });
});

describe("summary names the module and its output's shape, and leaves it as it was", () => {
  test.each(ofOneInput.filter(([, one]) => floatsOf(one, inputsOf(one)).size === 1))("%s", (_, one) => {
    const module = build(one);
    const before = valuesOf(module);
    const [x] = inputsOf(one) as [Tensor];
    const text = nn.summary(module, x.shape, { dtype: x.dtype });
    expect(text).toContain(`[${(one.row.ys[0] as OracleTensor).shape.join(", ")}]`);
    for (const [, part] of module.namedModules()) {
      if ([...part.namedChildren()].length === 0) expect(text).toContain(part.constructor.name);
    }
    expect([valuesOf(module), module.training]).toEqual([before, one.own.training]);
  });
});
