// The mode `gradient-free`: searches of BBOB's functions, and the time that methods take outside f.
import { readFileSync } from "node:fs";
import type { Implementation, Skip } from "../implementations.js";
import { FULL, QUICK } from "../measure.js";
import type { Options } from "../options.js";
import type { Row } from "../row.js";
import { timeOutside } from "./outside.js";
import { FULL_EXTENT, QUICK_EXTENT, type SearchRow, searchAll } from "./searches.js";

export interface Findings {
  readonly searches: readonly SearchRow[];
  readonly rows: readonly Row[];
  readonly skipped: readonly Skip[];
}

/** The searches in a file that `--json` wrote. */
function readSearches(file: string): SearchRow[] {
  const rows = JSON.parse(readFileSync(file, "utf8")) as readonly { readonly mode: string }[];
  return rows.filter((row): row is SearchRow => row.mode === "gradient-free" && "hits" in row);
}

export async function gradientFree(
  implementations: readonly Implementation[],
  options: Options & {
    matches: (job: string, impl: string) => boolean;
    say: (line: string) => void;
    keep: (searches: readonly SearchRow[]) => void;
  },
): Promise<Findings> {
  const { quick, matches, say, keep } = options;
  const extent = quick ? QUICK_EXTENT : FULL_EXTENT;
  // Timed before the searches, while nothing else runs.
  const timed = await timeOutside(implementations, { pace: quick ? QUICK : FULL, matches });
  const searched = await searchAll(implementations, {
    processes: options.threads,
    extent: {
      instances: options.instances ?? extent.instances,
      budget: options.budget ?? extent.budget,
      seeds: options.seeds ?? extent.seeds,
    },
    reused: options.reuse.flatMap(readSearches),
    matches,
    say,
    keep,
  });
  return {
    searches: searched.searches,
    rows: timed.rows,
    skipped: [...timed.skipped, ...searched.skipped],
  };
}
