// Checkpoints that were changed and given a checksum that fits, as an attacker would.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll } from "vitest";
import { cost, fit, Generator, loadCheckpointSync, manualSeed, nn, optim, randn } from "../../lib/index.js";
import { readsMutatedFiles } from "../formats/hostile.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-mutated-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "run");

manualSeed(0);
const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3), new nn.Linear(3, 1));
const optimizer = new optim.Adam(model.parameters());
const schedules = [
  new optim.SequentialLR(
    optimizer,
    [new optim.LinearLR(optimizer), (one) => new optim.ExponentialLR(one, { gamma: 0.9 })],
    { milestones: [2] },
  ),
  new optim.ReduceLROnPlateau(optimizer),
];
const averages = [new optim.WeightAverage(model.parameters())];
const generators = [new Generator(1)];
const own = { schedules, averages, generators, parts: { critic: new nn.Linear(1, 1) } };
const options = {
  data: { x: randn([6, 2]), y: randn([6, 1]) },
  cost: cost.mse,
  optimizer,
  batchSize: 2,
  epochs: 2,
};

/** A checkpoint in the middle of an epoch. */
async function checkpoint(): Promise<Uint8Array> {
  const broken = fit(model, {
    ...options,
    checkpoint: { path, every: { steps: 4 }, keep: 2, best: {} },
    state: { ...own, extra: () => ({ a: [1n, Number.NaN, undefined, Float64Array.of(1, 2)] }) },
    onCheckpoint: () => {
      throw new Error("broken off");
    },
  });
  await broken.catch(() => {});
  return new Uint8Array(readFileSync(path));
}

function sealed(bytes: Uint8Array): Buffer {
  const file = Buffer.from(bytes);
  const found = file.indexOf('"checksum":"crc32:');
  if (found < 0) return file;
  const at = found + '"checksum":"crc32:'.length;
  file.write("00000000", at);
  file.write(crc32(file).toString(16).padStart(8, "0"), at);
  return file;
}

const files = { "of fit": await checkpoint() };

readsMutatedFiles({
  name: "checkpoints with a checksum that fits, which loadCheckpoint reads",
  files,
  read: (bytes) => {
    writeFileSync(path, sealed(bytes));
    return loadCheckpointSync(path, { model, optimizer, ...own });
  },
});

readsMutatedFiles({
  name: "checkpoints with a checksum that fits, from which fit goes on",
  files,
  read: async (bytes) => {
    writeFileSync(path, sealed(bytes));
    await fit(model, { ...options, resume: path, state: own });
  },
});
