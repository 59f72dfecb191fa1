// The searches as tables: by method, implementation and group of functions.
import { GROUPS } from "../bbob/index.js";
import { OURS } from "../implementations.js";
import { table } from "../table.js";
import { type SearchRow, TARGETS } from "./searches.js";

const groupOf = new Map(GROUPS.flatMap(({ name, functions }) => functions.map(({ id }) => [id, name])));
const ALL = "all";
const GROUP_NAMES = [...GROUPS.map(({ name }) => name), ALL];

const ofGroup = (rows: readonly SearchRow[], group: string) =>
  group === ALL ? rows : rows.filter((row) => groupOf.get(row.function) === group);

/** The searches of each method of each implementation. */
function seriesOf(rows: readonly SearchRow[]): SearchRow[][] {
  const series = new Map<string, SearchRow[]>();
  for (const row of rows) {
    const key = `${row.method} by ${row.impl}`;
    series.set(key, [...(series.get(key) ?? []), row]);
  }
  return [...series.values()];
}

/** Searches that hit a target. */
const hitsOf = (rows: readonly SearchRow[], target: number) =>
  rows.filter(({ hits }) => hits[target] !== null).length;

const allHits = (rows: readonly SearchRow[]) =>
  TARGETS.reduce((sum, _, target) => sum + hitsOf(rows, target), 0);

const evaluationsOf = (rows: readonly SearchRow[]) =>
  rows.reduce((sum, { evaluations }) => sum + evaluations, 0);

const thousands = (evaluations: number) => (evaluations / 1000).toFixed(0);
const ratio = (ours: number, theirs: number) => (theirs === 0 ? "—" : (ours / theirs).toFixed(3));

/** Targets hit and evaluations spent by every method, in the groups that were searched. */
export function hitTable(rows: readonly SearchRow[]): string {
  const series = seriesOf(rows);
  const body = GROUP_NAMES.flatMap((group) =>
    series.flatMap((all) => {
      const own = ofGroup(all, group);
      if (own.length === 0) return [];
      const { method, impl } = own[0] as SearchRow;
      const hits = TARGETS.map((_, target) => String(hitsOf(own, target)));
      return [[group, method, impl, String(own.length), ...hits, thousands(evaluationsOf(own))]];
    }),
  );
  return table(["group", "method", "by", "searches", ...TARGETS.map(String), "evaluations / 1000"], body);
}

/** Ours beside each peer that has the same method. */
export function comparisonTable(rows: readonly SearchRow[]): string | null {
  const ours = rows.filter(({ impl }) => impl === OURS);
  const series = seriesOf(rows.filter(({ impl }) => impl !== OURS));
  const body = series.flatMap((theirs) => {
    const { method, impl } = theirs[0] as SearchRow;
    const same = ours.filter((row) => row.method === method);
    return GROUP_NAMES.flatMap((group) => {
      const pairs = pairsOf(ofGroup(same, group), ofGroup(theirs, group));
      if (pairs.length === 0) return [];
      const [a, b] = [pairs.map(({ a }) => a), pairs.map(({ b }) => b)];
      const both = toCommonTargets(pairs);
      return [
        [
          method,
          impl,
          group,
          String(allHits(a)),
          String(allHits(b)),
          ratio(evaluationsOf(a), evaluationsOf(b)),
          ratio(both.a, both.b),
        ],
      ];
    });
  });
  const head = [
    "method",
    "peer",
    "group",
    `${OURS}'s hits`,
    "peer's hits",
    "evaluations",
    "to common targets",
  ];
  return body.length === 0 ? null : table(head, body);
}

interface Pair {
  readonly a: SearchRow;
  readonly b: SearchRow;
}

/** The searches of the same instance. */
function pairsOf(ours: readonly SearchRow[], theirs: readonly SearchRow[]): Pair[] {
  const key = ({ function: id, d, instance }: SearchRow) => `${id} ${d} ${instance}`;
  const found = new Map(theirs.map((row) => [key(row), row]));
  return ours.flatMap((a) => {
    const b = found.get(key(a));
    return b === undefined ? [] : [{ a, b }];
  });
}

/** Evaluations to the targets that both hit. */
function toCommonTargets(pairs: readonly Pair[]): { a: number; b: number } {
  let [a, b] = [0, 0];
  for (const pair of pairs) {
    TARGETS.forEach((_, target) => {
      const [first, second] = [pair.a.hits[target], pair.b.hits[target]];
      if (typeof first !== "number" || typeof second !== "number") return;
      a += first;
      b += second;
    });
  }
  return { a, b };
}

/** What the report says of the searches. */
export function searchReport(rows: readonly SearchRow[]): string[] {
  if (rows.length === 0) return [];
  const dimensions = [...new Set(rows.map(({ d }) => d))].sort((a, b) => a - b).join(", ");
  const instances = new Set(rows.map(({ instance }) => instance)).size;
  const { budget, d } = rows[0] as SearchRow;
  const text = `BBOB's functions in ${dimensions} dimensions, instances 1 to ${instances}, ${budget / d}·d evaluations a search.
A target is a value above fopt. A search ends when it has hit the last target, has spent its evaluations or ends by
itself.`;
  const comparison = comparisonTable(rows);
  const beside = `Targets hit, all three together; ${OURS}'s evaluations divided by the peer's: all that were spent, and those
to the targets that both hit.`;
  return [
    "## Searches without gradients",
    text,
    ...(comparison === null ? [] : [beside, comparison]),
    "The searches that hit each target, and all evaluations that were spent:",
    hitTable(rows),
  ];
}
