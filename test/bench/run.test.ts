import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evolutionJobs } from "../../bench/evolution/jobs.js";
import { type Row, toRow } from "../../bench/row.js";
import { sparseJobs } from "../../bench/sparse/jobs.js";
import { sparseTable } from "../../bench/sparse/tables.js";
import { allJobs, forwardFlops, PRODUCTS, trainFlops, WORKLOADS } from "../../bench/workloads.js";
import { attempt, type Result } from "../build/helpers.js";

const bench = (...args: string[]): Result =>
  attempt(process.execPath, ["--import", "tsx", "bench/run.ts", ...args]);

const folder = mkdtempSync(join(tmpdir(), "thalweg-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("--help lists every option", () => {
  const { status, stdout } = bench("--help");
  expect(status).toBe(0);
  for (const option of [
    "filter",
    "json",
    "noise",
    "instances",
    "budget",
    "threads",
    "peers",
    "modes",
    "scaling",
    "quick",
    "results",
    "help",
  ]) {
    expect(stdout).toContain(`--${option}`);
  }
});

test.each([
  { args: ["--threads", "0"], message: "--threads: expected a whole number above 0, got 0" },
  { args: ["--peers", "torch"], message: '--peers: unknown "torch"; there are torch-eager, ' },
  { args: ["--modes", "training"], message: '--modes: unknown "training"; there are train, infer' },
  { args: ["--noise", "loud"], message: '--noise: unknown "loud"; there are none, pause, cache, both' },
  { args: ["--fast"], message: "Unknown option '--fast'" },
])("refuses $args", ({ args, message }) => {
  const { status, stderr } = bench(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

test("a step's operations are those of its matrix products", () => {
  const network = { sizes: [5, 3, 2], batch: 7 };
  expect(forwardFlops(network)).toBe(2 * 7 * (5 * 3 + 3 * 2));
  expect(trainFlops(network)).toBe(2 * 7 * (2 * 5 * 3 + 3 * 3 * 2));
});

test("every job exists once", () => {
  const keys = allJobs().map(({ mode, workload, optimizer, batch }) =>
    [mode, workload, optimizer, batch].join(" "),
  );
  expect(new Set(keys).size).toBe(keys.length);
  const optimizers = 2 * 14;
  const networks = 2 * 3 * WORKLOADS.length + 2 * (WORKLOADS.length - 1) + 3;
  expect(keys.length).toBe(
    networks + PRODUCTS.length + optimizers + evolutionJobs().length + sparseJobs().length,
  );
});

test("beside noise, the same work is measured in each kind of it", () => {
  const json = join(folder, "noisy.json");
  const which = ["--modes", "infer", "--filter", "lecture-1 B=1024 thalweg", "--peers", "none"];
  const noise = ["--noise", "none,pause,both"];
  const { status, stderr, stdout } = bench("--quick", ...which, ...noise, "--threads", "1", "--json", json);
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  const found = rows.filter(({ impl }) => impl === "thalweg");
  expect(found.map(({ noise }) => noise)).toEqual(["none", "pause", "both"]);
  expect(stdout).toMatch(/^\| workload +\| optimizer +\| +B \| beside /m);
});

test("--scaling measures the same work with each number of threads", { timeout: 300_000 }, () => {
  const json = join(folder, "scaling.json");
  const which = ["--modes", "train,infer", "--filter", "lecture-1 sgd thalweg", "--peers", "none"];
  const { status, stderr, stdout } = bench(
    "--quick",
    "--scaling",
    ...which,
    "--threads",
    "2",
    "--json",
    json,
  );
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  const found = rows.filter(({ impl }) => impl === "thalweg");
  expect(found.map(({ mode, threads }) => `${mode} ${threads}`)).toEqual(["train 1", "train 2"]);
  expect(stdout).toMatch(/^\| mode .* 1 thread, µs \| 2 threads, µs \| × with 2 \|/m);
});

test("imports are timed beside a process that imports nothing", () => {
  const json = join(folder, "import.json");
  const { status, stderr, stdout } = bench("--quick", "--modes", "import", "--peers", "none", "--json", json);
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  expect(rows.map(({ workload, impl }) => `${workload} ${impl}`)).toEqual([
    "import nothing",
    "import thalweg",
    "require nothing",
    "require thalweg",
  ]);
  expect(rows.every(({ p10Micros, p90Micros }) => p10Micros > 0 && p10Micros <= p90Micros)).toBe(true);
  expect(stdout).toMatch(/^\| require \| thalweg .* 1\.00× \|/m);
});

test("sparse layers take steps with the losses of masked ones", () => {
  const json = join(folder, "sparse.json");
  const which = ["--modes", "sparse", "--filter", "sparse-99 sgd", "--peers", "none", "--threads", "1"];
  const { status, stderr, stdout } = bench("--quick", ...which, "--json", json);
  expect(status, stderr).toBe(0);
  expect(stdout).not.toContain("failed verification");
  const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  expect(rows.map(({ workload, optimizer, batch }) => [workload, optimizer, batch])).toEqual([
    ["sparse-99", "sgd", 1],
    ["sparse-99", "sgd", 128],
  ]);
});

test("sparse layers are compared with the dense ones of the same work", () => {
  const row = (workload: string, impl: string, batch: number, medianMicros: number): Row => {
    const job = { workload, optimizer: null, mode: "sparse" as const, batch, flops: null };
    return toRow(job, 1, null, { impl: { name: impl }, samples: [medianMicros], peakBytes: null });
  };
  const rows = [
    row("dense", "thalweg", 1, 100),
    row("dense", "thalweg", 128, 7000),
    row("dense", "torch-eager", 1, 400),
    row("sparse-90", "thalweg", 1, 20),
    row("sparse-90", "torch-eager", 1, 200),
  ];
  const cells = sparseTable(rows)
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells.map((line) => [line[4], line[5], ...line.slice(8, 10)])).toEqual([
    ["thalweg", "20.0", "5.00×", "5.00×"],
    ["torch-eager", "200", "2.00×", "0.50×"],
  ]);
});

describe("a quick run", () => {
  let result: Result;
  let rows: Row[];
  beforeAll(() => {
    const json = join(folder, "rows.json");
    const which = ["--modes", "eager,jacobian", "--filter", "lecture-1"];
    result = bench("--quick", ...which, "--peers", "none", "--threads", "1", "--json", json);
    rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  });

  test("succeeds, with a table and no failed verification", () => {
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^## Eager training step$/m);
    expect(result.stdout).toMatch(/^\| lecture-1 +\| adam /m);
    expect(result.stdout).not.toContain("failed verification");
  });

  test("writes only the selected rows", () => {
    const wanted = allJobs().filter(
      ({ workload, mode }) => workload === "lecture-1" && (mode === "eager" || mode === "jacobian"),
    );
    expect(rows.map(({ mode, optimizer, batch }) => ({ mode, optimizer, batch }))).toEqual(
      wanted.map(({ mode, optimizer, batch }) => ({ mode, optimizer, batch })),
    );
  });

  test("writes rows with every field", () => {
    const positive = (value: unknown) => typeof value === "number" && Number.isFinite(value) && value > 0;
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([
        "workload",
        "optimizer",
        "mode",
        "impl",
        "threads",
        "batch",
        "noise",
        "medianMicros",
        "p10Micros",
        "p90Micros",
        "gflops",
        "shareOfPeak",
        "peakBytes",
      ]);
      expect(row).toMatchObject({ workload: "lecture-1", impl: "thalweg", threads: 1 });
      expect([row.medianMicros, row.p10Micros, row.p90Micros, row.gflops].every(positive)).toBe(true);
      expect(row.p10Micros).toBeLessThanOrEqual(row.medianMicros);
      expect(row.medianMicros).toBeLessThanOrEqual(row.p90Micros);
      expect(row.shareOfPeak === null || positive(row.shareOfPeak)).toBe(true);
      expect(row.peakBytes === null || row.peakBytes >= 0).toBe(true);
    }
  });
});
