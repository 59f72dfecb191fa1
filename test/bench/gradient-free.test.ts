import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import type { SearchRow } from "../../bench/gradient-free/searches.js";
import { comparisonTable, hitTable } from "../../bench/gradient-free/tables.js";
import { SEARCHES, search } from "../../bench/impl/searches.js";
import { attempt } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-gradient-free-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TARGETS = [1, 1e-3, 1e-8];
const request = {
  do: "search",
  function: 1,
  d: 2,
  instances: [1, 2],
  budget: 2000,
  targets: TARGETS,
} as const;

describe.each(SEARCHES)("%s", (method) => {
  test("searches each instance within its budget, and counts the evaluations to each target", async () => {
    const runs = await search({ ...request, method });
    expect(runs.map(({ instance }) => instance)).toEqual([1, 2]);
    for (const { evaluations, hits } of runs) {
      expect(evaluations).toBeLessThanOrEqual(2000);
      expect(hits).toHaveLength(3);
      expect(hits[0]).toBeGreaterThan(0);
      const hit = hits.filter((at) => at !== null);
      expect(hit).toEqual([...hit].sort((a, b) => a - b));
      if (hits[2] !== null) expect(evaluations).toBe(hits[2]);
    }
  });
});

const row = (impl: string, instance: number, evaluations: number, hits: SearchRow["hits"]): SearchRow => ({
  mode: "gradient-free",
  impl,
  method: "nelder-mead",
  function: 8,
  d: 2,
  instance,
  budget: 200,
  evaluations,
  hits,
});
const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());

test("the tables count hits by group, and compare the evaluations of the same searches", () => {
  const rows = [
    row("thalweg", 1, 100, [10, 50, 100]),
    row("thalweg", 2, 200, [20, null, null]),
    row("scipy", 1, 120, [20, 40, 120]),
    row("scipy", 2, 80, [null, null, null]),
    row("scipy", 3, 999, [1, 2, 3]),
  ];
  const hits = hitTable(rows).split("\n").map(cells);
  expect(hits).toContainEqual(["", "moderate", "nelder-mead", "thalweg", "2", "2", "1", "1", "0", ""]);
  const compared = (comparisonTable(rows) as string).split("\n").map(cells);
  // Spent: 300 and 200. To what both hit: 10 + 50 + 100 and 20 + 40 + 120.
  const wanted = ["4", "3", "1.500", "0.889", ""];
  expect(compared).toContainEqual(["", "nelder-mead", "scipy", "moderate", ...wanted]);
  expect(compared).toContainEqual(["", "nelder-mead", "scipy", "all", ...wanted]);
  expect(comparisonTable(rows.filter(({ impl }) => impl === "thalweg"))).toBeNull();
});

test("the mode prints its tables, and writes every search to --json", () => {
  const json = join(folder, "rows.json");
  const args = ["--modes", "gradient-free", "--peers", "none", "--threads", "1", "--instances", "2"];
  const filter = ["--filter", "f08 d=02 nelder-mead", "--budget", "100", "--json", json];
  const { status, stdout, stderr } = attempt(process.execPath, [
    "--import",
    "tsx",
    "bench/run.ts",
    ...args,
    ...filter,
  ]);
  expect(status, stderr).toBe(0);
  expect(stdout).toContain("## Searches without gradients");
  expect(stderr).toContain("1/1 gradient-free f08 d=02 nelder-mead thalweg");
  const rows = JSON.parse(readFileSync(json, "utf8")) as SearchRow[];
  expect(rows.map(({ impl, instance, budget }) => ({ impl, instance, budget }))).toEqual([
    { impl: "thalweg", instance: 1, budget: 200 },
    { impl: "thalweg", instance: 2, budget: 200 },
  ]);
});
