import { describe, expect, test } from "vitest";
import {
  checkGradients,
  cost,
  manualSeed,
  nn,
  ones,
  ops,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

/** Gain and offset of each feature, as a user would write it. */
class Scale extends nn.Module {
  readonly gain: nn.Parameter;
  readonly offset: nn.Parameter;
  readonly note = "not a parameter";
  constructor(features: number) {
    super();
    this.gain = new nn.Parameter(ones([features]));
    this.offset = new nn.Parameter(zeros([features]));
  }
  forward(x: Tensor): Tensor {
    return ops.add(ops.mul(x, this.gain), this.offset);
  }
}

class Network extends nn.Module {
  readonly first = new nn.Linear(3, 4);
  readonly scale = new Scale(4);
  readonly body = new nn.Sequential(
    new nn.Tanh(),
    new nn.Linear(4, 4),
    new nn.Sequential(new nn.Linear(4, 2)),
  );
  forward(x: Tensor): Tensor {
    return this.body.forward(this.scale.forward(this.first.forward(x)));
  }
}

const names = (module: nn.Module): string[] => Array.from(module.namedParameters(), ([name]) => name);

describe("a module of the user's own", () => {
  test("names its parameters in order, dotted as in PyTorch", () => {
    expect(names(new Network())).toEqual([
      "first.weight",
      "first.bias",
      "scale.gain",
      "scale.offset",
      "body.1.weight",
      "body.1.bias",
      "body.2.0.weight",
      "body.2.0.bias",
    ]);
    const model = new Network();
    expect(model.parameters()).toEqual(Array.from(model.namedParameters(), ([, parameter]) => parameter));
    expect(Array.from(model.namedModules(), ([name]) => name)).toEqual([
      "",
      "first",
      "scale",
      "body",
      "body.0",
      "body.1",
      "body.2",
      "body.2.0",
    ]);
    expect(Array.from(model.namedChildren(), ([name]) => name)).toEqual(["first", "scale", "body"]);
  });

  test("learns: every parameter gets a gradient, and the loss falls", () => {
    manualSeed(1);
    const model = new Network();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    const x = randn([32, 3]);
    const target = ops.mul(ops.matmul(x, randn([3, 2])), 0.5);
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      const loss = cost.squaredError(model.forward(x), target);
      optimizer.zeroGrad();
      loss.backward();
      for (const parameter of model.parameters()) expect(parameter.grad?.shape).toEqual(parameter.shape);
      optimizer.step();
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(0.2 * (losses[0] as number));
  });

  test("counts a shared module and a shared parameter once, under the first name", () => {
    class Tied extends nn.Module {
      readonly a = new nn.Linear(2, 2);
      readonly b = this.a;
      readonly c = new nn.Linear(2, 2);
      readonly weight = this.c.weight;
      forward(x: Tensor): Tensor {
        return this.b.forward(this.a.forward(x));
      }
    }
    const model = new Tied();
    expect(names(model)).toEqual(["weight", "a.weight", "a.bias", "c.bias"]);
    expect(Array.from(model.namedModules(), ([name]) => name)).toEqual(["", "a", "c"]);
    const x = ones([1, 2]);
    ops.sum(model.forward(x)).backward();
    // Used twice, so its gradient is the sum of both uses.
    const twice = model.a.bias?.grad?.toArray();
    const w = model.a.weight.toArray() as number[][];
    expect(twice).toEqual([0, 1].map((i) => expect.closeTo(1 + (w[0]?.[i] ?? 0) + (w[1]?.[i] ?? 0), 5)));
  });

  test("freezes a parameter that requires no gradient, which stays in the state", () => {
    class Frozen extends nn.Module {
      readonly fixed = new nn.Parameter(ones([2]), false);
      readonly free = new nn.Parameter(ones([2]));
      forward(x: Tensor): Tensor {
        return ops.mul(ops.mul(x, this.fixed), this.free);
      }
    }
    const model = new Frozen();
    ops.sum(model.forward(ones([2]))).backward();
    expect(model.fixed.grad).toBeNull();
    expect(model.free.grad?.toArray()).toEqual([1, 1]);
    expect(Object.keys(model.stateDict())).toEqual(["fixed", "free"]);
  });

  test("sets train and eval all the way down, and gives itself back", () => {
    const model = new Network();
    const modes = (): boolean[] => Array.from(model.namedModules(), ([, module]) => module.training);
    expect(new Set(modes())).toEqual(new Set([true]));
    expect(model.eval()).toBe(model);
    expect(new Set(modes())).toEqual(new Set([false]));
    expect(model.body.train()).toBe(model.body);
    expect(modes()).toEqual([false, false, false, true, true, true, true, true]);
    model.train(false);
    expect(new Set(modes())).toEqual(new Set([false]));
  });

  test("zeroGrad forgets all gradients", () => {
    const model = new Network();
    ops.sum(model.forward(rand([2, 3]))).backward();
    expect(model.parameters().every(({ grad }) => grad !== null)).toBe(true);
    model.zeroGrad();
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test("adds gradients up until they are forgotten", () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    const x = tensor([[1, 2]]);
    for (const times of [1, 2, 3]) {
      ops.sum(layer.forward(x)).backward();
      expect(layer.weight.grad?.toArray()).toEqual([[times, 2 * times]]);
    }
  });
});

test("what stood in for a parameter is none afterwards", () => {
  class Holder extends nn.Module {
    readonly layer = new nn.Linear(2, 1);
    readonly constant = zeros([1, 2]);
    forward(x: Tensor): Tensor {
      return this.layer.forward(ops.add(x, this.constant));
    }
  }
  const holder = new Holder();
  const names = (): string[] => [...holder.namedParameters()].map(([name]) => name);
  const during = holder.withParameters({ "layer.weight": holder.constant }, names);
  expect([during.includes("constant"), names()]).toEqual([true, ["layer.weight", "layer.bias"]]);
});

describe("stateDict and loadStateDict", () => {
  test("carry a model's weights to another, which then gives the same outputs", () => {
    const [a, b] = [new Network(), new Network()];
    const x = rand([5, 3]);
    expect(b.forward(x).toArray()).not.toEqual(a.forward(x).toArray());
    b.loadStateDict(a.stateDict());
    expect(b.forward(x).toArray()).toEqual(a.forward(x).toArray());
  });

  test("survive JSON", () => {
    const [a, b] = [new Network(), new Network()];
    const saved = JSON.stringify(
      Object.entries(a.stateDict()).map(([name, { shape, data }]) => ({ name, shape, values: [...data] })),
    );
    const read = JSON.parse(saved) as { name: string; shape: number[]; values: number[] }[];
    b.loadStateDict(
      Object.fromEntries(read.map(({ name, shape, values }) => [name, tensor(values, { shape })])),
    );
    const x = rand([5, 3]);
    expect(b.forward(x).toArray()).toEqual(a.forward(x).toArray());
  });

  test("share memory on the way out and copy on the way in", () => {
    const [a, b] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
    const state = a.stateDict();
    expect(state["weight"]?.data.buffer).toBe(a.weight.data.buffer);
    expect(state["weight"]?.requiresGrad).toBe(false);
    b.loadStateDict(state);
    a.weight.data[0] = 77;
    expect(state["weight"]?.data[0]).toBe(77);
    expect(b.weight.data[0]).not.toBe(77);
  });

  test("load what is there where strict is false", () => {
    const layer = new nn.Linear(2, 1);
    const before = layer.bias?.toArray();
    layer.loadStateDict({ weight: tensor([[5, 6]]), other: zeros([9]) }, { strict: false });
    expect(layer.weight.toArray()).toEqual([[5, 6]]);
    expect(layer.bias?.toArray()).toEqual(before);
  });
});

describe("Linear", () => {
  test("starts from U(−k, k) with k = 1/√in, weights and bias", () => {
    manualSeed(5);
    const layer = new nn.Linear(64, 500);
    const k = 1 / 8;
    for (const [values, count] of [
      [layer.weight.data, 32_000],
      [layer.bias?.data as Float32Array, 500],
    ] as const) {
      expect(values.length).toBe(count);
      const list = [...values];
      const mean = list.reduce((sum, value) => sum + value, 0) / count;
      const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      expect(Math.max(...list)).toBeLessThan(k);
      expect(Math.min(...list)).toBeGreaterThanOrEqual(-k);
      // Five standard errors of the mean and of the variance of a uniform distribution.
      expect(Math.abs(mean)).toBeLessThan((5 * k) / Math.sqrt(3 * count));
      expect(Math.abs(variance / (k ** 2 / 3) - 1)).toBeLessThan(5 * Math.sqrt(0.8 / count));
      // Each tenth of the range has a tenth of the values.
      const tenths = new Array<number>(10).fill(0);
      for (const value of list) {
        const tenth = Math.floor(((value + k) / (2 * k)) * 10);
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      for (const tenth of tenths)
        expect(Math.abs(tenth - count / 10)).toBeLessThan(5 * Math.sqrt(0.09 * count));
    }
  });

  test("is the same after the same manualSeed and another after another", () => {
    const made = (seed: number): unknown => {
      manualSeed(seed);
      const layer = new nn.Linear(7, 5);
      return [layer.weight.toArray(), layer.bias?.toArray()];
    };
    expect(made(3)).toEqual(made(3));
    expect(made(3)).not.toEqual(made(4));
    manualSeed(3);
    expect(new nn.Linear(7, 5).weight.toArray()).not.toEqual(new nn.Linear(7, 5).weight.toArray());
  });

  test("takes any number of axes before the last, and float64", () => {
    const layer = new nn.Linear(3, 2, { dtype: "float64" });
    const x = rand([2, 4, 3], { dtype: "float64" });
    const y = layer.forward(x);
    expect(y.shape).toEqual([2, 4, 2]);
    const flat = layer.forward(ops.reshape(x, [8, 3]));
    expect(y.data).toEqual(flat.data);
    expect(layer.forward(rand([3], { dtype: "float64" })).shape).toEqual([2]);
    expect(y.dtype).toBe("float64");
    expect(new nn.Linear(3, 2, { bias: false }).bias).toBeNull();
  });
});

describe("NearestNeighbor", () => {
  const samples = tensor(
    [
      [0, 0],
      [4, 0],
      [0, 3],
    ],
    { dtype: "float64" },
  );
  const model = new nn.NearestNeighbor(samples);

  test("gives the nearest sample's index", () => {
    const x = tensor(
      [
        [1, 1],
        [3, -1],
        [-2, 5],
        [0, 0],
      ],
      { dtype: "float64" },
    );
    const nearest = model.forward(x);
    expect(nearest.dtype).toBe("int32");
    expect(nearest.toArray()).toEqual([0, 1, 2, 0]);
    expect(model.distances(x).toArray()).toEqual([
      [2, 10, 5],
      [10, 2, 25],
      [29, 61, 8],
      [0, 16, 9],
    ]);
  });

  test("flattens samples of any shape", () => {
    const images = rand([5, 2, 3], { dtype: "float64" });
    const own = new nn.NearestNeighbor(images);
    expect(own.weight.shape).toEqual([5, 6]);
    expect(own.forward(images).toArray()).toEqual([0, 1, 2, 3, 4]);
  });

  test("has distances with gradients of both orders, for x and for the samples", () => {
    const x = rand([3, 2], { dtype: "float64" });
    checkGradients((z) => model.distances(z), [x], { order: 2 });
    const w = model.weight;
    w.grad = null;
    const y = model.distances(x);
    ops.sum(y).backward();
    // ∂/∂w_k Σ_b ‖x_b − w_k‖² = 2·Σ_b (w_k − x_b)
    const expected = ops.mul(ops.sub(ops.mul(w.detach(), 3), ops.sum(x, { dim: 0 })), 2);
    [...(w.grad as unknown as Tensor).data].forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i] as number, 10);
    });
  });

  test("tells neighbours apart that lie close together and far from 0", () => {
    const far = tensor([
      [100_000, 100_000],
      [100_000, 100_001],
      [100_001, 100_000],
    ]);
    expect(new nn.NearestNeighbor(far).forward(far).toArray()).toEqual([0, 1, 2]);
  });
});

test.each([
  ["HardShrink", nn.HardShrink, nn.Hardshrink],
  ["HardSigmoid", nn.HardSigmoid, nn.Hardsigmoid],
  ["HardSwish", nn.HardSwish, nn.Hardswish],
  ["HardTanh", nn.HardTanh, nn.Hardtanh],
  ["SoftPlus", nn.SoftPlus, nn.Softplus],
  ["SoftShrink", nn.SoftShrink, nn.Softshrink],
  ["SoftSign", nn.SoftSign, nn.Softsign],
  ["TanhShrink", nn.TanhShrink, nn.Tanhshrink],
])("%s is another name of the class that PyTorch spells otherwise", (_, old, own) => {
  expect(old).toBe(own);
});

describe("hooks that are removed", () => {
  const x = tensor([1]);
  const plus = (_: unknown, __: unknown, y: Tensor): Tensor => ops.add(y, 1);
  const isHooked = (module: object): boolean => Object.hasOwn(module, "forward");

  test("leave the module as it was without them, and others as they are", () => {
    const model = new nn.Identity();
    const [first, second] = [model.registerForwardHook(plus), model.registerForwardHook(plus)];
    const before = model.registerForwardPreHook((_, [input]) => [ops.mul(input as Tensor, 2)]);
    expect(model.forward(x).toArray()).toEqual([4]);
    first();
    first();
    expect(model.forward(x).toArray()).toEqual([3]);
    before();
    expect(isHooked(model)).toBe(true);
    second();
    expect(isHooked(model)).toBe(false);
    expect(model.forward(x).toArray()).toEqual([1]);
    model.registerForwardHook(plus);
    // Removed long ago.
    second();
    expect(model.forward(x).toArray()).toEqual([2]);
  });

  test("may be removed by a hook", () => {
    const model = new nn.Identity();
    const remove = model.registerForwardHook((_, __, y) => {
      remove();
      return ops.add(y, 1);
    });
    expect(model.forward(x).toArray()).toEqual([2]);
    expect(isHooked(model)).toBe(false);
    expect(model.forward(x).toArray()).toEqual([1]);
  });

  test("leave a forward that was a field before, and one that was set since", () => {
    const model = new nn.Identity();
    model.forward = (input: Tensor) => ops.mul(input, 3);
    const own = model.forward;
    model.registerForwardHook(plus)();
    expect(model.forward).toBe(own);
    const remove = model.registerForwardHook(plus);
    const hooked = model.forward;
    model.forward = (input: Tensor) => ops.mul(hooked(input), 5);
    expect(model.forward(x).toArray()).toEqual([20]);
    remove();
    expect(model.forward(x).toArray()).toEqual([15]);
  });

  test("go from a copy by themselves, and none is left by what is no hook", () => {
    const model = new nn.Identity();
    const remove = model.registerForwardHook(plus);
    const copy = model.clone();
    remove();
    expect([isHooked(model), isHooked(copy)]).toEqual([false, true]);
    expect(copy.forward(x).toArray()).toEqual([2]);
    expect(() => model.registerForwardHook(3 as never)).toThrow("expected a function, got 3");
    expect(isHooked(model)).toBe(false);
  });
});
