// Every optimizer with every schedule: what stops after five steps and is made anew, in whichever order, goes on to
// the bit as if it had not stopped, and ends where PyTorch's does.
import { describe, expect, test } from "vitest";
import { ops, optim, reviveTensors, type Tensor } from "../../lib/index.js";
import { expectClose, expectNumbersClose, fromOracle, TOLERANCE, type Tolerance } from "../oracle/compare.js";
import { type OracleTensor, type ResumeRow, readOptimizers, readResumes } from "../oracle/read.js";

const { problem } = readOptimizers();
const { optimizers, figures, rows, dicts } = readResumes();
const [STEPS, HALF] = [10, 5];

interface Schedule {
  step(figure?: number): void;
  stateDict(): Record<string, unknown>;
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}
type Makers<Made> = Readonly<Record<string, new (first: never, options?: object) => Made>>;

// It learns from differences of gradients, which are mostly rounding in the end.
const toleranceOf = (name: string): Tolerance =>
  name === "LBFGS" ? { rtol: 1e-7, atol: 1e-9 } : TOLERANCE.float64;

interface Run {
  readonly w: Tensor;
  readonly b: Tensor;
  readonly optimizer: optim.Optimizer;
}

/** The optimizer with its options, or where `isBare` with the defaults. */
function make(
  name: string,
  { w, b }: { readonly w: OracleTensor; readonly b: OracleTensor } = problem.parameters as never,
  isBare = false,
): Run {
  const [own, other] = [fromOracle(w, "float64", true), fromOracle(b, "float64", true)];
  const options = optimizers[name] as { readonly lr: number };
  const kind = (optim as unknown as Makers<optim.Optimizer>)[name];
  if (kind === undefined) throw new Error(`no optimizer ${name}`);
  const groups = isBare
    ? [{ parameters: [own] }, { parameters: [other] }]
    : [{ parameters: [own] }, { parameters: [other], lr: 2 * options.lr }];
  const parameters = name === "Muon" ? [own] : name === "LBFGS" ? [own, other] : groups;
  return { w: own, b: other, optimizer: new kind(parameters as never, isBare ? {} : options) };
}

function takeStep({ w, b, optimizer }: Run): void {
  const [x, target] = [fromOracle(problem.x), fromOracle(problem.target)];
  const closure = (): Tensor => {
    optimizer.zeroGrad();
    b.grad = null;
    const loss = ops.sum(ops.square(ops.sub(ops.tanh(ops.addmm(b, x, w)), target)));
    loss.backward();
    return loss;
  };
  closure();
  if (optimizer instanceof optim.LBFGS) optimizer.step(closure);
  else optimizer.step();
}

const OTHERS: Readonly<Record<string, (o: optim.Optimizer, moving: object) => Schedule>> = {
  "0.9 ** epoch of w, 1 / (1 + epoch) of b": (o) => {
    const factors = [(epoch: number) => 0.9 ** epoch, (epoch: number) => 1 / (1 + epoch)];
    return new optim.LambdaLR(o, factors.slice(0, o.groups.length));
  },
  "1 - epoch / 20": (o) => new optim.MultiplicativeLR(o, (epoch) => 1 - epoch / 20),
  "Linear 0.1 for 3, then warm restarts of 2": (o) =>
    new optim.SequentialLR(
      o,
      [
        new optim.LinearLR(o, { startFactor: 0.1, totalIters: 3 }),
        (one) => new optim.CosineAnnealingWarmRestarts(one, { t0: 2, tMult: 2 }),
      ],
      { milestones: [3] },
    ),
  "Exponential 0.9, then from 2 one cycle, then from 7 1 - epoch / 20": (o, moving) =>
    new optim.SequentialLR(
      o,
      [
        (one) => new optim.ExponentialLR(one, { gamma: 0.9 }),
        (one) =>
          new optim.OneCycleLR(one, {
            maxLr: 0.05,
            totalSteps: 12,
            pctStart: 0.4,
            baseMomentum: 0.5,
            maxMomentum: 0.8,
            ...moving,
          }),
        (one) => new optim.MultiplicativeLR(one, (epoch) => 1 - epoch / 20),
      ],
      { milestones: [2, 7] },
    ),
  "Constant 0.5 for 7, Exponential 0.9, Step 4": (o) =>
    new optim.ChainedScheduler([
      new optim.ConstantLR(o, { factor: 0.5, totalIters: 7 }),
      new optim.ExponentialLR(o, { gamma: 0.9 }),
      new optim.StepLR(o, { stepSize: 4 }),
    ]),
  "warm restarts of 4, and Linear 0.5 to 0.25 for 6": (o) =>
    new optim.ChainedScheduler([
      new optim.CosineAnnealingWarmRestarts(o, { t0: 4 }),
      new optim.LinearLR(o, { startFactor: 0.5, endFactor: 0.25, totalIters: 6 }),
    ]),
};

function schedule({ scheduler, options, momenta }: ResumeRow, optimizer: optim.Optimizer): Schedule {
  const moving = momenta.includes(null) ? { cycleMomentum: false } : {};
  if (typeof options === "string") {
    const other = OTHERS[options];
    if (other === undefined) throw new Error(`no schedule ${options}`);
    return other(optimizer, moving);
  }
  const kind = (optim as unknown as Makers<Schedule>)[scheduler];
  if (kind === undefined) throw new Error(`no scheduler ${scheduler}`);
  const all = "maxMomentum" in options ? { ...options, ...moving } : options;
  return new kind(optimizer as never, all);
}

function goOn(run: Run, one: Schedule, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    takeStep(run);
    if (one instanceof optim.ReduceLROnPlateau) one.step(figures[i] as number);
    else one.step();
  }
}

/** A state dict through JSON: what is not plain would not come back. */
const written = <T>(dict: T): T => JSON.parse(JSON.stringify(dict), reviveTensors) as T;

const valuesOf = ({ data, shape }: Tensor): OracleTensor => ({ data: [...data], shape, dtype: "float64" });

const exact = ({ w, b, optimizer }: Run) => ({
  w: [...w.data],
  b: [...b.data],
  rates: optimizer.groups.map(({ lr }) => lr),
  momenta: optimizer.groups.map(({ momentum }) => momentum),
});

const ORDERS: Readonly<Record<string, (row: ResumeRow, at: Saved) => readonly [Run, Schedule]>> = {
  "the optimizer is loaded, and then the schedule is made": (row, { weights, optimizer, scheduler }) => {
    const run = make(row.optimizer, weights, true);
    run.optimizer.loadStateDict(optimizer);
    const one = schedule(row, run.optimizer);
    one.loadStateDict(scheduler);
    return [run, one];
  },
  "the schedule is made, and then both are loaded": (row, { weights, optimizer, scheduler }) => {
    const run = make(row.optimizer, weights);
    const one = schedule(row, run.optimizer);
    run.optimizer.loadStateDict(optimizer);
    one.loadStateDict(scheduler);
    return [run, one];
  },
  "the schedule is loaded before the optimizer": (row, { weights, optimizer, scheduler }) => {
    const run = make(row.optimizer, weights);
    const one = schedule(row, run.optimizer);
    one.loadStateDict(scheduler);
    run.optimizer.loadStateDict(optimizer);
    return [run, one];
  },
};

interface Saved {
  readonly weights: { readonly w: OracleTensor; readonly b: OracleTensor };
  readonly optimizer: optim.OptimizerStateDict;
  readonly scheduler: Record<string, unknown>;
}

describe.each(Object.keys(optimizers))("%s goes on after a stop", (name) => {
  const own = rows.filter(({ optimizer }) => optimizer === name);
  test.each(own.map((row) => [`${row.scheduler} ${JSON.stringify(row.options)}`, row] as const))(
    "with %s",
    (_, row) => {
      const whole = make(name);
      const one = schedule(row, whole.optimizer);
      goOn(whole, one, 0, HALF);
      const saved: Saved = {
        weights: { w: valuesOf(whole.w), b: valuesOf(whole.b) },
        optimizer: written(whole.optimizer.stateDict()),
        scheduler: written(one.stateDict()),
      };
      goOn(whole, one, HALF, STEPS);
      expectClose(whole.w, row.w, toleranceOf(name), "w");
      expectClose(whole.b, row.b, toleranceOf(name), "b");
      expectNumbersClose(
        whole.optimizer.groups.map(({ lr }) => lr),
        row.rates,
      );
      expectNumbersClose(
        whole.optimizer.groups.map(({ momentum }) => momentum ?? -1),
        row.momenta.map((momentum) => momentum ?? -1),
      );
      for (const [order, rebuild] of Object.entries(ORDERS)) {
        const [run, other] = rebuild(row, saved);
        goOn(run, other, HALF, STEPS);
        expect(exact(run), order).toEqual(exact(whole));
      }
    },
  );
});

test("every optimizer and every schedule of PyTorch is among them", () => {
  const exported = Object.entries(optim).flatMap(([name, value]) =>
    (value as { prototype?: unknown }).prototype instanceof optim.Optimizer ? [name] : [],
  );
  expect(Object.keys(optimizers).sort()).toEqual(
    exported.filter((name) => name !== "GradientDescent").sort(),
  );
  const schedules = Object.keys(optim).filter(
    (name) => /LR|Scheduler|Cosine/.test(name) && name !== "LRScheduler",
  );
  expect([...new Set(rows.map(({ scheduler }) => scheduler))].sort()).toEqual(schedules.sort());
});

describe("PyTorch's own state dict", () => {
  test.each(dicts.map((row) => [row.optimizer, row] as const))(
    "of %s: it goes on from there",
    (name, row) => {
      const run = make(name, row.half as never, true);
      run.optimizer.loadStateDict(
        JSON.parse(JSON.stringify(row.stateDict), reviveTensors) as optim.TorchOptimizerStateDict,
      );
      for (let i = HALF; i < STEPS; i++) takeStep(run);
      expectClose(run.w, row.after["w"] as OracleTensor, toleranceOf(name), "w");
      expectClose(run.b, row.after["b"] as OracleTensor, toleranceOf(name), "b");
    },
  );

  test.each(dicts.map((row) => [row.optimizer, row] as const))(
    "of %s has the names that ours has",
    (name, row) => {
      const run = make(name);
      for (let i = 0; i < HALF; i++) takeStep(run);
      const { state, paramGroups } = run.optimizer.stateDict();
      const implementation = ["foreach", "fused", "capturable", "differentiable"];
      const isNone = (value: unknown): boolean => value === null;
      const torch = row.stateDict.param_groups.map((group) =>
        Object.keys(group).filter((key) => !implementation.includes(key)),
      );
      expect(paramGroups.map((group) => Object.keys(group).sort())).toEqual(torch.map((keys) => keys.sort()));
      for (const [i, theirs] of Object.entries(row.stateDict.state)) {
        const ours = state[Number(i)] ?? {};
        const names = Object.keys(theirs).filter((key) => !isNone(theirs[key]) && key !== "al");
        expect(Object.keys(ours)).toEqual(expect.arrayContaining(names));
      }
    },
  );
});
