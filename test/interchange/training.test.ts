// A training goes on where PyTorch stopped, and comes to the same.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodePyTorch, readPyTorch, writePyTorch } from "../../lib/interchange/index.js";
import { pythonWith, runScript } from "../python.js";
import { pathOf, withFolder } from "./files.js";
import { expectEnd, HALF, Run, type RunRow, type RunState, runs, STEPS } from "./runs.js";

const rows = runs.map((row) => [row.optimizer, row.schedule, row] as const);

describe("a training", () => {
  test.each(rows)("%s with %s that PyTorch began goes on here", async (optimizer, schedule, row) => {
    const state = await readPyTorch<RunState & Record<string, unknown>>(
      pathOf(`${optimizer}-${schedule}.pt`),
    );
    expect(state.step).toBe(HALF);
    const run = new Run(row).load(state).steps(STEPS - HALF);
    run.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(row.losses[HALF + i] as number, 6);
    });
    expectEnd(run, row);
  });

  test.each(rows)("%s with %s is PyTorch's from the beginning", (_, __, row) => {
    expectEnd(new Run(row).steps(STEPS), row);
  });
});

describe("a training that began here", () => {
  const python = pythonWith("torch");

  test.skipIf(python === undefined)("goes on in PyTorch", async () => {
    await withFolder(async (folder) => {
      const files: string[] = [];
      for (const row of runs) {
        const { model, optimizer, schedule } = new Run(row).steps(HALF);
        const path = join(folder, `${row.optimizer}-${row.schedule}.pt`);
        await writePyTorch(path, { model, optimizer, schedule });
        files.push(row.optimizer, row.schedule, path);
      }
      const lines = runScript(python as string, "interchange_resume.py", files)
        .trim()
        .split("\n");
      for (const [i, row] of runs.entries()) {
        const end = JSON.parse(lines[i] as string) as RunRow;
        const title = `${row.optimizer} with ${row.schedule}`;
        for (const [name, values] of Object.entries(row.parameters)) {
          const found = end.parameters[name] as readonly number[];
          const worst = Math.max(...values.map((value, j) => Math.abs(value - (found[j] as number))));
          expect(worst, `${title}: ${name}`).toBeLessThan(1e-6);
        }
        row.lrs.forEach((lr, j) => {
          expect(end.lrs[j], title).toBeCloseTo(lr, 9);
        });
      }
    });
  });

  test.each(rows)("by %s with %s is read from the file as it was", async (_, __, row) => {
    const run = new Run(row).steps(HALF);
    const { model, optimizer, schedule } = run;
    const state = await readPyTorch<RunState & Record<string, unknown>>(
      encodePyTorch({ model, optimizer, schedule }),
    );
    const other = new Run(row).load(state).steps(STEPS - HALF);
    run.steps(STEPS - HALF);
    expect(other.losses).toEqual(run.losses.slice(HALF));
    expect(other.schedule.getLastLr()).toEqual(run.schedule.getLastLr());
  });
});
