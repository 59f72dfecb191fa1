// PyTorch's own state dicts of schedules where they are not as ours.
import { describe, expect, test } from "vitest";
import { ArgumentError, nn, optim } from "../../lib/index.js";

const optimizer = () => {
  const groups = [new nn.Linear(1, 1), new nn.Linear(1, 1)].map((layer) => ({
    parameters: layer.parameters(),
  }));
  return new optim.SGD(groups, { lr: 0.1, momentum: 0.9 });
};
const common = { last_epoch: 3, _step_count: 4, base_lrs: [0.01, 0.01], _last_lr: [0.02, 0.02] };
const cyclic = {
  ...common,
  max_lrs: [0.1, 0.1],
  total_size: 30,
  step_ratio: 0.4,
  mode: "triangular",
  gamma: 1,
  scale_mode: "cycle",
  cycle_momentum: true,
  use_beta1: false,
  base_momentums: [0.7, 0.7],
  max_momentums: [0.95, 0.95],
  _scale_fn_custom: null,
};
const makeCyclic = () => new optim.CyclicLR(optimizer(), { baseLr: 0.001, maxLr: 0.2 });

describe("PyTorch's state dict", () => {
  test("of CyclicLR gives the rates, the cycle and the momenta", () => {
    const schedule = makeCyclic();
    schedule.loadStateDict(cyclic);
    expect(schedule.settings).toMatchObject({ baseLr: 0.01, maxLr: 0.1, stepSizeUp: 12, stepSizeDown: 18 });
    expect(schedule.settings).toMatchObject({ baseMomentum: 0.7, maxMomentum: 0.95 });
    expect(schedule.getLastLr()).toEqual([0.02, 0.02]);
  });

  test("of CyclicLR without momentum leaves the momentum", () => {
    const schedule = new optim.CyclicLR(optimizer(), { baseLr: 0.001, maxLr: 0.2, cycleMomentum: false });
    const { base_momentums: _, max_momentums: __, ...rest } = cyclic;
    schedule.loadStateDict({ ...rest, cycle_momentum: false });
    expect(schedule.optimizer.groups[0]?.momentum).toBe(0.9);
  });

  test.each([
    ["max_lrs", [0.1, 0.2]],
    ["base_lrs", [0.01, 0.02]],
    ["base_momentums", [0.7, 0.8]],
    ["max_momentums", 0.9],
  ])("of CyclicLR is refused whose %s are not the same for each group", (name, value) => {
    const schedule = makeCyclic();
    const before = schedule.stateDict();
    expect(() => schedule.loadStateDict({ ...cyclic, [name]: value })).toThrow(
      `CyclicLR: expected ${name} to be a list with the same value for each group`,
    );
    expect(schedule.stateDict()).toEqual(before);
  });

  test("of MultiStepLR has its milestones counted", () => {
    const schedule = new optim.MultiStepLR(optimizer(), { milestones: [1] });
    schedule.loadStateDict({ ...common, gamma: 0.5, milestones: { 2: 2, 7: 1 } });
    expect(schedule.milestones).toEqual([2, 2, 7]);
    for (const milestones of [{ 2: -1 }, { 2: 1e9 }, { 2: "1" }, { a: 1 }]) {
      expect(() => schedule.loadStateDict({ ...common, milestones })).toThrow(ArgumentError);
    }
    expect(schedule.milestones).toEqual([2, 2, 7]);
  });

  test("of ChainedScheduler has its epoch in its parts", () => {
    const own = optimizer();
    const schedule = new optim.ChainedScheduler([
      new optim.ExponentialLR(own, { gamma: 0.9 }),
      new optim.ConstantLR(own),
    ]);
    const parts = [
      { ...common, gamma: 0.9 },
      { ...common, factor: 0.5, total_iters: 9 },
    ];
    schedule.loadStateDict({ _last_lr: [0.02, 0.02], _schedulers: parts });
    expect(schedule.lastEpoch).toBe(3);
    expect(() => schedule.loadStateDict({ _last_lr: [0.02, 0.02], _schedulers: [] })).toThrow(ArgumentError);
    expect(() => schedule.loadStateDict({ _last_lr: [0.02, 0.02] })).toThrow(ArgumentError);
  });

  test("of ReduceLROnPlateau has a least rate, the same for each group", () => {
    const schedule = new optim.ReduceLROnPlateau(optimizer());
    const state = { ...schedule.stateDict(), default_min_lr: null, min_lrs: [0.001, 0.001] };
    schedule.loadStateDict(state);
    expect(schedule.stateDict()["default_min_lr"]).toBe(0.001);
    expect(() => schedule.loadStateDict({ ...state, min_lrs: [0, 1] })).toThrow(ArgumentError);
  });
});
