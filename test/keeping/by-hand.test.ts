// Every optimizer with every schedule in a loop by hand: what was saved after five steps goes on with the same bits,
// also in a process of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCheckpointSync, saveCheckpointSync, type Tensor } from "../../lib/index.js";
import { library, runModule } from "../child.js";
import { goOn, KINDS, ORACLE, Run, scheduleOf, weightsOf } from "../optim/cases.js";
import { type DescentKind, schedules } from "../oracle/nets.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-by-hand-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { figures } = ORACLE;
const HALF = figures.length / 2;

const make = (kind: DescentKind): Run =>
  new Run(kind, {
    options: kind.description.resumed,
    ofB: { lr: 2 * kind.description.resumed.lr },
  });

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s goes on from a file", (name, kind) => {
  test.each(schedules("runs").map((one) => [`${one.name} ${one.note}`, one] as const))(
    "with %s",
    (_, one) => {
      const path = join(folder, name);
      const whole = make(kind);
      const schedule = scheduleOf(one, whole.optimizer);
      goOn(whole, schedule, 0, HALF);
      const extra = { w: whole.w, b: whole.b };
      saveCheckpointSync(path, { optimizer: whole.optimizer, schedules: [schedule], extra });
      goOn(whole, schedule, HALF, figures.length);

      const other = make(kind);
      const again = scheduleOf(one, other.optimizer);
      const found = loadCheckpointSync(path, { optimizer: other.optimizer, schedules: [again] });
      const saved = found.extra as { readonly w: Tensor; readonly b: Tensor };
      other.w.data.set(saved.w.data);
      other.b.data.set(saved.b.data);
      goOn(other, again, HALF, figures.length);
      expect(other.now()).toEqual(whole.now());
      expect(weightsOf(other)).toEqual(weightsOf(whole));
    },
  );
});

/** The text of a program that trains from one step to another, and prints all weights as bytes. */
const program = (optimizer: string, path: string, from: number, to: number): string => `
  const { cost, loadCheckpoint, manualSeed, nn, optim, randn, rand, saveCheckpoint, setThreads }
    = await import(${JSON.stringify(library)});
  setThreads(${from === 0 ? 2 : 1});
  manualSeed(${from});
  const model = new nn.Sequential(new nn.Linear(3, 8), new nn.BatchNorm1d(8), new nn.Dropout(0.3), new nn.Linear(8, 1));
  const optimizer = ${optimizer};
  const schedules = [new optim.CyclicLR(optimizer, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 3, cycleMomentum: false })];
  const averages = [new optim.WeightAverage(model.parameters())];
  const own = { model, optimizer, schedules, averages };
  const path = ${JSON.stringify(path)};
  if (${from} > 0) await loadCheckpoint(path, own);
  for (let step = ${from}; step < ${to}; step++) {
    if (step === 4 && ${from} === 0) await saveCheckpoint(path, own);
    const [x, y] = [randn([5, 3]), rand([5, 1])];
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = cost.mse(model.forward(x), y);
      loss.backward();
      return loss;
    });
    averages[0].update();
    schedules[0].step();
  }
  const all = [...Object.values(model.stateDict()), ...averages[0].averages];
  console.log(all.map((one) => Buffer.from(one.data.buffer).toString("hex")).join("\\n"));
`;

test("LBFGS goes on with its history in another process, with another number of threads", async () => {
  const path = join(folder, "lbfgs");
  const lbfgs = `new optim.LBFGS(model.parameters(), { lineSearchFn: "strong_wolfe", historySize: 5, maxIter: 4 })`;
  const whole = await runModule(program(lbfgs, path, 0, 7));
  const rest = await runModule(program(lbfgs, path, 4, 7));
  expect(whole.stderr + rest.stderr).toBe("");
  expect(whole.stdout.length).toBeGreaterThan(100);
  expect(rest.stdout).toBe(whole.stdout);
});
