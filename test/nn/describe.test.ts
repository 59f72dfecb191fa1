// What holds for the description of every module that nn has, and of every class that is registered.
import { describe, expect, test } from "vitest";
import {
  compile,
  DataError,
  deserialize,
  manualSeed,
  nn,
  ones,
  ops,
  registerClass,
  serialize,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { buildModel } from "../../lib/nn/build.js";
import { describeModel } from "../../lib/nn/describe.js";
import { registeredModule } from "../../lib/nn/registry.js";
import { moduleCases } from "../oracle/nets.js";
import { build, CASES, inputsOf } from "./cases.js";

/** The model that the description of another gives after a way through JSON, with the values of that other. */
function again(model: nn.Module): nn.Module {
  const state = model.stateDict();
  const made = buildModel("again", JSON.parse(JSON.stringify(describeModel(model))), {
    elements: Object.values(state).reduce((sum, { size }) => sum + size, 0),
    tensorAt: (name) => (Object.hasOwn(state, name) ? state[name] : undefined),
  });
  made.loadStateDict(Object.fromEntries(Object.entries(state).map(([name, w]) => [name, ops.mul(w, 1)])));
  return made;
}

const bits = ({ data }: Tensor): number[] => [
  ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
];

function outputOf(module: nn.Module, inputs: readonly Tensor[]): Tensor {
  manualSeed(3);
  return module.forward(...inputs);
}

describe.each(moduleCases().map((own, i) => [`${own.name} ${own.note ?? i}`, own] as const))(
  "%s",
  (_, own) => {
    test("is made again from its description, with the same state, class and text", () => {
      const model = own.make();
      const made = again(model);
      expect(Object.entries(made.stateDict()).map(([name, w]) => [name, w.dtype, w.shape, bits(w)])).toEqual(
        Object.entries(model.stateDict()).map(([name, w]) => [name, w.dtype, w.shape, bits(w)]),
      );
      expect(Object.getPrototypeOf(made)).toBe(Object.getPrototypeOf(model));
      expect(describeModel(made)).toEqual(describeModel(model));
      expect(String(made)).toBe(String(model));
    });

    test("has the name in files under which nn exports it", () => {
      const kind = own.make().constructor;
      expect(registeredModule(kind)?.name).toBe(own.name);
      expect(Reflect.get(nn, own.name)).toBe(kind);
    });

    test("keeps its mode, and what is frozen", () => {
      const model = own.make().eval();
      for (const parameter of model.parameters()) parameter.requiresGrad = false;
      const made = again(model);
      expect(Array.from(made.namedModules(), ([, one]) => one.training)).not.toContain(true);
      expect(made.parameters().some(({ requiresGrad }) => requiresGrad)).toBe(false);
    });
  },
);

describe.each(CASES)("%s", (_, one) => {
  test("gives the same bits after a way through a file", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const model = build(one, dtype);
      const made = deserialize(serialize(model));
      const inputs = inputsOf(one, { dtype });
      for (let call = 0; call < one.own.calls; call++) {
        expect(bits(outputOf(made, inputs))).toEqual(bits(outputOf(model, inputs)));
      }
      expect(JSON.stringify(made.stateDict())).toBe(JSON.stringify(model.stateDict()));
    }
  });
});

/** A user's class with arguments of all kinds. */
class Block extends nn.Module {
  readonly scale: nn.Parameter;
  readonly offset: nn.Buffer;
  readonly notes: { readonly list: readonly unknown[] };
  constructor(
    readonly inner: nn.Module,
    readonly width: number,
    options: { readonly offset?: Tensor; readonly notes?: { list: unknown[] } } = {},
  ) {
    super();
    this.scale = new nn.Parameter(ones([width]));
    this.offset = new nn.Buffer(options.offset ?? zeros([width]));
    this.notes = options.notes ?? { list: [] };
  }
  forward(x: Tensor): Tensor {
    return ops.add(ops.mul(this.inner.forward(x), this.scale), this.offset);
  }
}
registerClass("Block", Block, {
  takes: ["inner", "width"],
  options: ({ offset, notes }) => ({ offset, notes }),
});

class Stranger extends nn.Module {
  readonly layer = new nn.Linear(2, 2);
  forward(x: Tensor): Tensor {
    return this.layer.forward(x);
  }
}

describe("a registered class", () => {
  test("is made again with modules, tensors, numbers and lists among its arguments", () => {
    const list = [-0, Number.NaN, Number.NEGATIVE_INFINITY, "x", [true, null], { deep: [1e-300] }];
    const model = new Block(new nn.Linear(2, 3), 3, { offset: tensor([1, 2, 3]), notes: { list } });
    const made = deserialize(serialize(model)) as Block;
    expect(made).toBeInstanceOf(Block);
    expect(made.notes).toEqual({ list });
    expect(Object.is(made.notes.list[0], -0)).toBe(true);
    const x = ones([2, 2]);
    expect(bits(made.forward(x))).toEqual(bits(model.forward(x)));
  });

  test("shares what was shared: modules, parameters and buffers", () => {
    const shared = new nn.Linear(3, 3);
    const tied = new nn.Linear(3, 3);
    Object.assign(tied, { weight: shared.weight });
    const model = new nn.Sequential(shared, new nn.Tanh(), shared, tied, new Block(tied, 3));
    const bytes = serialize(model);
    const made = deserialize(bytes) as nn.Sequential;
    const [a, , b, c, d] = made.modules as [nn.Linear, nn.Module, nn.Linear, nn.Linear, Block];
    expect([a === b, a.weight === c.weight, a.bias === c.bias, d.inner === c]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(Object.keys(made.stateDict())).toEqual(Object.keys(model.stateDict()));
    // Written once.
    expect(bytes.length).toBeLessThan(3000);
  });

  test("keeps the modes of single modules and single frozen parameters", () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new nn.Dropout(0.5)));
    model.modules[1]?.eval();
    (model.modules[0] as nn.Linear).weight.requiresGrad = false;
    const made = deserialize(serialize(model)) as nn.Sequential;
    expect(Array.from(made.namedModules(), ([, { training }]) => training)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(made.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual([false, true]);
  });

  test("is refused twice, and under a name of nn", () => {
    class Other extends nn.Module {
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => registerClass("Linear", Other)).toThrow('there is a class "Linear" already');
    expect(() => registerClass("Second", Block, {})).toThrow('registered as "Block" already');
    expect(() => registerClass("Other", class {} as never)).toThrow("a class that extends nn.Module");
    expect(() => registerClass("Other", Other, { take: [] } as never)).toThrow('did you mean "takes"?');
  });

  test("tells which option it cannot keep", () => {
    const of = (list: unknown[]) => () => serialize(new Block(new nn.Linear(2, 3), 3, { notes: { list } }));
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(of([() => 1])).toThrow("serialize: the option notes of a Block: expected numbers, strings");
    expect(of([ones([1])])).toThrow(
      "the option notes of a Block is a tensor that is neither a parameter nor a buffer",
    );
    expect(of([cyclic])).toThrow("the option notes of a Block holds itself");
    expect(of([{ $module: 1 }])).toThrow("names that begin with $ are taken");
    expect(of([new Date(0)])).toThrow("got a Date");
  });
});

describe("a class that is not registered", () => {
  test("is saved, and loaded into a model that is given", () => {
    const model = new nn.Sequential(new Stranger(), new nn.Linear(2, 1));
    const bytes = serialize(model);
    expect(() => deserialize(bytes)).toThrow(
      new DataError(
        'deserialize: the description of the model: it is a "Stranger", which was not registered when it was saved; give the model to be filled: load(path, new Stranger()), or call registerClass("Stranger", Stranger) before saving it',
      ),
    );
    const other = new nn.Sequential(new Stranger(), new nn.Linear(2, 1));
    expect(deserialize(bytes, other)).toBe(other);
    expect(bits(other.forward(ones([1, 2])))).toEqual(bits(model.forward(ones([1, 2]))));
  });

  test("may have the name of a module of nn, or extend one", () => {
    class ReLU extends nn.Module {
      forward(x: Tensor): Tensor {
        return ops.neg(x);
      }
    }
    class Wide extends nn.Linear {}
    for (const model of [new ReLU(), new Wide(2, 2)]) {
      expect(() => deserialize(serialize(model))).toThrow(DataError);
    }
  });

  test("is what an object with a forward of its own is, but not one with hooks", () => {
    const odd = new nn.Linear(2, 2);
    odd.forward = (x) => x;
    expect(() => deserialize(serialize(odd))).toThrow('it is a "Linear", which was not registered');
    const hooked = new nn.Linear(2, 2);
    hooked.registerForwardHook(() => undefined);
    expect(String(deserialize(serialize(hooked)))).toBe(String(hooked));
  });
});

test("a description that numbers a module by anything but a number before it is refused", () => {
  for (const same of ["map", "length", 1.5, -1, 7, null, {}]) {
    const described = {
      format: "thalweg",
      version: 1,
      class: "Sequential",
      options: { modules: [{ $module: { class: "ReLU" } }, { $module: { same } }] },
    };
    const make = () => buildModel("again", described, { elements: 0, tensorAt: () => undefined });
    expect(make).toThrow(DataError);
    if (same !== null) expect(make).toThrow("expected the number of a module before it");
  }
});

test("as many modules as do not fit a file are refused when they are saved, and when they are read", () => {
  class Long extends nn.Module {
    constructor(readonly list: readonly nn.Module[] = []) {
      super();
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  registerClass("Long", Long, { rest: "list" } as never);
  const relu = new nn.ReLU();
  expect(() => serialize(new Long(new Array(50_001).fill(relu)))).toThrow(
    "serialize: a Long has 50001 list, of which a file may have 50000",
  );
  const modules = [{ $module: { class: "ReLU" } }, ...new Array(500_000).fill({ $module: { same: 1 } })];
  const described = { format: "thalweg", version: 1, class: "Sequential", options: { modules } };
  expect(() => buildModel("again", described, { elements: 0, tensorAt: () => undefined })).toThrow(
    "expected at most 50000 modules of a Sequential, got 500001",
  );
  modules.length = 50_000;
  const made = buildModel("again", described, { elements: 0, tensorAt: () => undefined });
  expect(describeModel(made)).toMatchObject({ class: "Sequential" });
});

test("an embedding of given vectors comes back with them, frozen as they were", () => {
  const vectors = tensor([
    [1, 2],
    [3, 4],
  ]);
  for (const freeze of [true, false]) {
    const made = deserialize(serialize(nn.Embedding.fromPretrained(vectors, { freeze }))) as nn.Embedding;
    expect([made.weight.toArray(), made.weight.requiresGrad]).toEqual([vectors.toArray(), !freeze]);
  }
});

test("a model that was compiled and trained in float64 comes back as it is", () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3)).to("float64");
  compile((x: Tensor) => model.forward(x))(ones([4, 2], { dtype: "float64" }));
  const made = deserialize(serialize(model));
  expect(JSON.stringify(made.stateDict())).toBe(JSON.stringify(model.stateDict()));
});

test("the default generator stays where it is", () => {
  const bytes = serialize(new nn.Linear(3, 3));
  manualSeed(5);
  const expected = new nn.Linear(2, 2).weight.toArray();
  manualSeed(5);
  deserialize(bytes);
  expect(new nn.Linear(2, 2).weight.toArray()).toEqual(expected);
});
