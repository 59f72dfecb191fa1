// The searches as tables: for each dimension, ours beside the peers', and all methods by group of functions.
import { GROUPS } from "../bbob/index.js";
import { OURS } from "../implementations.js";
import { table } from "../table.js";
import { type SearchRow, TARGETS } from "./searches.js";

const groupOf = new Map(GROUPS.flatMap(({ name, functions }) => functions.map(({ id }) => [id, name])));
const ALL = "all";
const GROUP_NAMES = [...GROUPS.map(({ name }) => name), ALL];

const ofGroup = (rows: readonly SearchRow[], group: string) =>
  group === ALL ? rows : rows.filter((row) => groupOf.get(row.function) === group);

/** The rows by a key, in their order. */
function groupBy(
  rows: readonly SearchRow[],
  keyOf: (row: SearchRow) => string | number,
): Map<string | number, SearchRow[]> {
  const groups = new Map<string | number, SearchRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** The searches of each method of each implementation. */
const seriesOf = (rows: readonly SearchRow[]): SearchRow[][] => [
  ...groupBy(rows, ({ method, impl }) => `${method} by ${impl}`).values(),
];

/** How many searches hit a target. */
const hitsOf = (rows: readonly SearchRow[], target: number) =>
  rows.filter(({ hits }) => hits[target] !== null).length;

/** How many targets a search hit. */
const hitsIn = ({ hits }: SearchRow) => hits.filter((evaluations) => evaluations !== null).length;
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const evaluationsOf = (rows: readonly SearchRow[]) => sumOf(rows.map(({ evaluations }) => evaluations));

const thousands = (evaluations: number) => (evaluations / 1000).toFixed(0);
const ratio = (ours: number, theirs: number) => (theirs === 0 ? "—" : (ours / theirs).toFixed(3));
const ofBoth = (ours: number | string, theirs: number | string) => `${ours} : ${theirs}`;

/** Searches that hit each target, by method, implementation and group, in the groups that were searched. */
export function hitTable(rows: readonly SearchRow[]): string {
  const groups = GROUP_NAMES.filter((group) => ofGroup(rows, group).length > 0);
  const body = seriesOf(rows).map((all) => {
    const { method, impl } = all[0] as SearchRow;
    const cells = groups.map((group) => {
      const own = ofGroup(all, group);
      const hits = TARGETS.map((_, target) => hitsOf(own, target));
      return own.length === 0 ? "—" : `${hits.join(", ")} of ${own.length}`;
    });
    return [method, impl, ...cells, thousands(evaluationsOf(all))];
  });
  return table(["method", "by", ...groups, "evaluations / 1000"], body);
}

/** Ours beside each peer that has the same method. */
export function comparisonTable(rows: readonly SearchRow[]): string | null {
  const ours = rows.filter(({ impl }) => impl === OURS);
  const body = seriesOf(rows.filter(({ impl }) => impl !== OURS)).flatMap((theirs) => {
    const { method, impl } = theirs[0] as SearchRow;
    const same = ours.filter((row) => row.method === method);
    return GROUP_NAMES.flatMap((group) => {
      const pairs = pairsOf(ofGroup(same, group), ofGroup(theirs, group));
      return pairs.length === 0 ? [] : [[method, impl, group, ...compare(pairs)]];
    });
  });
  const head = [
    "method",
    "peer",
    "group",
    "searches",
    ...TARGETS.map(String),
    "difference",
    "evaluations / 1000",
    "ratio",
    "of each seed",
    "to common targets",
  ];
  return body.length === 0 ? null : table(head, body);
}

interface Pair {
  readonly a: SearchRow;
  readonly b: SearchRow;
}

function compare(pairs: readonly Pair[]): string[] {
  const [a, b] = [pairs.map(({ a }) => a), pairs.map(({ b }) => b)];
  const both = toCommonTargets(pairs);
  const ratios = [...groupBy(a, ({ seed }) => seed).keys()].map((seed) => {
    const spent = (rows: readonly SearchRow[]) => evaluationsOf(rows.filter((row) => row.seed === seed));
    return spent(a) / spent(b);
  });
  const spread =
    ratios.length === 1 ? "—" : `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
  return [
    String(pairs.length),
    ...TARGETS.map((_, target) => ofBoth(hitsOf(a, target), hitsOf(b, target))),
    difference(a, b),
    ofBoth(thousands(evaluationsOf(a)), thousands(evaluationsOf(b))),
    ratio(evaluationsOf(a), evaluationsOf(b)),
    spread,
    ratio(both.a, both.b),
  ];
}

/** By how many targets ours hit more, all targets together, ± the standard error. */
function difference(ours: readonly SearchRow[], theirs: readonly SearchRow[]): string {
  const more = sumOf(ours.map(hitsIn)) - sumOf(theirs.map(hitsIn));
  const squared = varianceOf(ours) + varianceOf(theirs);
  const error = Number.isNaN(squared) ? "" : ` ± ${Math.sqrt(squared).toFixed(0)}`;
  return `${more > 0 ? "+" : ""}${more}${error}`;
}

/** The variance of the number of targets hit, from that among the seeds of each instance; NaN for one seed. */
function varianceOf(rows: readonly SearchRow[]): number {
  const instances = groupBy(rows, ({ function: id, d, instance }) => `${id} ${d} ${instance}`);
  return sumOf(
    [...instances.values()].map((searches) => {
      const hits = searches.map(hitsIn);
      const mean = sumOf(hits) / hits.length;
      return (hits.length * sumOf(hits.map((hit) => (hit - mean) ** 2))) / (hits.length - 1);
    }),
  );
}

/** The searches of the same instance with the same seed. */
function pairsOf(ours: readonly SearchRow[], theirs: readonly SearchRow[]): Pair[] {
  const key = ({ function: id, d, instance, seed }: SearchRow) => `${id} ${d} ${instance} ${seed}`;
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

/** What the columns of the tables mean. */
export const LEGEND = `A target is a value above the least. A search ends when it has hit the last target, has spent its evaluations or ends by
itself. "ours : peer's" are the searches that hit each target, and the evaluations that were spent. "difference": by how
many targets ours hit more, all targets together, ± its standard error from the spread among the seeds. "ratio": our
evaluations divided by the peer's, in all, and the least and the greatest of the seeds; "to common targets": of those to
the targets that both hit.`;

/** What is to be said of each dimension that was searched. */
export function searchReports(rows: readonly SearchRow[]): Map<number, string[]> {
  const dimensions = [...groupBy(rows, ({ d }) => d)].sort(([a], [b]) => Number(a) - Number(b));
  return new Map(dimensions.map(([d, own]) => [Number(d), reportOf(own)]));
}

function reportOf(rows: readonly SearchRow[]): string[] {
  const { budget, d } = rows[0] as SearchRow;
  const seeds = [...new Set(seriesOf(rows).map((own) => new Set(own.map(({ seed }) => seed)).size))];
  const instances = new Set(rows.map(({ instance }) => instance)).size;
  const functions = new Set(rows.map((row) => row.function)).size;
  const text = `${functions} functions, instances 1 to ${instances}, seeds: ${seeds.join(" or ")}, ${budget / d}·d evaluations a search.`;
  const comparison = comparisonTable(rows);
  return [
    text,
    ...(comparison === null ? [] : [comparison]),
    `Searches that hit each target, ${TARGETS.join(", ")}:`,
    hitTable(rows),
  ];
}
