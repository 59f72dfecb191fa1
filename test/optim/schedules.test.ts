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
  new optim.SGD([
    { parameters: [leaf()], lr: 0.1 },
    { parameters: [leaf()], lr: 0.5 },
  ]);

const rows = readSchedules();

test.each(rows.map((row) => [`${row.scheduler} ${JSON.stringify(row.options)}`, row] as const))(
  "%s",
  (_, row) => {
    const optimizer = twoGroups();
    const schedule = make(row, optimizer);
    const rates = row.rates.map((_, epoch) => {
      const now = optimizer.groups.map(({ lr }) => lr);
      expect(schedule.getLastLr()).toEqual(now);
      if (row.scheduler === "ReduceLROnPlateau") schedule.step(row.figures[epoch]);
      else if (epoch < row.rates.length - 1) schedule.step();
      return now;
    });
    expectNumbersClose(rates.flat(), row.rates.flat(), { rtol: 1e-10, atol: 1e-14 });
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
