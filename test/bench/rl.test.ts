import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { files, type Results } from "../../bench/report.js";
import { LEARNINGS, stepFlops } from "../../bench/rl/jobs.js";
import type { LearnedRow } from "../../bench/rl/run.js";
import { learningTable } from "../../bench/rl/tables.js";
import type { Row } from "../../bench/row.js";
import { attempt, type Result } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-rl-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (impl: string, medianMicros: number, own: Partial<Row> = {}): Row => ({
  workload: "cartpole-4x128",
  optimizer: null,
  mode: "rl",
  impl,
  threads: 1,
  batch: 512,
  noise: "none",
  medianMicros,
  p10Micros: medianMicros / 2,
  p90Micros: medianMicros * 2,
  gflops: null,
  shareOfPeak: null,
  peakBytes: null,
  ...own,
});
const learned = (impl: string, meanReturn: number): LearnedRow => ({
  mode: "rl",
  workload: "cartpole-4x128",
  impl,
  seed: 1,
  note: impl === "torch-ppo" ? "threads: 1" : null,
  steps: 204_800,
  episodes: 600,
  meanReturn,
  seconds: 1.25,
  firstSeconds: 0.5,
});

const cellsOf = (text: string, impl: string) =>
  text
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .find((cells) => cells[2] === impl);

test("the table has steps a second, slow samples first, and how many times as fast ours is", () => {
  const rows = [row("thalweg", 5), row("torch-ppo", 100)];
  const text = learningTable(rows, [learned("thalweg", 490.25), learned("torch-ppo", 450)]);
  expect(cellsOf(text, "thalweg")?.slice(3, 7)).toEqual(["200,000", "100,000", "400,000", "1.00×"]);
  expect(cellsOf(text, "torch-ppo")?.slice(3, 7)).toEqual(["10,000", "5,000", "20,000", "20.00×"]);
  expect(cellsOf(text, "thalweg")?.slice(9, 13)).toEqual(["490.3", "204,800", "0.5", "1.3"]);
});

test("a step's operations are those of acting once and of four descents", () => {
  const forward = 2 * (4 * 3 + 3 * 2) + 2 * (4 * 3 + 3 * 1);
  const withoutFirst = 2 * 2 * 4 * 3;
  expect(stepFlops({ hidden: [3], epochs: 4 })).toBe(forward + 4 * (3 * forward - withoutFirst));
});

test("every run is whole updates, and so is every part that is timed", () => {
  for (const { settings } of LEARNINGS) {
    const batch = settings.environments * settings.rollout;
    expect(settings.steps % (batch * settings.chunk)).toBe(0);
    expect(batch % settings.minibatches).toBe(0);
  }
});

test("--results writes learning to a file of its own, with what the implementations say", () => {
  const results: Results = {
    rows: [row("thalweg", 5), row("torch-ppo", 100)],
    searches: [],
    imported: [],
    learned: [learned("thalweg", 490), learned("torch-ppo", 450)],
    skipped: [{ impl: "jax-ppo", where: "rl cartpole-4x128", reason: "failed verification" }],
    implementations: [],
    peak: { missing: "unknown" },
    threads: 1,
    notes: [],
    args: ["--modes", "rl", "--results"],
  };
  const texts = files(results, () => null);
  expect([...texts.keys()]).toEqual(["RL.md"]);
  const text = texts.get("RL.md") as string;
  expect(text).toContain("- torch-ppo, cartpole-4x128: threads: 1");
  expect(text).toContain("- jax-ppo: failed verification (rl cartpole-4x128)");
  expect(text).toContain("npm run bench -- --modes rl --results");
});

describe("a quick run", () => {
  let result: Result;
  let all: (Row | LearnedRow)[];
  beforeAll(() => {
    const json = join(folder, "rows.json");
    const args = [
      "--modes",
      "rl",
      "--quick",
      "--filter",
      "cartpole-4x128",
      "--peers",
      "none",
      "--json",
      json,
    ];
    result = attempt(process.execPath, ["--import", "tsx", "bench/run.ts", ...args]);
    all = JSON.parse(readFileSync(json, "utf8")) as (Row | LearnedRow)[];
  });

  test("learns with environments in ops and in JavaScript, and is timed", () => {
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^## Learning PPO on CartPole-v1$/m);
    const runs = all.filter((one): one is LearnedRow => "meanReturn" in one);
    expect(runs.map(({ impl }) => impl)).toEqual(["thalweg", "thalweg-js"]);
    for (const { meanReturn, steps, seconds, firstSeconds } of runs) {
      expect(meanReturn).toBeGreaterThan(30);
      expect(steps).toBe(25_600);
      expect(firstSeconds).toBeLessThan(seconds);
    }
    const timed = all.filter((one): one is Row => "medianMicros" in one);
    expect(timed.map(({ impl }) => impl)).toEqual(["thalweg", "thalweg-js"]);
    for (const { medianMicros } of timed) expect(medianMicros).toBeGreaterThan(0);
  });
});
