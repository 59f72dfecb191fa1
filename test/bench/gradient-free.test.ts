import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { FUNCTIONS } from "../../bench/bbob/index.js";
import { merge, type Part, searchParts } from "../../bench/gradient-free/kept.js";
import type { SearchRow } from "../../bench/gradient-free/searches.js";
import { comparisonTable, hitTable } from "../../bench/gradient-free/tables.js";
import { SEARCHES, search } from "../../bench/impl/searches.js";
import { commandOf } from "../../bench/provenance.js";
import { attempt } from "../build/helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-gradient-free-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TARGETS = [1, 1e-3, 1e-8];
const request = {
  do: "search",
  function: 1,
  d: 2,
  instances: [1, 2],
  seed: 0,
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

const row = (
  impl: string,
  instance: number,
  evaluations: number,
  hits: SearchRow["hits"],
  seed = 0,
): SearchRow => ({
  mode: "gradient-free",
  impl,
  method: "nelder-mead",
  function: 8,
  d: 2,
  instance,
  seed,
  budget: 200,
  evaluations,
  hits,
});
const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());

describe("the tables", () => {
  const rows = [
    row("thalweg", 1, 100, [10, 50, 100]),
    row("thalweg", 2, 200, [20, null, null]),
    row("scipy", 1, 120, [20, 40, 120]),
    row("scipy", 2, 80, [null, null, null]),
    row("scipy", 3, 999, [1, 2, 3]),
  ];

  test("count hits by group", () => {
    const hits = hitTable(rows).split("\n").map(cells);
    expect(hits[0]).toEqual(["", "method", "by", "moderate", "all", "evaluations / 1000", ""]);
    expect(hits).toContainEqual(["", "nelder-mead", "thalweg", "2, 1, 1 of 2", "2, 1, 1 of 2", "0", ""]);
  });

  test("compare the evaluations of the same searches", () => {
    const compared = (comparisonTable(rows) as string).split("\n").map(cells);
    // Spent: 300 and 200. To what both hit: 10 + 50 + 100 and 20 + 40 + 120.
    const wanted = ["2", "2 : 1", "1 : 1", "1 : 1", "+1", "0 : 0", "1.500", "—", "0.889", ""];
    expect(compared).toContainEqual(["", "nelder-mead", "scipy", "moderate", ...wanted]);
    expect(compared).toContainEqual(["", "nelder-mead", "scipy", "all", ...wanted]);
    expect(comparisonTable(rows.filter(({ impl }) => impl === "thalweg"))).toBeNull();
  });

  test("tell the spread among the seeds", () => {
    const again = [
      row("thalweg", 1, 300, [10, 50, 300], 1),
      row("thalweg", 2, 100, [10, 50, 100], 1),
      row("scipy", 1, 100, [20, 40, 100], 1),
      row("scipy", 2, 100, [20, null, null], 1),
    ];
    const compared = (comparisonTable([...rows, ...again]) as string).split("\n").map(cells);
    // Targets hit by instance and seed: 3, 3 and 1, 3 against 3, 3 and 0, 1. Variance: 2·2 + 2·0.5.
    const [line] = compared.filter(([, , , group]) => group === "all");
    expect(line?.slice(4, 12)).toEqual([
      "4",
      "4 : 3",
      "3 : 2",
      "3 : 2",
      "+3 ± 2",
      "1 : 0",
      "1.750",
      "1.500–2.000",
    ]);
  });
});

describe("the file that is kept", () => {
  const parts = (text: string): string[] =>
    text.split(/^(?=## )/m).map((part) => part.split("\n")[0] as string);

  test("has a part for each dimension and one for the time outside the function, in order", () => {
    const text = merge(
      null,
      new Map<Part, string>([
        [5, "five"],
        ["outside", "time"],
        [2, "two"],
      ]),
    );
    expect(parts(text)).toEqual([
      "# Without gradients",
      "## Time outside the function",
      "## d = 2",
      "## d = 5",
    ]);
  });

  test("keeps the parts that are not found anew", () => {
    const before = merge(
      null,
      new Map<Part, string>([
        [2, "two\n\n| a table |"],
        [5, "five"],
      ]),
    );
    const after = merge(
      before,
      new Map<Part, string>([
        [5, "another five"],
        ["outside", "time"],
      ]),
    );
    expect(after).toContain("## d = 2\n\ntwo\n\n| a table |\n");
    expect(after).toContain("## d = 5\n\nanother five\n");
    expect(after).toContain("## Time outside the function\n\ntime\n");
    expect(after).not.toMatch(/^five$/m);
    expect(merge(after, new Map())).toBe(after);
  });

  test("gets only dimensions in which all functions were searched", () => {
    const implementations = [{ name: "thalweg", version: "1" }];
    const shared = { implementations, skipped: [], threads: 1, args: [] };
    const all = FUNCTIONS.map(({ id }) => ({ ...row("thalweg", 1, 10, [1, 2, 3]), function: id }));
    const other = { ...row("thalweg", 1, 10, [1, 2, 3]), d: 5 };
    expect([...searchParts({ ...shared, searches: [...all, other] }).keys()]).toEqual([2]);
    expect([...searchParts({ ...shared, searches: all.slice(1) }).keys()]).toEqual([]);
  });

  test("tells the command, without the files of this machine", () => {
    const args = ["--json", "/tmp/a.json", "--filter", "d=02", "--reuse=/tmp/b.json,c.json", "--results"];
    expect(commandOf(args)).toBe("npm run bench -- --filter d=02 --results");
    expect(commandOf(["--reuse", "b.json"])).toBe("npm run bench");
  });
});

test("the file that is kept names what was left out", () => {
  const searches = FUNCTIONS.map(({ id }) => ({ ...row("thalweg", 1, 10, [1, 2, 3]), function: id }));
  const skipped = [2, 5].map((d) => ({
    impl: "scipy",
    where: `gradient-free f08 d=0${d} nelder-mead`,
    reason: "it ended",
  }));
  const parts = searchParts({ searches, implementations: [], skipped, threads: 1, args: [] });
  expect(parts.get(2)).toContain("Left out:\n\n- scipy: it ended (gradient-free f08 d=02 nelder-mead)\n");
});

describe("the mode", () => {
  const json = join(folder, "rows.json");
  const bench = (...more: string[]) => {
    const args = ["--modes", "gradient-free", "--peers", "none", "--threads", "1", "--instances", "2"];
    const filter = ["--filter", "f08 d=02 nelder-mead", "--budget", "100", "--seeds", "2"];
    const all = ["--import", "tsx", "bench/run.ts", ...args, ...filter, ...more];
    const { status, stdout, stderr } = attempt(process.execPath, all);
    expect(status, stderr).toBe(0);
    return { stdout, stderr };
  };

  test("prints its tables, and writes every search to --json", () => {
    const { stdout, stderr } = bench("--json", json);
    expect(stdout).toContain("## Searches without gradients");
    expect(stdout).toContain("### d = 2");
    expect(stderr).toContain("1/1 gradient-free f08 d=02 nelder-mead thalweg");
    const rows = JSON.parse(readFileSync(json, "utf8")) as SearchRow[];
    expect(rows.map(({ impl, instance, seed, budget }) => ({ impl, instance, seed, budget }))).toEqual([
      { impl: "thalweg", instance: 1, seed: 0, budget: 200 },
      { impl: "thalweg", instance: 2, seed: 0, budget: 200 },
      { impl: "thalweg", instance: 1, seed: 1, budget: 200 },
      { impl: "thalweg", instance: 2, seed: 1, budget: 200 },
    ]);
  });

  test("does not repeat the searches of --reuse", () => {
    const rows = JSON.parse(readFileSync(json, "utf8")) as SearchRow[];
    const marked = rows.map((row) => ({ ...row, evaluations: row.seed === 0 ? 12_345 : row.evaluations }));
    const [given, again] = [join(folder, "given.json"), join(folder, "again.json")];
    writeFileSync(given, JSON.stringify(marked.filter(({ seed }) => seed === 0)));
    bench("--reuse", given, "--json", again);
    expect(JSON.parse(readFileSync(again, "utf8"))).toEqual(marked);
  });
});
