// Learning-rate schedules give PyTorch's rates, and a compiled step follows them.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  OptionError,
  ops,
  optim,
  type Tensor,
  ThalwegError,
  tensor,
} from "../../lib/index.js";
import type { Schedule } from "../../lib/optim/schedulers/registry.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { schedules } from "../oracle/nets.js";
import { readSchedules } from "../oracle/read.js";

const leaf = (): Tensor => tensor([1], { requiresGrad: true });
const twoGroups = (): optim.SGD =>
  new optim.SGD(
    [
      { parameters: [leaf()], lr: 0.1 },
      { parameters: [leaf()], lr: 0.5 },
    ],
    { momentum: 0.9 },
  );

const { figures, rows } = readSchedules();
const CASES = schedules("cases").map((one) => {
  const row = rows.find(({ scheduler, note }) => scheduler === one.name && note === one.note);
  if (row !== undefined) return [`${one.name} ${one.note}`, one, row] as const;
  throw new Error(`the oracle has no answers for this case of ${one.name}: run python test/oracle/make.py`);
});

describe.each(CASES)("%s", (_, one, row) => {
  test("gives PyTorch's rates and momenta", () => {
    const optimizer = twoGroups();
    const schedule = one.make(optimizer);
    const momenta: (number | null)[] = [];
    const rates = row.rates.map((_, epoch) => {
      momenta.push(...optimizer.groups.map(({ momentum }) => momentum));
      const now = optimizer.groups.map(({ lr }) => lr);
      expect(schedule.getLastLr()).toEqual(now);
      if (epoch < row.rates.length - 1) schedule.step(figures[epoch]);
      return now;
    });
    expectNumbersClose(rates.flat(), row.rates.flat(), { rtol: 1e-10, atol: 1e-14 });
    expectNumbersClose(momenta as number[], row.momenta.flat(), { rtol: 1e-10, atol: 1e-14 });
  });

  test("goes on from its state, wherever it stops", () => {
    const whole = one.make(twoGroups());
    const others: Schedule[] = [];
    for (const figure of figures.slice(1)) {
      const other = one.make(twoGroups());
      // The momenta are the optimizer's.
      whole.optimizer.groups.forEach(({ momentum }, i) => {
        (other.optimizer.groups[i] as optim.ParameterGroup).momentum = momentum as number;
      });
      other.loadStateDict(whole.stateDict());
      others.push(other);
      for (const each of [whole, ...others]) each.step(figure);
    }
    for (const other of others) {
      expect(other.stateDict()).toEqual(whole.stateDict());
      expect(other.optimizer.groups.map(({ momentum }) => momentum)).toEqual(
        whole.optimizer.groups.map(({ momentum }) => momentum),
      );
    }
  });

  test("refuses what is no optimizer, options that are misspelt or wrong, and another's state", () => {
    expect(() => one.make(1 as never)).toThrow(ThalwegError);
    for (const option of Object.keys(one.options ?? {})) {
      expect(() => one.make(twoGroups(), { [`${option}s`]: 1 })).toThrow(OptionError);
      expect(() => one.make(twoGroups(), { [option]: {} })).toThrow(ArgumentError);
      expect(() => one.make(twoGroups(), { [option]: {} })).toThrow(
        new RegExp(`^${one.name}: expected ${option}`),
      );
    }
    const schedule = one.make(twoGroups());
    const before = schedule.stateDict();
    expect(() => schedule.loadStateDict({ ...before, odd_state: 1 })).toThrow(
      new RegExp(`^${one.name}: unknown state odd_state`),
    );
    expect(() => schedule.loadStateDict({ ...before, _last_lr: [1] })).toThrow(ArgumentError);
    expect(schedule.stateDict()).toEqual(before);
  });
});

test("a compiled step follows a schedule without a new trace", () => {
  const w = tensor([1], { dtype: "float64", requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 0.5 });
  const schedule = new optim.ExponentialLR(optimizer, { gamma: 0.5 });
  let traces = 0;
  const step = compile(() => {
    traces++;
    optimizer.zeroGrad();
    const loss = ops.sum(w);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    step();
    schedule.step();
    seen.push(w.data[0] as number);
  }
  expect(seen).toEqual([0.5, 0.25, 0.125, 0.0625]);
  expect(traces).toBe(1);
});

describe("cycles of momentum", () => {
  test("are those of the first of two betas, and show in the state dict", () => {
    const optimizer = new optim.Adam([leaf()]);
    const schedule = new optim.CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.2, stepSizeUp: 2 });
    const [group] = optimizer.groups;
    expect(group?.momentum).toBe(0.9);
    schedule.step();
    expect(group?.momentum).toBeCloseTo(0.85, 12);
    expect(optimizer.stateDict().paramGroups[0]?.["betas"]).toEqual([group?.momentum, 0.999]);
  });

  test("have a compiled step traced again once, when they begin", () => {
    const w = tensor([1], { dtype: "float64", requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.5, momentum: 0.5 });
    let traces = 0;
    const step = compile(() => {
      traces++;
      w.grad = null;
      ops.sum(w).backward();
      optimizer.step();
      return ops.neg(w);
    });
    step();
    for (const momentum of [0.25, 0.75, 0]) {
      (optimizer.groups[0] as optim.ParameterGroup).momentum = momentum;
      step();
    }
    expect(traces).toBe(2);
    // v: 1, 1.25, 1.9375; with momentum 0 the step is g.
    expect(w.item()).toBe(1 - 0.5 * (1 + 1.25 + 1.9375 + 1));
  });

  test.each<[string, () => unknown, string]>([
    [
      "an optimizer without momentum",
      () => new optim.CyclicLR(new optim.Adagrad([leaf()]), { baseLr: 0.1, maxLr: 0.2 }),
      "CyclicLR: the optimizer has no momentum to cycle; give it one, or say cycleMomentum: false",
    ],
    [
      "one whose momentum is 0",
      () => new optim.OneCycleLR(new optim.SGD([leaf()]), { maxLr: 0.2, totalSteps: 9 }),
      "OneCycleLR: the optimizer has no momentum to cycle; give it one, or say cycleMomentum: false",
    ],
    [
      "momenta in the wrong order",
      () => new optim.CyclicLR(twoGroups(), { baseLr: 0.1, maxLr: 0.2, baseMomentum: 0.9, maxMomentum: 0.8 }),
      "CyclicLR: expected maxMomentum to be a number ≥ 0.9 and < 1, got 0.8",
    ],
    [
      "setting a momentum that is not there",
      () => {
        (new optim.SGD([leaf()]).groups[0] as optim.ParameterGroup).momentum = 0.5;
      },
      "SGD: has no momentum that could be set to 0.5",
    ],
  ])("refuse %s", (_, call, message) => {
    expect(call).toThrow(new ArgumentError(message));
  });
});

describe("a schedule's state", () => {
  test("has PyTorch's names, and holds the options", () => {
    const own = new optim.CosineAnnealingWarmRestarts(twoGroups(), { t0: 5, tMult: 2, etaMin: 0.01 });
    own.step();
    const state = own.stateDict();
    expect(state).toEqual({
      last_epoch: 1,
      base_lrs: [0.1, 0.5],
      _last_lr: own.getLastLr(),
      T_0: 5,
      T_mult: 2,
      eta_min: 0.01,
    });
    const other = new optim.CosineAnnealingWarmRestarts(twoGroups(), { t0: 3 });
    other.loadStateDict({ ...state, T_cur: 1, T_i: 5, _step_count: 2 });
    expect([other.t0, other.tMult, other.etaMin]).toEqual([5, 2, 0.01]);
    for (let i = 0; i < 8; i++) {
      own.step();
      other.step();
      expect(other.getLastLr()).toEqual(own.getLastLr());
    }
  });

  test("may be without options and base rates, as it was before", () => {
    const schedule = new optim.StepLR(twoGroups(), { stepSize: 2, gamma: 0.5 });
    schedule.loadStateDict({ last_epoch: 3, _last_lr: [0.25, 0.5] });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.125, 0.25]);
  });

  test.each(["min", "max"] as const)(
    "of a plateau goes through JSON before its first figure (%s)",
    (mode) => {
      const make = (better: typeof mode): optim.ReduceLROnPlateau =>
        new optim.ReduceLROnPlateau(twoGroups(), { mode: better });
      const [own, other] = [make(mode), make(mode === "min" ? "max" : "min")];
      other.loadStateDict(JSON.parse(JSON.stringify(own.stateDict())) as Record<string, unknown>);
      expect(other.stateDict()).toEqual(own.stateDict());
    },
  );

  test("of a plateau holds its figures", () => {
    const make = (): optim.ReduceLROnPlateau =>
      new optim.ReduceLROnPlateau(twoGroups(), { factor: 0.5, patience: 1, cooldown: 2, mode: "max" });
    const [own, other] = [make(), make()];
    for (const figure of [1, 0.5]) own.step(figure);
    other.loadStateDict(own.stateDict());
    expect([other.best, other.lastEpoch]).toEqual([1, 2]);
    for (const figure of [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) {
      own.step(figure);
      other.step(figure);
      expect(other.getLastLr()).toEqual(own.getLastLr());
    }
    expect(other.stateDict()).toEqual(own.stateDict());
  });

  const sequence = (): optim.SequentialLR => {
    const optimizer = twoGroups();
    const parts = [
      new optim.StepLR(optimizer, { stepSize: 2 }),
      new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
    ];
    return new optim.SequentialLR(optimizer, parts, { milestones: [3] });
  };
  const linear = { last_epoch: 3, _last_lr: [0.1, 0.1] };

  test.each<[string, { loadStateDict(state: object): void; stateDict(): object }, object, string]>([
    [
      "has other groups",
      new optim.LinearLR(twoGroups()),
      { last_epoch: 3, _last_lr: [0.1] },
      "LinearLR: expected _last_lr to hold 2 rates, got an array of 1",
    ],
    [
      "has other groups' base rates",
      new optim.LinearLR(twoGroups()),
      { ...linear, base_lrs: 1 },
      "LinearLR: expected base_lrs to hold 2 rates, got 1",
    ],
    [
      "is another's",
      new optim.LinearLR(twoGroups()),
      new optim.StepLR(twoGroups(), { stepSize: 3 }).stateDict(),
      "LinearLR: unknown state step_size; known: last_epoch, base_lrs, start_factor, end_factor, total_iters",
    ],
    [
      "has an option out of its range",
      new optim.LinearLR(twoGroups()),
      { ...linear, total_iters: 0 },
      "LinearLR: expected totalIters to be a whole number ≥ 1, got 0",
    ],
    [
      "has an option without a value",
      new optim.LinearLR(twoGroups()),
      { ...linear, total_iters: null },
      "LinearLR: expected total_iters to have a value, got null",
    ],
    [
      "lacks the inner ones",
      sequence(),
      linear,
      "SequentialLR: expected _schedulers to hold 2 states, got undefined",
    ],
    [
      "has a wrong inner one",
      sequence(),
      { ...linear, _schedulers: [{ ...linear, step_size: 1 }, { last_epoch: 0 }] },
      "ExponentialLR: expected _last_lr to hold 2 rates, got undefined",
    ],
    [
      "has momenta in the wrong order",
      new optim.OneCycleLR(twoGroups(), { maxLr: 1, totalSteps: 9 }),
      { ...linear, base_momentum: 0.9, max_momentum: 0.8 },
      "OneCycleLR: expected maxMomentum to be a number ≥ 0.9 and < 1, got 0.8",
    ],
    [
      "has no best figure",
      new optim.ReduceLROnPlateau(twoGroups()),
      { ...linear, num_bad_epochs: 1, cooldown_counter: 0 },
      "ReduceLROnPlateau: expected best to be a number, got undefined",
    ],
    [
      "counts no epochs",
      new optim.ReduceLROnPlateau(twoGroups()),
      { best: 1 },
      "ReduceLROnPlateau: expected last_epoch to be a whole number ≥ 0, got undefined",
    ],
  ])("is refused where it %s, and nothing changes", (_, schedule, state, message) => {
    const before = schedule.stateDict();
    expect(() => schedule.loadStateDict(state)).toThrow(new ArgumentError(message));
    expect(schedule.stateDict()).toEqual(before);
  });
});

describe("a schedule", () => {
  test("that cannot go on leaves epoch and rates as they were, in all its parts", () => {
    const optimizer = twoGroups();
    const chained = new optim.ChainedScheduler([
      new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
      new optim.LambdaLR(optimizer, (epoch) => (epoch < 2 ? 1 : Number.NaN)),
    ]);
    chained.step();
    const before = chained.stateDict();
    expect(() => chained.step()).toThrow(
      new ArgumentError("LambdaLR: expected the learning rate to be a number ≥ 0, got NaN"),
    );
    expect(chained.stateDict()).toEqual(before);
  });

  test("starts from the rate that is set for the whole optimizer, after another schedule too", () => {
    const optimizer = twoGroups();
    for (let i = 0, first = new optim.ExponentialLR(optimizer, { gamma: 0.5 }); i < 3; i++) first.step();
    expect(new optim.ExponentialLR(optimizer, { gamma: 0.5 }).baseLrs).toEqual([0.1, 0.5]);
    optimizer.lr = 0.25;
    expect(new optim.LambdaLR(optimizer, () => 1).getLastLr()).toEqual([0.25, 0.25]);
  });

  test("of milestones heeds epoch 0", () => {
    const optimizer = twoGroups();
    expect(new optim.MultiStepLR(optimizer, { milestones: [0, 1], gamma: 0.5 }).getLastLr()).toEqual([
      0.05, 0.25,
    ]);
    const other = twoGroups();
    const parts = [new optim.ConstantLR(other), new optim.ConstantLR(other, { factor: 0.5, totalIters: 2 })];
    const sequential = new optim.SequentialLR(other, parts, { milestones: [0] });
    expect(sequential.getLastLr()).toEqual([0.05, 0.25]);
    sequential.step();
    sequential.step();
    expect(sequential.getLastLr()).toEqual([0.1, 0.5]);
  });

  test("of schedules may be part of another", () => {
    const optimizer = twoGroups();
    const chained = new optim.ChainedScheduler([
      new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
      new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 }),
    ]);
    const first = new optim.ConstantLR(optimizer, { factor: 0.25, totalIters: 9 });
    const schedule = new optim.SequentialLR(optimizer, [first, chained], { milestones: [1] });
    const rates = [0, 1, 2, 3].map(() => {
      const now = optimizer.lr;
      schedule.step();
      return now;
    });
    expectNumbersClose(rates, [0.025, 0.05, 0.025, 0.025]);
  });

  test("of a plateau takes an infinite figure for no progress", () => {
    const schedule = new optim.ReduceLROnPlateau(twoGroups(), { patience: 0, factor: 0.5 });
    schedule.step(Number.POSITIVE_INFINITY);
    expect(schedule.getLastLr()).toEqual([0.05, 0.25]);
    schedule.step(Number.NEGATIVE_INFINITY);
    schedule.step(1);
    expect(schedule.getLastLr()).toEqual([0.025, 0.125]);
  });

  const one = twoGroups();
  const constant = new optim.ConstantLR(one);
  test.each<[string, () => unknown, string]>([
    [
      "of another optimizer",
      () =>
        new optim.SequentialLR(one, [constant, (_) => new optim.ConstantLR(twoGroups())], {
          milestones: [3],
        }),
      "SequentialLR: expected schedulers of one optimizer",
    ],
    [
      "that is none",
      () => new optim.SequentialLR(one, [constant, () => 1 as never], { milestones: [3] }),
      "SequentialLR: expected a list of schedulers, one is 1",
    ],
    [
      "of a number that does not fit",
      () => new optim.SequentialLR(one, [constant], { milestones: [3] }),
      "SequentialLR: expected 2 schedules for 1 milestones, got an array of 1",
    ],
    [
      "with milestones that fall",
      () => new optim.SequentialLR(one, [constant, constant, constant], { milestones: [3, 2] }),
      "SequentialLR: expected milestones[1] to be a number ≥ 3, got 2",
    ],
    [
      "of a plateau among others",
      () => new optim.ChainedScheduler([constant, new optim.ReduceLROnPlateau(one) as never]),
      "ChainedScheduler: expected a list of schedulers, one is a ReduceLROnPlateau",
    ],
    [
      "chained with another optimizer's",
      () => new optim.ChainedScheduler([constant, new optim.ConstantLR(twoGroups())]),
      "ChainedScheduler: expected schedulers of one optimizer",
    ],
  ])("%s is refused, and the rates stay", (_, make, message) => {
    const before = one.groups.map(({ lr, initialLr }) => [lr, initialLr]);
    expect(make).toThrow(new ArgumentError(message));
    expect(one.groups.map(({ lr, initialLr }) => [lr, initialLr])).toEqual(before);
  });
});
