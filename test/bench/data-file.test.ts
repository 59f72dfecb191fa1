import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type DataFile, readDataFile, uniform, writeDataFile, writeJobFile } from "../../bench/data-file.js";
import { allJobs, type Job } from "../../bench/workloads.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-data-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const jobOf = (mode: Job["mode"], workload: string) =>
  allJobs().find((job) => job.mode === mode && job.workload === workload) as Job;

function written(name: string, job: Job, seed?: number): DataFile {
  const path = join(folder, name);
  writeJobFile(path, job, seed);
  return readDataFile(path);
}

test("a file returns what was written, for arrays of any size", () => {
  const path = join(folder, "round-trip");
  const arrays = [
    { name: "a", shape: [3], values: Float32Array.of(1.5, -2, Number.POSITIVE_INFINITY) },
    { name: "none", shape: [0, 4], values: new Int32Array(0) },
    { name: "b", shape: [2, 2], values: Int32Array.of(1, -2, 3, 2 ** 31 - 1) },
    { name: "c", shape: [5], values: Uint8Array.of(1, 2, 3, 4, 255) },
  ];
  writeDataFile(path, { kind: "network", sizes: [3, 2] }, arrays);
  const file = readDataFile(path);
  expect(file.header).toEqual({ kind: "network", sizes: [3, 2] });
  expect([...file.arrays.values()]).toEqual(arrays);
});

test("a network's file has weights within 1/√in, labels within the classes, and each sample with two labels", () => {
  const { header, arrays } = written("network", jobOf("train", "lecture-32"));
  expect(header).toMatchObject({ kind: "network", sizes: [600, 60, 40, 10], batch: 32, batches: 32 });
  expect([...arrays.keys()]).toEqual(["w0", "b0", "w1", "b1", "w2", "b2", "x", "y"]);
  expect(arrays.get("w1")?.shape).toEqual([40, 60]);
  const [w, x, y] = ["w1", "x", "y"].map((name) => arrays.get(name)?.values as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  expect(Math.max(...w)).toBeLessThan(1 / Math.sqrt(60));
  expect(Math.max(...w)).toBeGreaterThan(0.99 / Math.sqrt(60));
  expect([Math.min(...y), Math.max(...y)]).toEqual([0, 9]);
  expect(x.subarray(x.length / 2)).toEqual(x.subarray(0, x.length / 2));
  y.subarray(0, y.length / 2).forEach((label, i) => {
    expect(y[y.length / 2 + i]).not.toBe(label);
  });
});

test("a product's operands have the shapes of their layout", () => {
  const { arrays } = written("product", jobOf("matmul", "matmul-128x784x128-TN"));
  expect([arrays.get("a")?.shape, arrays.get("b")?.shape]).toEqual([
    [128, 128],
    [128, 784],
  ]);
});

test("a seed determines all numbers", () => {
  const job = jobOf("matmul", "matmul-32x60x600-NT");
  const values = (file: DataFile) => file.arrays.get("a")?.values;
  const first = values(written("first", job, 1));
  expect(values(written("again", job, 1))).toEqual(first);
  expect(values(written("other", job, 2))).not.toEqual(first);
});

test("the generator's numbers are spread evenly over [0, 1)", () => {
  const next = uniform(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const bin = Math.floor(10 * next());
    counts[bin] = (counts[bin] as number) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
