// A copy of a model is a model of its own.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  DetachedError,
  GraphError,
  nn,
  ones,
  ops,
  optim,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

class Deep extends nn.Module {
  readonly layers: readonly nn.Linear[];
  readonly named = { scale: new nn.Parameter(ones([3])) };
  readonly list: nn.ModuleList<nn.Linear>;
  readonly dict = new nn.ModuleDict({ drop: new nn.Dropout(0.5) });
  readonly norm = new nn.BatchNorm1d(3);
  readonly mean = new nn.Buffer(ones([3]));
  readonly plain = tensor([1, 2, 3]);
  readonly activation = (x: Tensor): Tensor => ops.tanh(x);
  private readonly sizes = new Map([["in", [3]]]);

  constructor() {
    super();
    const tied = new nn.Linear(3, 3);
    this.layers = [tied, new nn.Linear(3, 3)];
    this.list = new nn.ModuleList([tied, this.layers[1] as nn.Linear]);
  }

  get features(): number {
    return this.sizes.get("in")?.[0] ?? 0;
  }

  forward(x: Tensor): Tensor {
    const z = this.layers.reduce((y, layer) => this.activation(layer.forward(y)), x);
    const shifted = ops.mul(ops.add(z, ops.add(this.mean, this.plain)), this.named.scale);
    return (this.dict.get("drop") as nn.Dropout).forward(this.norm.forward(shifted));
  }
}

const x = tensor([
  [1, 2, 3],
  [3, 1, 0],
]);

test("a copy computes the same, and shares no memory", () => {
  const model = new Deep().eval();
  const copy = model.clone();
  expect(copy).toBeInstanceOf(Deep);
  expect([copy.training, copy.dict.get("drop")?.training, copy.features]).toEqual([false, false, 3]);
  const y = model.forward(x).toArray();
  expect(copy.forward(x).toArray()).toEqual(y);
  expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
  for (const tensor of [...copy.parameters(), copy.mean, copy.plain, copy.named.scale]) tensor.data.fill(9);
  copy.norm.runningMean?.data.fill(9);
  expect(model.forward(x).toArray()).toEqual(y);
  expect(copy.forward(x).toArray()).not.toEqual(y);
});

test("what is there twice is there twice in the copy", () => {
  const model = new Deep();
  const copy = model.clone();
  expect(copy.list.at(0)).toBe(copy.layers[0]);
  expect(copy.list.at(0)).not.toBe(model.layers[0]);
  expect(copy.parameters()).toHaveLength(model.parameters().length);
});

test("frozen parameters stay frozen, and gradients are not copied", () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  const [weight, bias] = model.parameters() as [nn.Parameter, nn.Parameter];
  bias.requiresGrad = false;
  ops.sum(model.forward(x)).backward();
  const copy = model.clone();
  expect(weight.grad).not.toBeNull();
  expect(copy.parameters().map((w) => [w.requiresGrad, w.grad])).toEqual([
    [true, null],
    [false, null],
  ]);
});

test("the copy trains, compiled too, while the model stays", () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
  const copy = model.clone();
  const before = model.parameters().map((w) => w.toArray());
  const optimizer = new optim.SGD(copy.parameters(), { lr: 0.1 });
  const step = compile((input: Tensor) => {
    optimizer.zeroGrad();
    const loss = cost.mse(copy.forward(input), ones([2, 1]));
    loss.backward();
    optimizer.step();
    return loss;
  });
  const first = step(x).item();
  for (let i = 0; i < 20; i++) step(x);
  expect(step(x).item()).toBeLessThan(first);
  expect(model.parameters().map((w) => w.toArray())).toEqual(before);
});

/** Gives what the fields of a module become in its copy. */
class Holder<T> extends nn.Module {
  constructor(readonly held: T) {
    super();
  }

  forward(input: Tensor): Tensor {
    return input;
  }
}

describe("fields", () => {
  const copied = <T>(held: T): T => new Holder(held).clone().held;

  test("of memory are copied, and views of one memory stay so", () => {
    const memory = Float64Array.of(1, 2, 3, 4);
    const held = { memory, half: memory.subarray(2), bytes: new DataView(memory.buffer, 8, 8) };
    const copy = copied({ ...held, buffer: memory.buffer, node: Buffer.from("ab") });
    expect(copy.memory).toEqual(memory);
    copy.memory.set([5, 6, 7, 8]);
    expect([copy.half, copy.bytes.getFloat64(0, true)]).toEqual([Float64Array.of(7, 8), 6]);
    expect(copy.buffer).toBe(copy.memory.buffer);
    expect([copy.node.toString(), Buffer.isBuffer(copy.node)]).toEqual(["ab", true]);
    expect(memory).toEqual(Float64Array.of(1, 2, 3, 4));
  });

  test("of tensors over one memory are copied to tensors over one memory", () => {
    const plain = tensor([1, 2]);
    const [own, other, state] = copied([plain, new nn.Parameter(plain), new nn.Buffer(plain)]);
    (own as Tensor).data[0] = 9;
    expect([other?.toArray(), state?.toArray(), plain.toArray()]).toEqual([
      [9, 2],
      [9, 2],
      [1, 2],
    ]);
    expect([other, state].map((one) => one?.constructor)).toEqual([nn.Parameter, nn.Buffer]);
  });

  test("of lists, maps, sets and objects are copied with all that is in them", () => {
    const w = new nn.Parameter(ones([2]));
    const key = Symbol("key");
    const bare = Object.assign(Object.create(null) as Record<string, unknown>, { w });
    const copy = copied({ list: [w, [w]], map: new Map([[w, { w }]]), set: new Set([w]), bare, [key]: w });
    const own = copy.list[0];
    expect(own).not.toBe(w);
    expect(own).toBeInstanceOf(nn.Parameter);
    expect((copy.list[1] as Tensor[])[0]).toBe(own);
    expect([...copy.map].flatMap(([name, value]) => [name, value.w])).toEqual([own, own]);
    expect([...copy.set, copy.bare["w"], copy[key]].every((one) => one === own)).toBe(true);
    expect(Object.getPrototypeOf(copy.bare)).toBeNull();
  });

  test("of objects of other classes are copied where they lead to tensors, and shared elsewhere", () => {
    class State {
      readonly inner: unknown;
      constructor(inner: unknown) {
        this.inner = inner;
      }
    }
    const [state, logger] = [new State([new Map([["h", zeros([2])]])]), new State(new Date(0))];
    const copy = copied({ state, logger });
    expect(copy.state).toBeInstanceOf(State);
    expect(copy.state).not.toBe(state);
    expect(copy.state).toEqual(state);
    expect(copy.logger).toBe(logger);
  });

  test("that go round in a circle are copied as one", () => {
    const holder = new Holder<unknown[]>([]);
    holder.held.push(holder, holder.held);
    const copy = holder.clone();
    expect(copy.held[0]).toBe(copy);
    expect(copy.held[1]).toBe(copy.held);
    expect(copy).not.toBe(holder);
  });
});

describe("a class with members that begin with #", () => {
  class Gate extends nn.Module {
    readonly layer = new nn.Linear(3, 3);
    readonly twice = (input: Tensor): Tensor => this.#scaled(this.#scaled(input));
    #alias = this.layer;
    readonly #factor: number;

    constructor(factor: number) {
      super();
      this.#factor = factor;
    }

    protected override cloneWith(copy: <T>(value: T) => T): nn.Module {
      const gate = new Gate(this.#factor);
      gate.#alias = copy(this.#alias);
      return gate;
    }

    forward(input: Tensor): Tensor {
      return this.#alias.forward(this.twice(input));
    }

    #scaled(input: Tensor): Tensor {
      return ops.mul(input, this.#factor);
    }
  }

  test("is copied by its cloneWith, within another model too", () => {
    const gate = new Gate(3);
    gate.layer.weight.requiresGrad = false;
    const model = new nn.Sequential(gate, gate.layer).eval();
    const copy = model.clone();
    const own = copy.modules[0] as Gate;
    expect(own.layer).toBe(copy.modules[1]);
    expect([own.training, own.layer.weight.requiresGrad, own.layer.bias?.requiresGrad]).toEqual([
      false,
      false,
      true,
    ]);
    const y = model.forward(x).toArray();
    expect(copy.clone().forward(x).toArray()).toEqual(y);
    // Its # members and the functions that its constructor made are the copy's.
    own.layer.weight.data.fill(0);
    own.layer.bias?.data.fill(1);
    expect(own.forward(x).toArray()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(model.forward(x).toArray()).toEqual(y);
  });

  test("has the hooks of the original, and not those of its constructor twice", () => {
    let calls = 0;
    class Counting extends nn.Module {
      #calls = 1;
      constructor() {
        super();
        this.registerForwardHook(() => {
          calls += this.#calls;
        });
      }
      protected override cloneWith(): nn.Module {
        return new Counting();
      }
      forward(input: Tensor): Tensor {
        return input;
      }
    }
    new Counting().clone().clone().forward(x);
    expect(calls).toBe(1);
  });

  const forward = (input: Tensor): Tensor => input;
  const refused: Readonly<Record<string, [make: () => nn.Module, message: RegExp | string]>> = {
    "and no cloneWith": [
      () =>
        new (class Field extends Holder<number> {
          #scale = 2;
          override forward(input: Tensor): Tensor {
            return ops.mul(input, this.#scale);
          }
        })(1),
      'clone: Field has private members (#scale) that cannot be copied from outside: give Field a method cloneWith, or make them private by TypeScript\'s "private"',
    ],
    "that are methods": [
      () =>
        new (class Method extends Holder<number> {
          override forward(input: Tensor): Tensor {
            return this.#same(input);
          }
          #same(input: Tensor): Tensor {
            return input;
          }
        })(1),
      /^clone: Method has private members \(#same\)/,
    ],
    "in a class above": [
      () => {
        class Above extends Holder<number> {
          #n = 1;
          next = (): number => this.#n++;
        }
        return new (class Below extends Above {})(1);
      },
      /^clone: Below has private members \(#n\).*: give Above a method cloneWith/,
    ],
    "below the class whose cloneWith it is": [
      () =>
        new (class Below extends Gate {
          #n = 1;
          next(): number {
            return this.#n++;
          }
        })(1),
      /^clone: Below has private members \(#n\)/,
    ],
    "as TypeScript writes them for older targets": [
      () => {
        const text = `(class Old extends Base { constructor() { super(); _Old_n.set(this, 1); }
          next() { return __classPrivateFieldGet(this, _Old_n, "f"); } })`;
        const Old = new Function("Base", "_Old_n", `return ${text}`)(Holder, new WeakMap());
        return new Old();
      },
      /^clone: Old has private members \(by WeakMap\)/,
    ],
    "in an object that holds tensors": [
      () => {
        class Average {
          readonly mean = zeros([2]);
          #count = 0;
          next(): number {
            return this.#count++;
          }
        }
        return new Holder({ average: new Average() });
      },
      "clone: the field held of a Holder holds tensors by a Average, which has private members (#count) that cannot be copied from outside",
    ],
  };

  test.each(Object.keys(refused))("%s is refused, and within another model too", (name) => {
    const [make, message] = refused[name] as [() => nn.Module, RegExp | string];
    const module = make();
    module.forward = forward;
    for (const model of [module, new nn.Sequential(new nn.Linear(2, 2), module)]) {
      expect(() => model.clone()).toThrow(ArgumentError);
      expect(() => model.clone()).toThrow(message);
    }
  });

  test("that are the class's own, or only spoken of, is copied", () => {
    class Counted extends Holder<string> {
      static #made = 0;
      static #next(): number {
        return ++Counted.#made;
      }
      readonly number = Counted.#next(); // not this.number
      readonly colour = "#fff";
    }
    const counted = new Counted("#held");
    expect(counted.clone()).toMatchObject({ number: 1, colour: "#fff", held: "#held" });
  });

  test.each([
    ["nothing", () => undefined, "got undefined"],
    ["itself", (own: nn.Module) => own, "got a Wrong"],
    ["another class", () => new nn.ReLU(), "got a ReLU"],
  ])("refuses a cloneWith that gives %s", (_, make, message) => {
    class Wrong extends Holder<number> {
      protected override cloneWith(): nn.Module {
        return make(this) as nn.Module;
      }
    }
    expect(() => new Wrong(1).clone()).toThrow(
      new ArgumentError(`clone: expected cloneWith of a Wrong to give another Wrong, ${message}`),
    );
  });

  test("refuses a cloneWith that needs its own copy", () => {
    class Circle extends Holder<number> {
      protected override cloneWith(copy: <T>(value: T) => T): nn.Module {
        return copy<nn.Module>(this);
      }
    }
    expect(() => new Circle(1).clone()).toThrow(
      new ArgumentError(
        "clone: cloneWith of a Circle holds the module itself, of which there is no copy yet",
      ),
    );
  });
});

describe("what stays tied to the original is refused:", () => {
  class Arrow extends nn.Module {
    readonly layer = new nn.Linear(3, 3);
    forward = (input: Tensor): Tensor => this.layer.forward(input);
  }

  test.each([
    [
      "an arrow function that is its forward",
      () => new Arrow(),
      /the field forward of a Arrow holds a function/,
    ],
    [
      "an arrow function with hooks",
      () => {
        const arrow = new Arrow();
        arrow.registerForwardHook(() => undefined);
        return arrow;
      },
      /the field forward of a Arrow holds a function/,
    ],
    [
      "a bound method",
      () => new Holder([ops.relu.bind(null)]),
      /the field held of a Holder holds a function/,
    ],
  ])("%s", (_, make, message) => {
    expect(() => make().clone()).toThrow(ArgumentError);
    expect(() => make().clone()).toThrow(message);
  });

  test("the result of an op that requires a gradient, as in PyTorch", () => {
    const holder = new Holder(ops.mul(new nn.Parameter(ones([2])), 2));
    expect(() => holder.clone()).toThrow(GraphError);
    expect(() => holder.clone()).toThrow(/^clone: the field held of a Holder holds the result of mul/);
  });

  test("other tensors in the places of parameters", () => {
    const model = new nn.Sequential(new nn.Linear(3, 2));
    const copy = (): unknown => model.withParameters({ "0.weight": zeros([2, 3]) }, () => model.clone());
    expect(copy).toThrow(
      new GraphError("clone: other tensors stand in the places of the model's parameters now"),
    );
    expect(model.clone().parameters().length).toBe(2);
  });

  test("memory that was transferred", () => {
    const array = Float32Array.of(1, 2);
    structuredClone(array, { transfer: [array.buffer] });
    expect(() => new Holder(array).clone()).toThrow(
      new DetachedError("clone: the field held of a Holder holds memory that was transferred or detached"),
    );
  });
});

test("a forward that is a field goes with the copy, under hooks too", () => {
  const holder = new Holder(1);
  holder.forward = (input) => ops.mul(input, 2);
  holder.registerForwardHook((_, __, y) => ops.add(y, 1));
  expect(
    holder
      .clone()
      .forward(ones([1]))
      .toArray(),
  ).toEqual([3]);
  expect(
    holder
      .clone()
      .clone()
      .forward(ones([1]))
      .toArray(),
  ).toEqual([3]);
});
