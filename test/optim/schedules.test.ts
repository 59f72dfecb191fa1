// Learning-rate schedules give PyTorch's rates, and a compiled step follows them.
import { describe, expect, test } from "vitest";
import { ArgumentError, compile, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { readSchedules, type ScheduleRow } from "../oracle/read.js";

interface Schedule {
  step(figure?: number): void;
  getLastLr(): number[];
}
type Make = (optimizer: optim.Optimizer) => Schedule;

const BY_FUNCTION: Readonly<Record<string, Make>> = {
  LambdaLR: (opt) => new optim.LambdaLR(opt, (epoch) => 0.95 ** epoch),
  MultiplicativeLR: (opt) => new optim.MultiplicativeLR(opt, (epoch) => 1 - epoch / 100),
  SequentialLR: (opt) =>
    new optim.SequentialLR(
      opt,
      [
        (one) => new optim.LinearLR(one, { startFactor: 0.1, totalIters: 8 }),
        (one) => new optim.ExponentialLR(one, { gamma: 0.9 }),
        (one) => new optim.CosineAnnealingLR(one, { tMax: 10 }),
      ],
      { milestones: [8, 20] },
    ),
  ChainedScheduler: (opt) =>
    new optim.ChainedScheduler([
      new optim.ConstantLR(opt, { factor: 0.5, totalIters: 6 }),
      new optim.ExponentialLR(opt, { gamma: 0.9 }),
    ]),
};

function make({ scheduler, options }: ScheduleRow, opt: optim.Optimizer): Schedule {
  if (typeof options === "string") return (BY_FUNCTION[scheduler] as Make)(opt);
  const own = (optim as unknown as Record<string, new (one: optim.Optimizer, o: object) => Schedule>)[
    scheduler
  ];
  if (own === undefined) throw new Error(`no scheduler ${scheduler}`);
  return new own(opt, options);
}

const leaf = (): Tensor => tensor([1], { requiresGrad: true });
const twoGroups = (): optim.SGD =>
  new optim.SGD(
    [
      { parameters: [leaf()], lr: 0.1 },
      { parameters: [leaf()], lr: 0.5 },
    ],
    { momentum: 0.9 },
  );

const rows = readSchedules();

test.each(rows.map((row) => [`${row.scheduler} ${JSON.stringify(row.options)}`, row] as const))(
  "%s",
  (_, row) => {
    const optimizer = twoGroups();
    const schedule = make(row, optimizer);
    const momenta: (number | null)[] = [];
    const rates = row.rates.map((_, epoch) => {
      momenta.push(...optimizer.groups.map(({ momentum }) => momentum));
      const now = optimizer.groups.map(({ lr }) => lr);
      expect(schedule.getLastLr()).toEqual(now);
      if (row.scheduler === "ReduceLROnPlateau") schedule.step(row.figures[epoch]);
      else if (epoch < row.rates.length - 1) schedule.step();
      return now;
    });
    expectNumbersClose(rates.flat(), row.rates.flat(), { rtol: 1e-10, atol: 1e-14 });
    expectNumbersClose(momenta as number[], row.momenta.flat(), { rtol: 1e-10, atol: 1e-14 });
  },
);

test("the oracle covers every schedule", () => {
  const names = Object.keys(optim).filter(
    (name) => /LR|Scheduler|Cosine/.test(name) && name !== "LRScheduler",
  );
  const covered = new Set(rows.map(({ scheduler }) => scheduler));
  expect(names.filter((name) => !covered.has(name))).toEqual([]);
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
  test("goes on elsewhere", () => {
    const [first, second] = [twoGroups(), twoGroups()];
    const [a, b] = [first, second].map((one) => new optim.LinearLR(one, { totalIters: 9 })) as [
      optim.LinearLR,
      optim.LinearLR,
    ];
    for (let i = 0; i < 4; i++) a.step();
    b.loadStateDict(a.stateDict());
    a.step();
    b.step();
    expect(b.getLastLr()).toEqual(a.getLastLr());
  });

  test("is refused where it is another's", () => {
    const schedule = new optim.LinearLR(twoGroups());
    expect(() => schedule.loadStateDict({ last_epoch: 3, _last_lr: [0.1] })).toThrow(
      new ArgumentError("LinearLR: expected _last_lr to hold 2 rates, got an array of 1"),
    );
  });
});
