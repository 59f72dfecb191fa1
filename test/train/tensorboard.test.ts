import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { accuracy, cost, FileError, fit, nn, optim, tensor } from "../../lib/index.js";
import { parseEvents } from "../../lib/tensorboard/index.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-fit-board-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([0, 1, 1, 0], { dtype: "int32" });

function options(epochs: number) {
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
  const schedule = new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  const fitting = { data: { x, y }, validation: { x, y }, cost: cost.crossEntropy, optimizer, epochs };
  return { model, fitting: { ...fitting, metrics: { accuracy }, onEpoch: () => schedule.step() } };
}

test("fit writes each epoch's figures where TensorBoard finds them", async () => {
  const run = join(folder, "run");
  const { model, fitting } = options(3);
  const history = await fit(model, { ...fitting, tensorBoard: run });
  const [file, ...others] = readdirSync(run);
  expect(others).toEqual([]);
  const curves = new Map<string, number[]>();
  for (const { step = 0, summary } of parseEvents(readFileSync(join(run, file as string)))) {
    for (const { tag, simpleValue } of summary?.value ?? []) {
      const curve = curves.get(tag) ?? [];
      curve[step] = simpleValue as number;
      curves.set(tag, curve);
    }
  }
  const expected = {
    "loss/train": history.map(({ loss }) => loss),
    "accuracy/train": history.map(({ metrics }) => metrics["accuracy"] as number),
    "loss/validation": history.map(({ validation }) => validation?.["loss"] as number),
    "accuracy/validation": history.map(({ validation }) => validation?.["accuracy"] as number),
    lr: [0.5, 0.25, 0.125],
    "samples per second": history.map(({ samplesPerSecond }) => samplesPerSecond),
  };
  expect([...curves.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [tag, values] of Object.entries(expected)) {
    expect(curves.get(tag)?.slice(1)).toEqual(values.map(Math.fround));
  }
});

test("a folder that cannot be made ends it before the first step", async () => {
  const run = join(folder, "run");
  const [file] = readdirSync(run);
  const { model, fitting } = options(1);
  const before = model.stateDict()["0.weight"]?.toArray();
  await expect(fit(model, { ...fitting, tensorBoard: join(run, file as string, "x") })).rejects.toThrow(
    FileError,
  );
  expect(model.stateDict()["0.weight"]?.toArray()).toEqual(before);
});
