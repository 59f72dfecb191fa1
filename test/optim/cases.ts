// Every optimizer on the oracle's problem, for the tests that hold for all of them.
import { ops, type optim, type Tensor } from "../../lib/index.js";
import type { Schedule } from "../../lib/optim/schedulers/registry.js";
import { isTensor } from "../../lib/tensor/tensor.js";
import { fromOracle, type Tolerance } from "../oracle/compare.js";
import { type DescentKind, optimizers, type ScheduleCase } from "../oracle/nets.js";
import { type OracleTensor, readOptimizers } from "../oracle/read.js";

export const ORACLE = readOptimizers();
export const KINDS = optimizers();

export const kindOf = (name: string): DescentKind => {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`the oracle has ${name}, which optim lacks`);
  return kind;
};

type FloatDType = "float32" | "float64";

// After fifty steps rounding of float32 has grown.
const TOLERANCES: Readonly<Record<FloatDType, Tolerance>> = {
  float64: { rtol: 1e-10, atol: 1e-12 },
  float32: { rtol: 1e-4, atol: 1e-4 },
};
const SENSITIVE: typeof TOLERANCES = {
  float64: { rtol: 1e-7, atol: 1e-9 },
  float32: { rtol: 5e-3, atol: 5e-3 },
};

export const toleranceOf = ({ description }: DescentKind, dtype: FloatDType = "float64"): Tolerance =>
  (description.isSensitive ? SENSITIVE : TOLERANCES)[dtype];

interface RunOptions {
  /** Of the optimizer. */
  readonly options?: object;
  /** Gives b a group of its own, which has these options, where the optimizer takes groups. */
  readonly ofB?: object;
  /** The parameters at the start. Default: the problem's. */
  readonly weights?: { readonly w: OracleTensor; readonly b: OracleTensor };
  readonly dtype?: FloatDType;
}

/** An optimizer on the problem: Σ (tanh(x·w + b) − target)², with the parameters that it takes. */
export class Run {
  readonly w: Tensor;
  readonly b: Tensor;
  readonly optimizer: optim.Optimizer;
  readonly x: Tensor;
  readonly target: Tensor;

  constructor(
    kind: DescentKind,
    { options = {}, ofB, weights = ORACLE.problem.parameters, dtype = "float64" }: RunOptions = {},
  ) {
    this.w = fromOracle(weights.w, dtype, true);
    this.b = fromOracle(weights.b, dtype, true);
    this.x = fromOracle(ORACLE.problem.x, dtype);
    this.target = fromOracle(ORACLE.problem.target, dtype);
    const { matrices, closure } = kind.description.asks ?? {};
    const groups = [{ parameters: [this.w] }, { parameters: [this.b], ...ofB }];
    const takesGroups = ofB !== undefined && !matrices && !closure;
    const parameters = matrices ? [this.w] : takesGroups ? groups : [this.w, this.b];
    const own = Object.entries(options).map(([name, value]) => [
      name,
      isTensor(value) ? ops.to(value, dtype) : value,
    ]);
    this.optimizer = kind.make(parameters, Object.fromEntries(own));
  }

  /** The loss, with its gradients. */
  loss(x = this.x, target = this.target): Tensor {
    this.optimizer.zeroGrad();
    this.b.grad = null; // of Muon's, which trains w alone
    const loss = ops.sum(ops.square(ops.sub(ops.tanh(ops.addmm(this.b, x, this.w)), target)));
    loss.backward();
    return loss;
  }

  /** One step, and the loss before it. */
  step(x?: Tensor, target?: Tensor): Tensor {
    const loss = this.loss(x, target);
    // Of all optimizers one takes a function that computes the loss.
    (this.optimizer.step as (closure: () => Tensor) => void).call(this.optimizer, () => this.loss());
    return loss;
  }

  /** All that it has come to, to the bit. */
  now(): object {
    return {
      w: [...this.w.data],
      b: [...this.b.data],
      rates: this.optimizer.groups.map(({ lr }) => lr),
      momenta: this.optimizer.groups.map(({ momentum }) => momentum),
    };
  }
}

/** The parameters of a run as the oracle writes them. */
export const weightsOf = ({ w, b }: Run): { w: OracleTensor; b: OracleTensor } => ({
  w: { data: [...w.data], shape: w.shape, dtype: "float64" },
  b: { data: [...b.data], shape: b.shape, dtype: "float64" },
});

/** The schedule, which leaves the momentum alone where there is none. */
export function scheduleOf(one: ScheduleCase, optimizer: optim.Optimizer): Schedule {
  const isStill = optimizer.groups.every(({ momentum }) => momentum === null);
  const moves = one.options !== null && "maxMomentum" in one.options;
  return one.make(optimizer, isStill && moves ? { cycleMomentum: false } : {});
}

/** Steps of optimizer and schedule, with the figures [from, to) for schedules that look at one. */
export function goOn(run: Run, schedule: Schedule, from: number, to: number): void {
  for (const figure of ORACLE.figures.slice(from, to)) {
    run.step();
    schedule.step(figure);
  }
}
