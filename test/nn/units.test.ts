import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  checkGradients,
  compile,
  cost,
  deserialize,
  Generator,
  IndexError,
  nn,
  ops,
  optim,
  perSampleGradients,
  ShapeError,
  serialize,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";

const random = new Generator(11);
const float64 = { dtype: "float64" } as const;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A graph whose connections skip levels, with units in no order. */
const SKIPS = {
  inputs: 3,
  up: [
    [0, 6],
    [0, 1, 2],
    [1, 4],
    [4, 5, 2],
    [3, 6, 0],
    [7, 1],
  ],
} as const;

function expectClose(a: Tensor, b: Tensor, tolerance = 1e-12): void {
  expect(a.shape).toEqual(b.shape);
  expect(ops.amax(ops.abs(ops.sub(a, b))).item()).toBeLessThan(tolerance);
}

/** z[i] = f(Σ w[i, j]·z[j] + b[i]), unit by unit in numbers. */
function byDefinition(net: nn.Units, x: readonly number[], f: (s: number) => number): number[] {
  const z = [...x];
  const biases = new Map(
    [...net.levels].flatMap(({ units, bias }) => units.map((unit, k) => [unit, bias?.data[k] ?? 0])),
  );
  const edges = net.edges();
  const deepest = range(net.inputs, net.size).sort(
    (a, b) => (net.depths[a] as number) - (net.depths[b] as number),
  );
  for (const unit of deepest) {
    const own = edges.filter(({ to }) => to === unit);
    z[unit] = f(
      own.reduce((sum, { from, weight }) => sum + weight * (z[from] as number), biases.get(unit) as number),
    );
  }
  return z;
}

describe("Units", () => {
  test("computes each unit from those that it reads, whatever their order", () => {
    const net = new nn.Units({ ...SKIPS, ...float64 });
    const x = random.normal([3], float64);
    const expected = byDefinition(net, [...x.data], Math.tanh);
    expectClose(net.states(x), tensor(expected, float64));
    expect(net.outputs).toEqual([8]);
    expectClose(net.forward(x), tensor(expected.slice(8), float64));
    expect(net.depths).toEqual([0, 0, 0, 4, 1, 2, 3, 5, 6]);
  });

  test("is the dense network where the graph is layered", () => {
    const dense = new nn.Sequential(
      new nn.Linear(4, 6, float64),
      new nn.Sigmoid(),
      new nn.Linear(6, 3, float64),
    );
    const layered = new nn.Units({
      inputs: 4,
      up: [...range(0, 6).map(() => range(0, 4)), ...range(0, 3).map(() => range(4, 10))],
      activation: "sigmoid",
      groups: [{ depth: 2, activation: "identity" }],
      ...float64,
    });
    expect(layered.levels.length).toBe(2);
    const [a, b] = [...layered.levels];
    const state = dense.stateDict();
    layered.loadStateDict({
      "levels.0.values": ops.flatten(state["0.weight"] as Tensor),
      "levels.0.bias": state["0.bias"] as Tensor,
      "levels.1.values": ops.flatten(state["2.weight"] as Tensor),
      "levels.1.bias": state["2.bias"] as Tensor,
    });
    const x = random.normal([5, 4], float64);
    expectClose(layered.forward(x), dense.forward(x));
    for (const model of [dense, layered]) ops.sum(ops.square(model.forward(x))).backward();
    expectClose(a?.values.grad as Tensor, ops.flatten((dense.modules[0] as nn.Linear).weight.grad as Tensor));
    expectClose(b?.values.grad as Tensor, ops.flatten((dense.modules[2] as nn.Linear).weight.grad as Tensor));
  });

  test("has the derivatives by all its weights and its input", () => {
    const net = new nn.Units({ ...SKIPS, activation: "silu", ...float64 });
    const names = [...net.namedParameters()].map(([name]) => name);
    const f = (x: Tensor, ...w: Tensor[]): Tensor =>
      net.withParameters(Object.fromEntries(names.map((name, k) => [name, w[k] as Tensor])), () =>
        net.forward(x),
      );
    const given = net.parameters().map((w) => ops.detach(w));
    expect(() => checkGradients(f, [random.normal([2, 3], float64), ...given])).not.toThrow();
  });

  test("gives and learns the same bits compiled as eager", () => {
    const net = new nn.Units(SKIPS);
    const copy = net.clone();
    const [x, target] = [random.normal([7, 3]), random.normal([7, 1])];
    const trained = (model: nn.Units) => {
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      return (input: Tensor): Tensor => {
        optimizer.zeroGrad();
        const loss = cost.mse(model.forward(input), target);
        loss.backward();
        optimizer.step();
        return loss;
      };
    };
    const [eager, compiled] = [trained(net), compile(trained(copy))];
    for (let step = 0; step < 5; step++) expect((compiled(x) as Tensor).item()).toBe(eager(x).item());
    for (const [name, w] of net.namedParameters()) expect(copy.stateDict()[name]?.data, name).toEqual(w.data);
  });

  test("learns exclusive or with one hidden unit and connections that skip it", () => {
    const net = new nn.Units({
      inputs: 2,
      up: [
        [0, 1],
        [0, 1, 2],
      ],
      activation: "sigmoid",
    });
    net.loadStateDict({
      "levels.0.values": tensor([1, 0.5]),
      "levels.0.bias": tensor([0]),
      "levels.1.values": tensor([0.5, 0.25, -1]),
      "levels.1.bias": tensor([0]),
    });
    const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]); // biome-ignore format: a table
    const target = tensor([[0], [1], [1], [0]]);
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.1 });
    const step = compile((input: Tensor) => {
      optimizer.zeroGrad();
      const loss = cost.mse(net.forward(input), target);
      loss.backward();
      optimizer.step();
      return loss;
    });
    for (let k = 0; k < 1500; k++) step(x);
    expect([...net.forward(x).data].map(Math.round)).toEqual([0, 1, 1, 0]);
  });

  test("has activations by name, by op and by group", () => {
    const [x, up] = [tensor([0.5, -2], float64), [[0], [1], [2, 3]]];
    const options = { inputs: 2, up, bias: false, ...float64 } as const;
    const net = new nn.Units({
      ...options,
      activation: ops.relu,
      groups: [
        { units: [3], activation: (s: Tensor) => ops.mul(s, s) },
        { depth: 2, activation: "identity" },
      ],
    });
    expect(net.activation).toBe("relu");
    expect([...net.levels].map(({ units }) => units)).toEqual([[2], [3], [4]]);
    net.loadStateDict({
      "levels.0.values": tensor([2], float64),
      "levels.1.values": tensor([3], float64),
      "levels.2.values": tensor([1, -1], float64),
    });
    expect(net.states(x).toArray()).toEqual([0.5, -2, 1, 36, -35]);
    expect(() => new nn.Units({ ...options, activation: () => x }).forward(x)).toThrow(ShapeError);
  });

  test("gives the units that are chosen, and computes no level that they do not need", () => {
    const net = new nn.Units({ ...SKIPS, outputs: [5, 0, 4] });
    const x = random.normal([2, 3]);
    const states = net.states(x);
    const wanted = ops.indexSelect(states, 1, tensor([5, 0, 4], { dtype: "int32" }));
    expect(net.forward(x).data).toEqual(wanted.data);
    const called: number[] = [];
    for (const level of net.levels) level.registerForwardHook(() => void called.push(level.depth));
    net.forward(x);
    expect(called).toEqual([1, 2]);
  });

  test("is kept and loaded, shown and counted", () => {
    const net = new nn.Units({ ...SKIPS, groups: [{ units: [8], activation: "identity" }], outputs: [8, 4] });
    const copy = deserialize(serialize(net)) as nn.Units;
    const x = random.normal([4, 3]);
    expect(copy.forward(x).data).toEqual(net.forward(x).data);
    expect(String(net)).toContain("inputs=3, units=9, edges=15, outputs=2, activation=tanh");
    expect(nn.summary(net, [4, 3])).toContain("21 parameters; 120 flops for an input [4, 3]");
    expect(net.toDense().shape).toEqual([6, 9]);
    for (const { to, from, weight } of net.edges()) {
      expect(ops.select(ops.select(net.toDense(), 0, to - 3), 0, from).item()).toBe(weight);
    }
    const own = new nn.Units({ inputs: 1, up: [[0]], activation: (s: Tensor) => ops.mul(s, s) });
    expect(() => serialize(own)).toThrow(ArgumentError);
  });

  test("has a gradient for each sample, and maps over samples", () => {
    const net = new nn.Units({ ...SKIPS, ...float64 });
    const [x, target] = [random.normal([3, 3], float64), random.normal([3, 1], float64)];
    const each = perSampleGradients(net, cost.mse, x, target);
    cost.mse(net.forward(x), target).backward();
    for (const [name, w] of net.namedParameters()) {
      expectClose(ops.mean(each[name] as Tensor, { dim: 0 }), w.grad as Tensor);
    }
    expectClose(vmap((one: Tensor) => net.forward(one))(x) as Tensor, net.forward(x));
  });

  test("takes a chain of a thousand units", () => {
    const net = new nn.Units({
      inputs: 1,
      up: range(0, 1000).map((i) => [i]),
      activation: "identity",
      bias: false,
    });
    expect(net.depths.at(-1)).toBe(1000);
    for (const { values } of net.levels) values.data.fill(1);
    expect(net.forward(tensor([3])).toArray()).toEqual([3]);
  });

  test.each<[string, object, new (message: string) => Error, string]>([
    ["a circle", { up: [[0], [4, 0], [5, 1], [3]] }, ArgumentError, "unit 3 reads 4 reads 5 reads 3"],
    ["a unit that reads itself", { up: [[0], [3]] }, ArgumentError, "unit 3 reads itself"],
    ["a unit that there is not", { up: [[0], [0, 9]] }, IndexError, "unit 3: UP: unit 9 is outside [0, 4)"],
    [
      "a unit that reads none",
      { up: [[0], []] },
      ArgumentError,
      "unit 3: expected UP to name a unit, got none",
    ],
    ["a unit that reads another twice", { up: [[1, 1]] }, ArgumentError, "unit 2 reads unit 1 twice"],
    ["what is no unit", { up: [["0"]] }, ArgumentError, 'unit 2: UP: expected the number of a unit, got "0"'],
    ["what is no list", { up: [7] }, ArgumentError, "UP of unit 2 to be a list"],
    ["no computed unit", { up: [] }, ArgumentError, "expected up to have a list"],
    ["an output that there is not", { up: [[0]], outputs: [3] }, IndexError, "outputs: unit 3"],
    ["no output", { up: [[0]], outputs: [] }, ArgumentError, "at least one output"],
    ["an activation that there is not", { up: [[0]], activation: "tan_h" }, ArgumentError, "activation"],
    [
      "an input in a group",
      { up: [[0]], groups: [{ units: [1], activation: "relu" }] },
      ArgumentError,
      "unit 1 is an input",
    ],
    [
      "a depth that there is not",
      { up: [[0]], groups: [{ depth: 2, activation: "relu" }] },
      ArgumentError,
      "no unit has depth 2",
    ],
    [
      "a unit in two groups",
      {
        up: [[0]],
        groups: [
          { depth: 1, activation: "relu" },
          { units: [2], activation: "tanh" },
        ],
      },
      ArgumentError,
      "unit 2 is in two groups",
    ],
  ])("refuses %s by name", (_, options, kind, message) => {
    const make = (): unknown => new nn.Units({ inputs: 2, ...options } as never);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
