// Learning as tables.
import { OURS } from "../implementations.js";
import type { Row } from "../row.js";
import { figure, megabytes, ratio, share, table } from "../table.js";
import type { LearnedRow } from "./run.js";

const perSecond = (micros: number) => figure(1e6 / micros, 0);

/** What the columns of the tables mean. */
export const LEGEND = `"cartpole-4x128": 4 environments, and an update after each 128 steps of them. "ratio": thalweg's steps a second over those
of the implementation; above 1, thalweg is faster. "mean return": of the last 100 of the episodes in a whole run of
"steps" steps; 500 is the most. "first s": seconds from making the agent to the end of its first updates, compilation
included; "run s": to the end of the run. Steps a second are taken after that, without compilation.`;

/** Steps a second with their percentiles, and what a whole run led to. */
export function learningTable(rows: readonly Row[], learned: readonly LearnedRow[]): string {
  const head = [
    "workload",
    "by",
    "steps/s",
    "p10",
    "p90",
    "ratio",
    "of peak",
    "MiB",
    "mean return",
    "steps",
    "first s",
    "run s",
  ];
  const body = rows.map((row) => {
    const { workload, impl, medianMicros, p10Micros, p90Micros, shareOfPeak, peakBytes } = row;
    const ours = rows.find((other) => other.workload === workload && other.impl === OURS);
    const run = learned.find((other) => other.workload === workload && other.impl === impl);
    return [
      workload,
      impl,
      perSecond(medianMicros),
      // The slowest samples take the most time.
      perSecond(p90Micros),
      perSecond(p10Micros),
      ours === undefined ? "—" : ratio(medianMicros / ours.medianMicros),
      share(shareOfPeak),
      megabytes(peakBytes),
      run?.meanReturn?.toFixed(1) ?? "—",
      run === undefined ? "—" : figure(run.steps, 0),
      run?.firstSeconds.toFixed(1) ?? "—",
      run?.seconds.toFixed(1) ?? "—",
    ];
  });
  return table(head, body);
}

/** What the implementations say of their work. */
export function noteLines(learned: readonly LearnedRow[]): string[] {
  return learned.flatMap(({ impl, workload, note }) =>
    note === null ? [] : [`- ${impl}, ${workload}: ${note}`],
  );
}
