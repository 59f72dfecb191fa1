// Every optimizer goes PyTorch's way for fifty steps, op by op and compiled.
import { describe, expect, test } from "vitest";
import { compile, optim, type Tensor } from "../../lib/index.js";
import { expectClose, expectNumbersClose } from "../oracle/compare.js";
import { written } from "../oracle/nets.js";
import { asRead, type DescentRow } from "../oracle/read.js";
import { KINDS, kindOf, ORACLE, Run, toleranceOf } from "./cases.js";

/** The rows of all cases, of which each must have one. */
const rows = KINDS.flatMap(({ name, description }) => {
  const own = ORACLE.rows.filter(({ optimizer }) => optimizer === name);
  const { cases, cycled } = description;
  const all = [...cases(), ...(cycled === undefined ? [] : [cycled])];
  return all.map((options, i): [title: string, options: object, row: DescentRow] => {
    const row = own[i];
    if (row === undefined || JSON.stringify(row.options) !== JSON.stringify(asRead(written(options)))) {
      throw new Error(`the oracle has no answers for this case of ${name}: run python test/oracle/make.py`);
    }
    const note = row.oneCycle === undefined ? "" : ", one cycle";
    return [`${name} ${JSON.stringify(row.options).slice(0, 100)}${note}`, options, row];
  });
});

/** What goes on to the next step of the row's schedule. */
function scheduled(row: DescentRow, optimizer: optim.Optimizer): () => void {
  if (row.oneCycle === undefined) return () => {};
  const totalSteps = row.losses.length + 1;
  const schedule = new optim.OneCycleLR(optimizer, { maxLr: row.oneCycle, totalSteps });
  return () => schedule.step();
}

describe.each(["float64", "float32"] as const)("optimizers follow PyTorch's for 50 steps in %s", (dtype) => {
  test.each(rows)("%s", (_, options, row) => {
    const kind = kindOf(row.optimizer);
    const tolerance = toleranceOf(kind, dtype);
    const run = new Run(kind, { options, dtype });
    const next = scheduled(row, run.optimizer);
    let compared = 0;
    const losses = row.losses.map((_, i) => {
      const loss = run.step().item();
      next();
      const after = row.after[String(i + 1)];
      if (after !== undefined) {
        expectClose(run.w, after.w, tolerance, `w after step ${i + 1}`);
        expectClose(run.b, after.b, tolerance, `b after step ${i + 1}`);
        compared++;
      }
      return loss;
    });
    expectNumbersClose(losses, row.losses, tolerance, "losses");
    expect(compared).toBe(Object.keys(row.after).length);
  });
});

describe("compiled, optimizers take the same steps", () => {
  // What asks for the loss between its steps has no compiled step.
  const compilable = rows.filter(([, , row]) => !kindOf(row.optimizer).description.asks?.closure);
  test.each(compilable)("%s", (_, options, row) => {
    const kind = kindOf(row.optimizer);
    const run = new Run(kind, { options });
    const next = scheduled(row, run.optimizer);
    let traces = 0;
    const step = compile((x: Tensor, target: Tensor) => {
      traces++;
      return run.step(x, target);
    });
    const losses = row.losses.map(() => {
      const loss = step(run.x, run.target).item();
      next();
      return loss;
    });
    expect(traces).toBe(1);
    expectNumbersClose(losses, row.losses, toleranceOf(kind), "losses");
    const last = row.after["50"] as DescentRow["after"][string];
    expectClose(run.w, last.w, toleranceOf(kind), "w");
    expectClose(run.b, last.b, toleranceOf(kind), "b");
  });
});
