// loadStateDict and to change everything or nothing.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BusyError,
  compile,
  DetachedError,
  DTypeError,
  deserialize,
  fromTypedArray,
  nn,
  ones,
  ops,
  registerClass,
  ShapeError,
  saveCheckpointSync,
  serialize,
  type Tensor,
  type ThalwegError,
  tensor,
  toJSON,
  zeros,
} from "../../lib/index.js";

const make = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3), new nn.Linear(3, 1));
const good = (): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(make().stateDict()).map(([name, { shape, dtype }]) => [
      name,
      ops.add(zeros(shape, { dtype }), 7),
    ]),
  );
const names = Object.keys(good());
const valuesOf = (model: nn.Module): unknown =>
  Object.entries(model.stateDict()).map(([name, w]) => [name, w.toArray()]);

function transfer({ data }: Tensor): void {
  structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
}

describe("after a refused loadStateDict everything is as it was", () => {
  test.each(names)("where %s is wrong", (name) => {
    const model = make();
    const before = valuesOf(model);
    const size = good()[name]?.size as number;
    const detached = zeros([...(good()[name]?.shape ?? [])], { dtype: good()[name]?.dtype ?? "float32" });
    transfer(detached);
    const wrong: [value: unknown, kind: typeof ThalwegError | typeof ShapeError, message: RegExp][] = [
      [ones([size + 1]), ShapeError, /expected shape/],
      [ones([...(good()[name]?.shape ?? [])], { dtype: "float64" }), DTypeError, /expected (float|int)32/],
      [null, ArgumentError, /to be a tensor, got null/],
      [detached, DetachedError, /of the state: its buffer of \d elements was transferred/],
    ];
    for (const [value, kind, message] of wrong) {
      const load = (): unknown => model.loadStateDict({ ...good(), [name]: value as Tensor });
      expect(load).toThrow(kind as typeof ShapeError);
      expect(load).toThrow(message);
      expect(load).toThrow(name);
      expect(valuesOf(model)).toEqual(before);
    }
    model.loadStateDict(good());
    expect(Object.values(model.stateDict()).every((w) => [...w.data].every((v) => v === 7))).toBe(true);
  });

  test.each(names)("where the module's own %s was transferred", (name) => {
    const model = make();
    const own = model.stateDict();
    const others = names.filter((other) => other !== name);
    const before = others.map((other) => own[other]?.toArray());
    transfer(own[name] as Tensor);
    expect(() => model.loadStateDict(good())).toThrow(DetachedError);
    expect(() => model.loadStateDict(good())).toThrow(`loadStateDict: ${name}: its buffer of`);
    expect(others.map((other) => own[other]?.toArray())).toEqual(before);
  });

  test("where a run reads the last of its tensors", async () => {
    const model = make();
    const other = make();
    const last = (model.modules[2] as nn.Linear).bias as Tensor;
    const before = valuesOf(model);
    const reading = compile((x: Tensor) => ops.add(x, last)).runAsync(ones([1]));
    const load = (): unknown => model.loadStateDict(good());
    expect(load).toThrow(BusyError);
    expect(load).toThrow(/^loadStateDict: 2\.bias: /);
    // A run that only reads is not in the way of another reader.
    other.loadStateDict(model.stateDict());
    await reading;
    expect(valuesOf(model)).toEqual(before);
    expect(valuesOf(other)).toEqual(before);
  });
});

describe("a state of shared memory", () => {
  class Pair extends nn.Module {
    readonly a = new nn.Parameter(tensor([1, 2]));
    readonly b = new nn.Parameter(tensor([3, 4]));
    forward(x: Tensor): Tensor {
      return x;
    }
  }

  test("of the module itself in other places is read before it is written", () => {
    const pair = new Pair();
    pair.loadStateDict({ a: pair.b, b: pair.a });
    expect([pair.a.toArray(), pair.b.toArray()]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    pair.loadStateDict({ a: fromTypedArray(pair.b.data), b: fromTypedArray(pair.a.data) });
    expect([pair.a.toArray(), pair.b.toArray()]).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("of the module itself in its own places changes nothing", () => {
    const pair = new Pair();
    pair.loadStateDict(pair.stateDict());
    expect([pair.a.toArray(), pair.b.toArray()]).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("whose entries are one tensor fills each", () => {
    const pair = new Pair();
    const both = tensor([5, 6]);
    pair.loadStateDict({ a: both, b: both });
    both.data.fill(0);
    pair.a.data[0] = 9;
    expect([pair.a.toArray(), pair.b.toArray()]).toEqual([
      [9, 6],
      [5, 6],
    ]);
  });
});

test("names that every object inherits are missing where the state does not have them", () => {
  class Odd extends nn.Module {
    readonly toString2 = new nn.Parameter(ones([1]));
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  const odd = new Odd();
  Object.defineProperty(odd, "valueOf", { value: new nn.Parameter(ones([1])), enumerable: true });
  expect(() => odd.loadStateDict({ toString2: zeros([1]) })).toThrow(
    new ArgumentError("loadStateDict: missing: valueOf; unknown: none"),
  );
});

describe("two tensors of one name", () => {
  class Means extends nn.Module {
    readonly runMean = new nn.Buffer(tensor([1]));
    readonly run_mean: Tensor;
    constructor(other: (own: nn.Buffer) => Tensor) {
      super();
      this.run_mean = other(this.runMean);
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Dotted extends nn.Module {
    readonly a = new nn.Linear(1, 1, { bias: false });
    readonly "a.weight" = new nn.Parameter(ones([1, 1]));
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  test.each([
    [
      new Means(() => new nn.Buffer(tensor([2]))),
      'the buffer "runMean" of a Means and the buffer "run_mean" of a Means both have the name "run_mean"',
    ],
    [
      new Means(() => new nn.Parameter(tensor([2]))),
      'the parameter "run_mean" of a Means and the buffer "runMean" of a Means both have the name "run_mean"',
    ],
    [
      new Dotted(),
      'the parameter "a.weight" of a Dotted and the parameter "weight" of a Linear both have the name "a.weight"',
    ],
  ])("are refused by all that goes by names", (model, message) => {
    const name = message.split('"').at(-2) as string;
    for (const [where, act] of [
      ["stateDict", () => model.stateDict()],
      ["loadStateDict", () => model.loadStateDict({ [name]: ones([1]) })],
      ["serialize", () => serialize(model)],
      ["stateDict", () => toJSON(model)],
      ["loadStateDict", () => deserialize(serialize({ [name]: ones([1]) }), model)],
      ["stateDict", () => saveCheckpointSync("never.safetensors", { model })],
    ] as const) {
      expect(act).toThrow(ArgumentError);
      expect(act).toThrow(`${where}: ${message}`);
    }
  });

  test("are none where it is one tensor", () => {
    const model = new Means((own) => own);
    expect(Object.keys(model.stateDict())).toEqual(["run_mean"]);
    model.loadStateDict({ run_mean: tensor([5]) });
    expect(model.runMean.item()).toBe(5);
    deserialize(serialize({ run_mean: tensor([6]) }), model);
    expect([model.run_mean.item(), Object.keys(model.stateDict())]).toEqual([6, ["run_mean"]]);
  });

  test("that are one tensor are so again in a model that a file makes", () => {
    class Both extends nn.Module {
      readonly runMean = new nn.Buffer(tensor([1]));
      run_mean = new nn.Buffer(tensor([1]));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    registerClass("BothMeans", Both);
    const model = new Both();
    model.run_mean = model.runMean;
    const made = deserialize(serialize(model)) as Both;
    expect(made.run_mean).toBe(made.runMean);
    expect(() => serialize(new Both())).toThrow('both have the name "run_mean"');
  });
});

describe("to", () => {
  test("changes no parameter where one's memory is gone", () => {
    const model = make();
    const before = model.parameters();
    transfer(before.at(-1) as Tensor);
    expect(() => model.to("float64")).toThrow(DetachedError);
    expect(model.parameters()).toEqual(before);
    expect(model.parameters().map(({ dtype }) => dtype)).not.toContain("float64");
  });

  test("keeps shared what shares memory", () => {
    class Tied extends nn.Module {
      readonly weight = new nn.Parameter(ones([2]));
      readonly same = this.weight;
      readonly mean = new nn.Buffer(this.weight);
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const tied = new Tied().to("float64");
    expect(tied.same).toBe(tied.weight);
    tied.weight.data[0] = 5;
    expect([tied.mean.dtype, tied.mean.toArray()]).toEqual(["float64", [5, 1]]);
  });
});

describe("strict false", () => {
  test("loads what fits, and reports missing, unexpected and misshapen entries", () => {
    const model = make();
    const before = model.stateDict()["2.bias"]?.toArray();
    const state: Record<string, Tensor> = { ...good(), "2.bias": ones([4]), other: ones([1]) };
    delete state["0.bias"];
    expect(() => model.loadStateDict(state)).toThrow("missing: 0.bias; unknown: other");
    expect(model.loadStateDict(state, { strict: false })).toEqual({
      missingKeys: ["0.bias"],
      unexpectedKeys: ["other"],
      mismatched: [{ name: "2.bias", expected: [1], found: [4] }],
    });
    expect(model.stateDict()["2.bias"]?.toArray()).toEqual(before);
    expect(model.stateDict()["0.weight"]?.toArray()).toEqual(good()["0.weight"]?.toArray());
  });

  test("changes nothing where a dtype is wrong or a name has no tensor", () => {
    const model = make();
    const before = valuesOf(model);
    for (const [value, kind] of [
      [ones([1], { dtype: "float64" }), DTypeError],
      ["x", ArgumentError],
    ] as const) {
      const load = (): unknown =>
        model.loadStateDict({ ...good(), "2.bias": value as Tensor }, { strict: false });
      expect(load).toThrow(kind);
      expect(valuesOf(model)).toEqual(before);
    }
  });

  test("with everything in place reports nothing, as strict does", () => {
    const nothing = { missingKeys: [], unexpectedKeys: [], mismatched: [] };
    expect(make().loadStateDict(good(), { strict: false })).toEqual(nothing);
    expect(make().loadStateDict(good())).toEqual(nothing);
  });
});

describe("rename", () => {
  const prefixed = (): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(good()).map(([name, w]) => [`module.${name}`, w]));

  test("takes prefixes off, and null leaves an entry out", () => {
    const model = make();
    const rename = (name: string): string | null => (name === "epoch" ? null : name.replace(/^module\./, ""));
    model.loadStateDict({ ...prefixed(), epoch: ones([]) }, { rename });
    expect(Object.values(model.stateDict()).every((w) => [...w.data].every((v) => v === 7))).toBe(true);
  });

  test("refuses two entries of one name, and what is no name", () => {
    const model = make();
    const before = valuesOf(model);
    const strip = (name: string): string => name.replace(/^module\./, "");
    expect(() => model.loadStateDict({ ...prefixed(), ...good() }, { rename: strip })).toThrow(
      new ArgumentError(
        'loadStateDict: rename gives both "module.0.weight" and "0.weight" the name "0.weight"',
      ),
    );
    const load = (rename: unknown) => () => model.loadStateDict(good(), { rename: rename as () => null });
    expect(load(() => 1)).toThrow('expected rename to give a name, or null, for "0.weight", got 1');
    expect(load("x")).toThrow("expected rename to be a function");
    expect(valuesOf(model)).toEqual(before);
  });
});

describe("a tensor that is shared within the module", () => {
  const tied = (): nn.Sequential => {
    const [first, last] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
    Object.assign(last, { weight: first.weight });
    return new nn.Sequential(first, last, first);
  };
  const state = (name: string): Record<string, Tensor> => ({
    [name]: ones([2, 2]),
    "0.bias": ones([2]),
    "1.bias": ones([2]),
  });

  test.each(["0.weight", "1.weight", "2.weight"])("is found under its name %s", (name) => {
    const model = tied();
    model.loadStateDict(state(name));
    expect((model.modules[1] as nn.Linear).weight.toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test("may stand there twice with equal values only", () => {
    const model = tied();
    model.loadStateDict({ ...state("0.weight"), "2.weight": ones([2, 2]) });
    const before = valuesOf(model);
    expect(() => model.loadStateDict({ ...state("0.weight"), "1.weight": zeros([2, 2]) })).toThrow(
      'loadStateDict: "0.weight" and "1.weight" are one tensor of the module, but have different values',
    );
    expect(valuesOf(model)).toEqual(before);
  });
});
