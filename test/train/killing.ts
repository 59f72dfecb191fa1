// A process that trains and writes checkpoints is killed at any moment.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import * as thalweg from "../../lib/index.js";
import { library, root } from "../child.js";

const [EPOCHS, BATCHES] = [8, 13];

/**
 * Trains. The text of this function also runs in a process of its own: it uses nothing from outside.
 * @returns all weights.
 */
async function train(
  { cost, fit, manualSeed, nn, optim, randn }: typeof thalweg,
  options: Partial<thalweg.FitOptions>,
): Promise<number[]> {
  manualSeed(0);
  const model = new nn.Sequential(
    new nn.Linear(20, 100),
    new nn.BatchNorm1d(100),
    new nn.Dropout(0.2),
    new nn.ReLU(),
    new nn.Linear(100, 1),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: 30 });
  const [x, y] = [randn([100, 20]), randn([100, 1])];
  await fit(model, {
    data: { x, y },
    cost: cost.mse,
    optimizer,
    epochs: 8,
    batchSize: 8,
    state: { schedules: [schedule] },
    ...options,
    onBatch: async (report) => {
      schedule.step();
      await options.onBatch?.(report);
    },
  });
  return Object.values(model.stateDict()).flatMap((tensor) => [...tensor.data]);
}

/** The program of the process: tells each checkpoint that it was told. */
const program = (path: string): string => `
  import { writeSync } from "node:fs";
  import { setTimeout } from "node:timers/promises";
  const thalweg = await import(${JSON.stringify(library)});
  ${train.toString()}
  writeSync(1, "begin\\n");
  await train(thalweg, {
    checkpoint: { path: ${JSON.stringify(path)}, every: { steps: 1 }, keep: 2 },
    onCheckpoint: ({ step }) => void writeSync(1, step + "\\n"),
    onBatch: () => setTimeout(1),
  });
  writeSync(1, "end\\n");
`;

interface Killed {
  /** The steps of the checkpoints that were told. */
  readonly told: readonly number[];
  readonly hasEnded: boolean;
}

/** Runs the program and kills it some time after its training began, or after its first checkpoint. */
function runAndKill(path: string, after: "begin" | "checkpoint", milliseconds: number): Promise<Killed> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program(path)], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const kill = (): void => void setTimeout(milliseconds).then(() => child.kill("SIGKILL"));
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      const lines = text.split("\n").length;
      text += part;
      const seen = after === "begin" ? 1 : 2;
      if (lines <= seen && text.split("\n").length > seen) kill();
    });
    child.on("error", reject);
    child.on("close", () => {
      const lines = text.split("\n").slice(0, -1);
      resolve({ told: lines.map(Number).filter(Number.isInteger), hasEnded: lines.includes("end") });
    });
  });
}

/** Kills that many processes, some at a time. Each has left a checkpoint from which the training ends the same. */
export async function killAndResume(kills: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-killed-"));
  const expected = await train(thalweg, {});
  const random = new thalweg.Generator(Date.now() % 2 ** 32);
  const most = 250;
  let [broken, mid] = [0, 0];
  const one = async (i: number): Promise<void> => {
    const path = join(folder, `${i}`, "run.safetensors");
    mkdirSync(join(folder, `${i}`));
    const { told, hasEnded } = await runAndKill(
      path,
      i % 5 === 0 ? "begin" : "checkpoint",
      random.uniform([1]).item() * most,
    );
    const files = readdirSync(join(folder, `${i}`));
    const last = told.at(-1) ?? 0;
    if (!files.includes("run.safetensors")) {
      expect(last, "there is a checkpoint").toBe(0);
      return;
    }
    const { position } = await thalweg.loadCheckpoint(path);
    const step = position?.step ?? 0;
    expect(step, "no older than the last one that was told").toBeGreaterThanOrEqual(last);
    expect(hasEnded ? EPOCHS * BATCHES : step).toBe(step);
    for (const file of files.filter((name) => !name.startsWith("."))) {
      await thalweg.loadCheckpoint(join(folder, `${i}`, file));
    }
    if (!hasEnded) broken++;
    if (step % BATCHES !== 0) mid++;
    // The lock and half a file of the killed process are in nobody's way.
    const found = await train(thalweg, { resume: true, checkpoint: { path, keep: 2 } });
    expect(found, `killed after step ${step}`).toEqual(expected);
    const left = readdirSync(join(folder, `${i}`)).filter((name) => name.startsWith("."));
    expect(left).toEqual([]);
  };
  const queue = Array.from({ length: kills }, (_, i) => i);
  const next = async (): Promise<void> => {
    for (let i = queue.pop(); i !== undefined; i = queue.pop()) await one(i);
  };
  await Promise.all([next(), next(), next()]);
  // Otherwise it was not what it is for.
  expect(broken).toBeGreaterThan(kills / 4);
  expect(mid).toBeGreaterThan(kills / 8);
  rmSync(folder, { recursive: true, force: true });
}
