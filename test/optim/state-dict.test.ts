// State dicts of optimizers: what is in them, what is taken over, and what is refused with nothing changed.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BusyError,
  compile,
  cost,
  DetachedError,
  DTypeError,
  full,
  nn,
  OptionError,
  ops,
  optim,
  randn,
  reviveTensors,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

const f64 = { dtype: "float64" } as const;
const leaf = (values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

function stateOf(optimizer: optim.Optimizer, i: number, name: string): Tensor {
  const { state } = optimizer.stateDict();
  return (state[i] as Readonly<Record<string, unknown>>)[name] as Tensor;
}

function step(w: Tensor, optimizer: optim.Optimizer): void {
  optimizer.zeroGrad();
  ops.sum(ops.square(ops.sub(w, 3))).backward();
  optimizer.step();
}

describe("state dicts", () => {
  test("have PyTorch's names", () => {
    const w = leaf([1]);
    const adam = new optim.Adam([w], { amsgrad: true });
    step(w, adam);
    const { state, paramGroups } = adam.stateDict();
    expect(Object.keys(state[0] as object)).toEqual(["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    expect(paramGroups).toEqual([
      {
        lr: 0.001,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0,
        amsgrad: true,
        maximize: false,
        decoupled_weight_decay: false,
        params: [0],
      },
    ]);
  });

  test("of others are refused, and nothing changes", () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(model.parameters(), { momentum: 0.9, lr: 0.1 });
    const good = { paramGroups: [{ lr: 0.5, params: [0, 1] }], state: {} };
    const load = (dict: unknown) => () => optimizer.loadStateDict(dict as optim.OptimizerStateDict);
    expect(load(null)).toThrow(new ArgumentError("SGD.loadStateDict: expected a state dict, got null"));
    expect(load({ ...good, paramGroups: [{ lr: 1, params: [0] }] })).toThrow(
      new ArgumentError("SGD.loadStateDict: expected groups of 2 parameters, got 1"),
    );
    expect(load({ ...good, state: { 0: { step: zeros([], { dtype: "float64" }) } } })).toThrow(
      new ArgumentError(
        "SGD.loadStateDict: expected momentum_buffer of parameter 0 to be a tensor, got undefined",
      ),
    );
    const state = { 0: { step: zeros([], { dtype: "float64" }), momentum_buffer: zeros([3]) } };
    expect(load({ ...good, state })).toThrow(ShapeError);
    expect(optimizer.lr).toBe(0.1);
    load(good)();
    expect(optimizer.lr).toBe(0.5);
  });
});

/** What an optimizer is, as plain values. */
const contents = (optimizer: optim.Optimizer): unknown =>
  JSON.parse(JSON.stringify(optimizer.stateDict()), (key, value: unknown) => {
    const revived = reviveTensors(key, value);
    return revived === value ? value : (revived as Tensor).toArray();
  });

describe("loading a state dict", () => {
  test("restores every option of every group", () => {
    const make = (options: object, other: object): optim.SGD =>
      new optim.SGD([{ parameters: [leaf([1])], ...other }, { parameters: [leaf([2])] }], options);
    const own = make(
      { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 },
      { lr: 0.3, momentum: 0.5, nesterov: false, dampening: 0.25, maximize: true },
    );
    const other = make({}, {});
    other.loadStateDict(own.stateDict());
    expect(contents(other)).toEqual(contents(own));
    expect(other.groups.map(({ settings }) => settings)).toEqual(own.groups.map(({ settings }) => settings));
  });

  test("forgets the state of parameters that it does not name, also in a compiled step", () => {
    for (const compiled of [false, true]) {
      const [a, b] = [leaf([1]), leaf([1])];
      const optimizer = new optim.SGD([a, b], { lr: 1, momentum: 0.5 });
      const go = (): Tensor => {
        optimizer.zeroGrad();
        const loss = ops.add(ops.sum(a), ops.sum(b));
        loss.backward();
        optimizer.step();
        return loss;
      };
      const run = compiled ? compile(go) : go;
      run(); // v = 1: a, b = 0
      const { state, paramGroups } = optimizer.stateDict();
      optimizer.loadStateDict({ state: { 0: state[0] as object as never }, paramGroups });
      expect(Object.keys(optimizer.stateDict().state)).toEqual(["0"]);
      run(); // a: v = 1.5, b: v = 1
      expect([a.item(), b.item()]).toEqual([-1.5, -1]);
      expect(optimizer.stateDict().state[1]?.["step"]).toMatchObject({ shape: [] });
    }
  });

  test("has a compiled step take over the options, and another structure of states", () => {
    const steps = (w: Tensor, optimizer: optim.Adam): (() => Tensor) =>
      compile(() => {
        optimizer.zeroGrad();
        const loss = ops.sum(ops.square(ops.sub(w, 3)));
        loss.backward();
        optimizer.step();
        return ops.neg(w);
      });
    const [v, w] = [leaf([1, 2]), leaf([1, 2])];
    const own = new optim.Adam([v], { lr: 0.1, amsgrad: true, weightDecay: 0.5, betas: [0.5, 0.7] });
    const other = new optim.Adam([w], { lr: 0.3 });
    const [first, second] = [steps(v, own), steps(w, other)];
    for (let i = 0; i < 3; i++) [first(), second()];
    other.loadStateDict(own.stateDict());
    w.data.set(v.data);
    for (let i = 0; i < 3; i++) expect(second().toArray()).toEqual(first().toArray());
  });

  test("traces a compiled step again only where an option has changed", () => {
    const w = leaf([1]);
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    let traces = 0;
    const run = compile(() => {
      traces++;
      step(w, optimizer);
    });
    run();
    const saved = optimizer.stateDict();
    optimizer.loadStateDict({ ...saved, paramGroups: [{ ...saved.paramGroups[0], lr: 0.5 }] });
    run();
    expect(traces).toBe(1);
    optimizer.loadStateDict({ ...saved, paramGroups: [{ ...saved.paramGroups[0], eps: 0.5 }] });
    run();
    expect(traces).toBe(2);
  });

  test("takes values over, so that a dict may be of the optimizer itself, its parameters swapped", () => {
    const [a, b] = [leaf([1]), leaf([5])];
    const optimizer = new optim.SGD([a, b], { lr: 0.1, momentum: 0.9 });
    step(a, optimizer);
    step(b, optimizer);
    const { state, paramGroups } = optimizer.stateDict();
    const values = () => [0, 1].map((i) => stateOf(optimizer, i, "momentum_buffer").item());
    const before = values();
    optimizer.loadStateDict({ state: { 0: state[1], 1: state[0] } as typeof state, paramGroups });
    expect(values()).toEqual(before.toReversed());
    expect(before[0]).not.toBe(before[1]);
  });

  test("takes PyTorch's form: counts as numbers, other numbers of parameters, options of its own", () => {
    const [a, b] = [leaf([1]), leaf([5])];
    const optimizer = new optim.SparseAdam([a, b]);
    const state = (step: unknown, avg: number) =>
      ({ step, exp_avg: full([1], avg, f64), exp_avg_sq: full([1], avg, f64) }) as never;
    optimizer.loadStateDict({
      state: { 7: state(3, 0.5), 4: state(tensor(4), 0.25) },
      param_groups: [
        { lr: 0.5, betas: [0.8, 0.9], eps: 1e-6, foreach: null, fused: true, initial_lr: 1, params: [4, 7] },
      ],
    });
    expect(contents(optimizer)).toEqual({
      state: {
        0: { step: 4, exp_avg: [0.25], exp_avg_sq: [0.25] },
        1: { step: 3, exp_avg: [0.5], exp_avg_sq: [0.5] },
      },
      paramGroups: [
        { lr: 0.5, initial_lr: 1, betas: [0.8, 0.9], eps: 1e-6, maximize: false, params: [0, 1] },
      ],
    });
  });

  test("goes on with a velocity that PyTorch counts no steps of", () => {
    const w = leaf([0]);
    const optimizer = new optim.SGD([w], { lr: 1, momentum: 0.5, dampening: 0.5 });
    optimizer.loadStateDict({
      state: { 0: { momentum_buffer: full([1], 2, f64) } },
      param_groups: [{ lr: 1, momentum: 0.5, dampening: 0.5, params: [0] }],
    });
    w.grad = full([1], 4, f64);
    optimizer.step();
    expect(w.item()).toBe(-(0.5 * 2 + 0.5 * 4));
  });

  test("goes on with a momentum that a schedule had at 0", () => {
    for (const [name, options] of [
      ["SGD", { lr: 0.1, momentum: 0.9, nesterov: true }],
      ["RMSprop", { lr: 0.1, momentum: 0.9 }],
      ["Adam", { lr: 0.1 }],
    ] as const) {
      const make = (w: Tensor): optim.Optimizer => new optim[name]([w], options);
      const cycle = (one: optim.Optimizer): optim.CyclicLR =>
        new optim.CyclicLR(one, { baseLr: 0.1, maxLr: 0.2, stepSizeUp: 2, baseMomentum: 0 });
      const goOn = (w: Tensor, optimizer: optim.Optimizer, schedule: optim.CyclicLR, n: number): void => {
        for (let i = 0; i < n; i++) {
          step(w, optimizer);
          schedule.step();
        }
      };
      const w = leaf([1]);
      const own = make(w);
      const schedule = cycle(own);
      goOn(w, own, schedule, 2);
      expect(own.groups[0]?.momentum).toBe(0);
      const [dict, epoch] = [contents(own) as optim.OptimizerStateDict, schedule.stateDict()];
      const state = Object.fromEntries(
        Object.entries(dict.state[0] as object).map(([key, value]) => [key, tensor(value, f64)]),
      );
      const v = leaf([...w.data]);
      const other = make(v);
      other.loadStateDict({ ...dict, state: { 0: state } });
      const next = cycle(other);
      next.loadStateDict(epoch);
      goOn(w, own, schedule, 3);
      goOn(v, other, next, 3);
      expect(v.item(), name).toBe(w.item());
    }
  });
});

describe("a state dict is refused, and nothing changes:", () => {
  const make = (): optim.Adam => {
    const [a, b] = [leaf([1, 2]), leaf([3])];
    const optimizer = new optim.Adam([{ parameters: [a] }, { parameters: [b], lr: 0.5 }], { lr: 0.1 });
    ops.add(ops.sum(a), ops.sum(b)).backward();
    optimizer.step();
    return optimizer;
  };
  const state = (values: number[]) => ({
    step: 3,
    exp_avg: tensor(values, f64),
    exp_avg_sq: tensor(values, f64),
  });
  const groups = [
    { lr: 7, eps: 0.5, params: [0] },
    { lr: 8, eps: 0.5, params: [1] },
  ];
  const states = { 0: state([1, 2]), 1: state([3]) };
  const where = "Adam.loadStateDict: ";
  const gone = (): Tensor => {
    const one = tensor([3], f64);
    structuredClone(one.data.buffer, { transfer: [one.data.buffer as ArrayBuffer] });
    return one;
  };

  test.each<[string, unknown, new (message: string) => Error, string]>([
    ["no dict", [], ArgumentError, "expected a state dict, got an array of 0"],
    ["no groups", { state: {} }, ArgumentError, "expected a state dict, got an object"],
    ["no state", { param_groups: groups }, ArgumentError, "expected state to be an object, got undefined"],
    [
      "other groups",
      { state: states, paramGroups: [{ lr: 1, params: [0, 1] }] },
      ArgumentError,
      "expected groups of 1, 1 parameters, got 2",
    ],
    [
      "a parameter twice",
      { state: {}, paramGroups: groups.map((group) => ({ ...group, params: [0] })) },
      ArgumentError,
      "params hold 0 more than once",
    ],
    [
      "the state of no parameter",
      { state: { ...states, 2: state([1]) }, paramGroups: groups },
      ArgumentError,
      "state is of a parameter 2, which no group has",
    ],
    [
      "another optimizer's options",
      { state: states, paramGroups: groups.map((group) => ({ ...group, momentum: 0.9 })) },
      OptionError,
      'unknown option "momentum"; known options: betas, eps, weightDecay, amsgrad, maximize',
    ],
    [
      "AdamW's",
      { state: states, paramGroups: groups.map((group) => ({ ...group, decoupled_weight_decay: true })) },
      ArgumentError,
      "expected decoupled_weight_decay to be false, got true",
    ],
    [
      "another optimizer's states",
      { state: { 0: { ...state([1, 2]), exp_inf: tensor([1, 2], f64) } }, paramGroups: groups },
      ArgumentError,
      "unknown state exp_inf of parameter 0; known: step, exp_avg, exp_avg_sq, max_exp_avg_sq",
    ],
    [
      "a state that lacks something",
      { state: { ...states, 1: { step: 1, exp_avg: tensor([3], f64) } }, paramGroups: groups },
      ArgumentError,
      "expected exp_avg_sq of parameter 1 to be a tensor, got undefined",
    ],
    ...[-1, 0.5, Number.NaN, tensor(-1), tensor(Number.NaN, f64)].map(
      (step): [string, unknown, typeof ArgumentError, string] => [
        `${step} steps`,
        { state: { ...states, 1: { ...state([3]), step } }, paramGroups: groups },
        ArgumentError,
        `expected step of parameter 1 to be a whole number ≥ 0, got ${typeof step === "number" ? step : step.item()}`,
      ],
    ),
    [
      "a state that is none",
      { state: { 1: 5 }, paramGroups: groups },
      ArgumentError,
      "expected the state of parameter 1 to be an object, got 5",
    ],
    [
      "other shapes",
      { state: { ...states, 1: state([3, 4]) }, paramGroups: groups },
      ShapeError,
      "exp_avg of parameter 1: expected shape [1], got [2]",
    ],
    [
      "another dtype",
      { state: { ...states, 1: { ...state([3]), exp_avg: tensor([3]) } }, paramGroups: groups },
      DTypeError,
      "exp_avg of parameter 1: expected float64, got float32",
    ],
    [
      "a rate below 0",
      { state: states, paramGroups: [groups[0], { ...groups[1], lr: -1 }] },
      ArgumentError,
      "expected lr to be a number ≥ 0, got -1",
    ],
    [
      "no rate",
      { state: states, paramGroups: [groups[0], { params: [1] }] },
      ArgumentError,
      "expected lr to be a number ≥ 0, got undefined",
    ],
    [
      "a starting rate that is none",
      { state: states, paramGroups: [groups[0], { ...groups[1], initial_lr: "1" }] },
      ArgumentError,
      'expected initial_lr to be a number ≥ 0, got "1"',
    ],
  ])("%s", (_, dict, kind, message) => {
    const optimizer = make();
    const before = contents(optimizer);
    expect(() => optimizer.loadStateDict(dict as never)).toThrow(new kind(where + message));
    expect(contents(optimizer)).toEqual(before);
  });

  test("an option out of its range", () => {
    const optimizer = make();
    const before = contents(optimizer);
    const dict = { state: states, paramGroups: [groups[0], { ...groups[1], eps: -1 }] };
    expect(() => optimizer.loadStateDict(dict as never)).toThrow(
      new ArgumentError("Adam: expected eps to be a number ≥ 0, got -1"),
    );
    expect(contents(optimizer)).toEqual(before);
  });

  test("a tensor whose memory is gone", () => {
    const optimizer = make();
    const before = contents(optimizer);
    const dict = { state: { ...states, 1: { ...state([3]), exp_avg_sq: gone() } }, paramGroups: groups };
    expect(() => optimizer.loadStateDict(dict as never)).toThrow(DetachedError);
    expect(contents(optimizer)).toEqual(before);
  });

  test("where a state of its own is gone", () => {
    const optimizer = make();
    const before = contents(optimizer) as { state: Record<number, unknown> };
    const { data } = stateOf(optimizer, 1, "exp_avg");
    structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
    expect(() => optimizer.loadStateDict({ state: states, paramGroups: groups } as never)).toThrow(
      DetachedError,
    );
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.1, 0.5]);
    expect(stateOf(optimizer, 0, "exp_avg").toArray()).toEqual(
      (before.state[0] as { exp_avg: number[] }).exp_avg,
    );
  });

  test("while a run trains", async () => {
    const layers = [new nn.Linear(2, 2), new nn.Linear(400, 400)] as const;
    const optimizer = new optim.SGD(
      layers.flatMap((layer) => layer.parameters()),
      { lr: 0.01, momentum: 0.9 },
    );
    const train = (layer: nn.Linear): ((x: Tensor) => Tensor) & { runAsync(x: Tensor): Promise<Tensor> } =>
      compile((x: Tensor) => {
        optimizer.zeroGrad();
        const loss = cost.mse(layer.forward(x), x);
        loss.backward();
        optimizer.step();
        return loss;
      });
    const [small, large] = [train(layers[0]), train(layers[1])];
    small(randn([3, 2]));
    const x = randn([200, 400]);
    large(x);
    const { state, paramGroups } = optimizer.stateDict();
    const other = Object.fromEntries(
      Object.entries(state).map(([i, own]) => [
        i,
        { step: 1, momentum_buffer: full((own["momentum_buffer"] as Tensor).shape, 9) },
      ]),
    );
    const free = stateOf(optimizer, 0, "momentum_buffer");
    const before = free.toArray();
    const running = large.runAsync(x);
    expect(() => optimizer.loadStateDict({ state: other, paramGroups })).toThrow(BusyError);
    expect(free.toArray()).toEqual(before);
    await running;
    optimizer.loadStateDict({ state: other, paramGroups });
    expect(free.data[0]).toBe(9);
  });
});
