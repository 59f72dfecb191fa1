// Trainings for the tests of reports, all of a second or less.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { cost, data, Generator, manualSeed, nn, optim, type Tensor, tensor } from "../../lib/index.js";

/** A folder that is removed at the end of the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-report-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const SIDE = 6;

/** Images of lines that lie, stand or slant: 0, 1 and 2. */
export function lines(samples = 60): { x: data.Bytes; y: Tensor } {
  const pixels = new Uint8Array(samples * SIDE * SIDE);
  const labels = Int32Array.from({ length: samples }, (_, p) => p % 3);
  labels.forEach((label, p) => {
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        const isOn = [i === 2, j === 2, i === j][label];
        pixels[(p * SIDE + i) * SIDE + j] = isOn ? 200 + (p % 50) : (p * 7 + i * 3 + j) % 40;
      }
    }
  });
  return { x: new data.Bytes(pixels, [samples, SIDE, SIDE], { scale: 1 / 255 }), y: tensor(labels) };
}

/** A model of those images, in which something is drawn and something is counted. */
export function imageModel() {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(SIDE * SIDE, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.Linear(8, 3),
  );
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
}

/** Options of `fit` for those images. */
export function imageOptions() {
  const { model, optimizer } = imageModel();
  const options = { data: lines(), validation: lines(30), cost: cost.crossEntropy, optimizer };
  return {
    model,
    options: { ...options, epochs: 3, batchSize: 10, seed: 1, metrics: ["accuracy"] } as const,
  };
}

/** Numbers y = 2·a − b. */
export function numbers(samples = 40): { x: Tensor; y: Tensor } {
  const generator = new Generator(2);
  const x = generator.normal([samples, 2]);
  const values = x.toArray() as number[][];
  return { x, y: tensor(values.map(([a, b]) => [2 * (a as number) - (b as number)])) };
}

export function numberModel() {
  manualSeed(3);
  const model = new nn.Linear(2, 1);
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.05 }) };
}
