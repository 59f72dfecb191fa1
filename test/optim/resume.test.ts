// Every optimizer with every schedule: what stops after five steps and is made anew, in whichever order, goes on to
// the bit as if it had not stopped, and ends where PyTorch's does.
import { describe, expect, test } from "vitest";
import { type optim, reviveTensors } from "../../lib/index.js";
import type { Schedule } from "../../lib/optim/schedulers/registry.js";
import { expectClose, expectNumbersClose } from "../oracle/compare.js";
import { type DescentKind, type ScheduleCase, schedules } from "../oracle/nets.js";
import type { OracleTensor, RunRow } from "../oracle/read.js";
import { goOn, KINDS, kindOf, ORACLE, Run, scheduleOf, toleranceOf, weightsOf } from "./cases.js";

const { figures, runs, dicts } = ORACLE;
const [STEPS, HALF] = [figures.length, figures.length / 2];

type Weights = Readonly<Record<"w" | "b", OracleTensor>>;

/** The optimizer with the options that it is resumed with; b has twice the learning rate. */
const make = (kind: DescentKind, weights: Weights = ORACLE.problem.parameters): Run => {
  const { resumed } = kind.description;
  return new Run(kind, { options: resumed, ofB: { lr: 2 * resumed.lr }, weights });
};

/** The optimizer with its defaults. */
const makeBare = (kind: DescentKind, weights: Weights): Run => new Run(kind, { ofB: {}, weights });

/** A state dict through JSON: what is not plain would not come back. */
const written = <T>(dict: T): T => JSON.parse(JSON.stringify(dict), reviveTensors) as T;

interface Saved {
  readonly weights: Weights;
  readonly optimizer: optim.OptimizerStateDict;
  readonly scheduler: Record<string, unknown>;
}

type Order = (kind: DescentKind, one: ScheduleCase, saved: Saved) => readonly [Run, Schedule];

const ORDERS: Readonly<Record<string, Order>> = {
  "the optimizer is loaded, and then the schedule is made": (kind, one, saved) => {
    const run = makeBare(kind, saved.weights);
    run.optimizer.loadStateDict(saved.optimizer);
    const schedule = scheduleOf(one, run.optimizer);
    schedule.loadStateDict(saved.scheduler);
    return [run, schedule];
  },
  "the schedule is made, and then both are loaded": (kind, one, saved) => {
    const run = make(kind, saved.weights);
    const schedule = scheduleOf(one, run.optimizer);
    run.optimizer.loadStateDict(saved.optimizer);
    schedule.loadStateDict(saved.scheduler);
    return [run, schedule];
  },
  "the schedule is loaded before the optimizer": (kind, one, saved) => {
    const run = make(kind, saved.weights);
    const schedule = scheduleOf(one, run.optimizer);
    schedule.loadStateDict(saved.scheduler);
    run.optimizer.loadStateDict(saved.optimizer);
    return [run, schedule];
  },
};

function answersOf(kind: DescentKind, one: ScheduleCase): RunRow {
  const row = runs.find(
    ({ optimizer, scheduler, note }) =>
      optimizer === kind.name && scheduler === one.name && note === one.note,
  );
  if (row !== undefined) return row;
  throw new Error(
    `the oracle has no answers for ${kind.name} with ${one.name}: run python test/oracle/make.py`,
  );
}

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s goes on after a stop", (_, kind) => {
  test.each(schedules("runs").map((one) => [`${one.name} ${one.note}`, one] as const))(
    "with %s",
    (_, one) => {
      const row = answersOf(kind, one);
      const whole = make(kind);
      const schedule = scheduleOf(one, whole.optimizer);
      goOn(whole, schedule, 0, HALF);
      const saved: Saved = {
        weights: weightsOf(whole),
        optimizer: written(whole.optimizer.stateDict()),
        scheduler: written(schedule.stateDict()),
      };
      goOn(whole, schedule, HALF, STEPS);
      expectClose(whole.w, row.w, toleranceOf(kind), "w");
      expectClose(whole.b, row.b, toleranceOf(kind), "b");
      const { groups } = whole.optimizer;
      expectNumbersClose(
        groups.map(({ lr }) => lr),
        row.rates,
      );
      expectNumbersClose(
        groups.map(({ momentum }) => momentum ?? -1),
        row.momenta.map((momentum) => momentum ?? -1),
      );
      for (const [order, rebuild] of Object.entries(ORDERS)) {
        const [run, other] = rebuild(kind, one, saved);
        goOn(run, other, HALF, STEPS);
        expect(run.now(), order).toEqual(whole.now());
      }
    },
  );
});

describe("PyTorch's own state dict", () => {
  const rows = dicts.map((row) => [row.optimizer, row] as const);

  test.each(rows)("of %s: it goes on from there", (name, row) => {
    const run = makeBare(kindOf(name), row.half);
    run.optimizer.loadStateDict(written(row.stateDict) as optim.TorchOptimizerStateDict);
    for (let i = HALF; i < STEPS; i++) run.step();
    expectClose(run.w, row.after.w, toleranceOf(kindOf(name)), "w");
    expectClose(run.b, row.after.b, toleranceOf(kindOf(name)), "b");
  });

  test.each(rows)("of %s has the names that ours has", (name, row) => {
    const run = make(kindOf(name));
    for (let i = 0; i < HALF; i++) run.step();
    const { state, paramGroups } = run.optimizer.stateDict();
    const implementation = ["foreach", "fused", "capturable", "differentiable"];
    const torch = row.stateDict.param_groups.map((group) =>
      Object.keys(group).filter((key) => !implementation.includes(key)),
    );
    expect(paramGroups.map((group) => Object.keys(group).sort())).toEqual(torch.map((keys) => keys.sort()));
    for (const [i, theirs] of Object.entries(row.stateDict.state)) {
      const ours = state[Number(i)] ?? {};
      const names = Object.keys(theirs).filter((key) => theirs[key] !== null && key !== "al");
      expect(Object.keys(ours)).toEqual(expect.arrayContaining(names));
    }
  });
});
