import { expect, test } from "vitest";
import { files, type Results } from "../../bench/report.js";
import type { Row } from "../../bench/row.js";
import type { Mode } from "../../bench/workloads.js";

const row = (mode: Mode, own: Partial<Row> = {}): Row => ({
  workload: "work",
  optimizer: null,
  mode,
  impl: "thalweg",
  threads: 1,
  batch: 1,
  noise: "none",
  medianMicros: 5,
  p10Micros: 4,
  p90Micros: 6,
  gflops: null,
  shareOfPeak: null,
  peakBytes: null,
  ...own,
});

function keptOf(...rows: readonly Row[]): Map<string, string> {
  const results: Results = {
    rows,
    searches: [],
    learned: [],
    imported: [],
    skipped: [],
    implementations: [],
    peak: { missing: "unknown" },
    threads: 1,
    notes: [],
    args: [],
  };
  return files(results, () => null);
}

test("a run is kept in the file of its modes", () => {
  expect([...keptOf(row("train"), row("matmul")).keys()]).toEqual(["RESULTS.md"]);
  expect([
    ...keptOf(row("evolution"), row("evolution", { impl: "jax-es-jit", medianMicros: 40 })).keys(),
  ]).toEqual(["EVOLUTION.md"]);
  expect(
    new Set(
      keptOf(row("train"), row("evolution"), row("sparse"), row("import"), row("gradient-free")).keys(),
    ),
  ).toEqual(new Set(["RESULTS.md", "EVOLUTION.md", "SPARSE.md", "IMPORT.md", "GRADIENT-FREE.md"]));
});

test("the ratios to the peers stand in the file of a mode of its own", () => {
  const text = keptOf(row("evolution"), row("evolution", { impl: "jax-es-jit", medianMicros: 40 })).get(
    "EVOLUTION.md",
  );
  expect(text).toMatch(/^# Generation of OpenAI-ES/);
  expect(text).toContain("8.00×");
  expect(text).toContain("npm run bench -- --modes evolution --results");
});

test("a run beside noise is kept apart from quiet ones, whatever its modes", () => {
  const noisy = [row("train"), row("train", { noise: "pause" }), row("sparse", { noise: "pause" })];
  expect([...keptOf(...noisy).keys()]).toEqual(["NOISE.md"]);
});
