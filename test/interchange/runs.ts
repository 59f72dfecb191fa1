// The trainings of test/oracle/interchange.py, here.
import { expect } from "vitest";
import { nn, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { jsonOf } from "./files.js";

export interface RunRow {
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly schedule: keyof typeof SCHEDULES;
  readonly dtype: "float32" | "float64";
  readonly losses: readonly number[];
  readonly lrs: readonly number[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

interface RunsFile {
  readonly steps: number;
  readonly half: number;
  readonly x: number[][];
  readonly target: number[][];
  readonly runs: readonly RunRow[];
}

/** What a checkpoint of one holds. */
export interface RunState {
  readonly model: nn.StateDict;
  readonly optimizer: optim.TorchOptimizerStateDict;
  readonly schedule: Readonly<Record<string, unknown>>;
  readonly step: number;
}

export const { steps: STEPS, half: HALF, x, target, runs } = jsonOf<RunsFile>("runs.json");

const OPTIMIZERS = {
  SGD: (groups: Groups) =>
    new optim.SGD(groups, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (groups: Groups) => new optim.Adam(groups, { lr: 0.02, amsgrad: true }),
  AdamW: (groups: Groups) => new optim.AdamW(groups, { lr: 0.02, weightDecay: 0.1 }),
  RMSprop: (groups: Groups) => new optim.RMSprop(groups, { lr: 0.01, momentum: 0.5, centered: true }),
};

type Groups = { parameters: Iterable<Tensor>; lr?: number }[];

const SCHEDULES = {
  StepLR: (o: optim.Optimizer) => new optim.StepLR(o, { stepSize: 10, gamma: 0.5 }),
  MultiStepLR: (o: optim.Optimizer) => new optim.MultiStepLR(o, { milestones: [5, 30, 30], gamma: 0.5 }),
  CosineAnnealingLR: (o: optim.Optimizer) => new optim.CosineAnnealingLR(o, { tMax: 20, etaMin: 0.001 }),
  CosineAnnealingWarmRestarts: (o: optim.Optimizer) =>
    new optim.CosineAnnealingWarmRestarts(o, { t0: 7, tMult: 2 }),
  ExponentialLR: (o: optim.Optimizer) => new optim.ExponentialLR(o, { gamma: 0.97 }),
  LinearLR: (o: optim.Optimizer) => new optim.LinearLR(o, { startFactor: 0.2, totalIters: 40 }),
  PolynomialLR: (o: optim.Optimizer) => new optim.PolynomialLR(o, { totalIters: 60, power: 2 }),
  LambdaLR: (o: optim.Optimizer) => new optim.LambdaLR(o, (step) => 0.97 ** step),
  MultiplicativeLR: (o: optim.Optimizer) => new optim.MultiplicativeLR(o, () => 0.98),
  ConstantLR: (o: optim.Optimizer) => new optim.ConstantLR(o, { factor: 0.5, totalIters: 30 }),
  OneCycleLR: (o: optim.Optimizer) =>
    new optim.OneCycleLR(o, { maxLr: 0.05, totalSteps: STEPS + 1, baseMomentum: 0.6, maxMomentum: 0.9 }),
  CyclicLR: (o: optim.Optimizer) =>
    new optim.CyclicLR(o, {
      baseLr: 0.005,
      maxLr: 0.05,
      stepSizeUp: 8,
      stepSizeDown: 6,
      mode: "exp_range",
      gamma: 0.98,
      baseMomentum: 0.7,
    }),
  ChainedScheduler: (o: optim.Optimizer) =>
    new optim.ChainedScheduler([
      new optim.ConstantLR(o, { factor: 0.5, totalIters: 30 }),
      new optim.MultiStepLR(o, { milestones: [10, 40] }),
    ]),
  SequentialLR: (o: optim.Optimizer) =>
    new optim.SequentialLR(
      o,
      [
        (own) => new optim.LinearLR(own, { startFactor: 0.1, totalIters: 10 }),
        (own) => new optim.StepLR(own, { stepSize: 9 }),
      ],
      { milestones: [10] },
    ),
  ReduceLROnPlateau: (o: optim.Optimizer) =>
    new optim.ReduceLROnPlateau(o, { factor: 0.5, patience: 2, threshold: 0.05, minLr: 0.002 }),
};

/** A training of a row, at its beginning. */
export class Run {
  readonly model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  readonly optimizer: optim.Optimizer;
  readonly schedule: ReturnType<(typeof SCHEDULES)[keyof typeof SCHEDULES]>;
  readonly losses: number[] = [];

  readonly #dtype: RunRow["dtype"];

  constructor({ optimizer, schedule, dtype }: Pick<RunRow, "optimizer" | "schedule" | "dtype">) {
    this.#dtype = dtype;
    this.model.to(dtype);
    this.model.parameters().forEach((parameter, i) => {
      parameter.data.forEach((_, j) => {
        parameter.data[j] = Math.cos(j + i) / 2;
      });
    });
    const [first, , last] = [...this.model.namedChildren()].map(([, child]) => child) as nn.Module[];
    this.optimizer = OPTIMIZERS[optimizer]([
      { parameters: (first as nn.Module).parameters() },
      { parameters: (last as nn.Module).parameters(), lr: 0.03 },
    ]);
    this.schedule = SCHEDULES[schedule](this.optimizer);
  }

  step(): void {
    this.optimizer.zeroGrad();
    const dtype = this.#dtype;
    const y = this.model.forward(tensor(x, { dtype }));
    const loss = ops.mean(ops.square(ops.sub(y, tensor(target, { dtype }))));
    loss.backward();
    this.optimizer.step();
    this.schedule.step(loss.item());
    this.losses.push(loss.item());
  }

  steps(count: number): this {
    for (let i = 0; i < count; i++) this.step();
    return this;
  }

  load(state: RunState): this {
    this.model.loadStateDict(state.model);
    this.optimizer.loadStateDict(state.optimizer);
    this.schedule.loadStateDict(state.schedule);
    return this;
  }
}

/** Compares parameters and rates after the last step: within 1e-6. */
export function expectEnd(run: Run, row: Pick<RunRow, "lrs" | "parameters">): void {
  for (const [i, lr] of run.schedule.getLastLr().entries()) expect(lr).toBeCloseTo(row.lrs[i] as number, 9);
  const state = run.model.stateDict();
  expect(Object.keys(state)).toEqual(Object.keys(row.parameters));
  for (const [name, expected] of Object.entries(row.parameters)) {
    const found = Array.from((state[name] as Tensor).data);
    const worst = Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
    expect(worst, name).toBeLessThan(1e-6);
  }
}
