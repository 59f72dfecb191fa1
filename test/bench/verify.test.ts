// The reference is correct, and verification detects a wrong implementation.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readDataFile, writeJobFile } from "../../bench/data-file.js";
import { settingsFor } from "../../bench/implementations.js";
import { compare, referenceValues, VERIFY_BATCHES } from "../../bench/measure.js";
import { allJobs, type Job, OPTIMIZER_NAMES } from "../../bench/workloads.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-verify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { settings } = settingsFor(1);
const trainJob = (workload: string, optimizer: Job["optimizer"]) =>
  allJobs().find(
    (job) => job.mode === "train" && job.workload === workload && job.optimizer === optimizer,
  ) as Job;

const ofStep = (optimizer: string) => ({ optimizer, mode: "train" as const });

describe("compare", () => {
  test("accepts float32 rounding", () => {
    expect(compare([2.30001, 1e-6, -1.00001], [2.3, 0, -1], ofStep("sgd"))).toBeNull();
    expect(compare([2.3002], [2.3], ofStep("sgd"))).not.toBeNull();
    expect(compare([2.3002], [2.3], ofStep("adam"))).toBeNull();
  });

  test.each([
    { values: [2.3, 1.001], what: "value 1 is 1.001 instead of 1" },
    { values: [2.3], what: "1 values instead of 2" },
    { values: [null, 1], what: "value 0 is NaN instead of 2.3" },
  ])("refuses $values: $what", ({ values, what }) => {
    expect(compare(values, [2.3, 1], ofStep("sgd"))).toBe(what);
  });
});

/** The losses of plain gradient descent, in plain loops. */
function plainLosses(path: string, numbers: readonly number[]): number[] {
  const { header, arrays } = readDataFile(path);
  const { sizes = [], batch = 0, optimizers = {} } = header;
  const lr = optimizers["sgd"]?.lr as number;
  const read = (name: string) => Array.from(arrays.get(name)?.values ?? []);
  const layers = sizes.slice(1).map((_, k) => ({ w: read(`w${k}`), b: read(`b${k}`) }));
  const at = (list: readonly number[], i: number) => list[i] as number;
  const [x, y] = [read("x"), read("y")];
  const features = at(sizes, 0);
  return numbers.map((number) => {
    let loss = 0;
    const moves = layers.map(({ w, b }) => ({ w: w.map(() => 0), b: b.map(() => 0) }));
    for (let p = number * batch; p < (number + 1) * batch; p++) {
      const states = [x.slice(p * features, (p + 1) * features)];
      layers.forEach(({ w, b }, k) => {
        const z = states[k] as number[];
        const scores = b.map((bias, i) =>
          z.reduce((sum, value, j) => sum + at(w, i * z.length + j) * value, bias),
        );
        states.push(k < layers.length - 1 ? scores.map((score) => Math.max(0, score)) : scores);
      });
      const exponentials = (states[layers.length] as number[]).map(Math.exp);
      const total = exponentials.reduce((sum, e) => sum + e, 0);
      loss -= Math.log(at(exponentials, at(y, p)) / total) / batch;
      let dz = exponentials.map((e, i) => (e / total - Number(i === at(y, p))) / batch);
      for (let k = layers.length - 1; k >= 0; k--) {
        const z = states[k] as number[];
        const { w } = layers[k] as (typeof layers)[number];
        const move = moves[k] as (typeof moves)[number];
        const below = z.map(() => 0);
        dz.forEach((d, i) => {
          move.b[i] = at(move.b, i) + d;
          for (let j = 0; j < z.length; j++) {
            const ij = i * z.length + j;
            move.w[ij] = at(move.w, ij) + d * at(z, j);
            below[j] = at(below, j) + d * at(w, ij);
          }
        });
        dz = below.map((d, j) => (at(z, j) > 0 ? d : 0));
      }
    }
    layers.forEach((layer, k) => {
      const move = moves[k] as (typeof moves)[number];
      layer.w = layer.w.map((value, i) => value - lr * at(move.w, i));
      layer.b = layer.b.map((value, i) => value - lr * at(move.b, i));
    });
    return loss;
  });
}

test("the reference's losses are those of plain loops in float64", async () => {
  const job = trainJob("lecture-32", "sgd");
  const file = join(folder, "plain");
  writeJobFile(file, job);
  const reference = await referenceValues(job, file, settings);
  plainLosses(file, VERIFY_BATCHES).forEach((loss, i) => {
    expect(Math.abs(loss - (reference[i] as number))).toBeLessThan(1e-12);
  });
});

test.each(["lecture-1", "lecture-32", "mnist-128", "mlp-512"])(
  "on %s, verification distinguishes the optimizers",
  async (workload) => {
    const file = join(folder, workload);
    writeJobFile(file, trainJob(workload, "sgd"));
    const losses = await Promise.all(
      OPTIMIZER_NAMES.map((name) => referenceValues(trainJob(workload, name), file, settings)),
    );
    losses.forEach((a, i) => {
      losses.forEach((b, j) => {
        expect(
          compare(a, b, ofStep(OPTIMIZER_NAMES[j] as string)) === null,
          `${OPTIMIZER_NAMES[i]} for ${OPTIMIZER_NAMES[j]}`,
        ).toBe(i === j);
      });
    });
  },
);
