// The curve of threads: how much faster the same work is with 2, 4, … threads than with one.
import type { Implementation } from "./implementations.js";
import { circumstances } from "./provenance.js";
import type { Row } from "./row.js";
import { micros, ratio, share, table } from "./table.js";
import type { Mode } from "./workloads.js";

/** What is measured. */
export const SCALED: readonly Mode[] = ["train", "matmul"];

/** 1, 2, 4, … below `most`, and `most`. */
export function threadCounts(most: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

/** Of each work and implementation, the times, and what part of the threads' sum the last ones reach. */
export function scalingTable(rows: readonly Row[]): string {
  const counts = [...new Set(rows.map(({ threads }) => threads))].sort((a, b) => a - b);
  const curves = new Map<string, Map<number, Row>>();
  for (const row of rows) {
    const key = [row.mode, row.workload, row.optimizer, row.batch, row.impl].join(" ");
    curves.set(key, (curves.get(key) ?? new Map<number, Row>()).set(row.threads, row));
  }
  const head = [
    "mode",
    "workload",
    "optimizer",
    "B",
    "by",
    ...counts.map((count) => (count === 1 ? "1 thread, µs" : `${count} threads, µs`)),
    ...counts.slice(1).map((count) => `× with ${count}`),
    "of the threads",
  ];
  const body = [...curves.values()].map((curve) => {
    const [row] = curve.values() as Iterable<Row>;
    const { mode, workload, optimizer, batch, impl } = row as Row;
    const one = curve.get(1);
    const speedup = (count: number): number | null => {
      const many = curve.get(count);
      return one === undefined || many === undefined ? null : one.medianMicros / many.medianMicros;
    };
    const text = (value: number | null) => (value === null ? "—" : ratio(value));
    const most = counts.at(-1) as number;
    const last = speedup(most);
    return [
      mode,
      workload,
      optimizer ?? "—",
      String(batch),
      impl,
      ...counts.map((count) => {
        const at = curve.get(count);
        return at === undefined ? "—" : micros(at.medianMicros);
      }),
      ...counts.slice(1).map((count) => text(speedup(count))),
      share(last === null ? null : last / most),
    ];
  });
  return table(head, body);
}

/** The file that is kept. */
export function scalingText(
  rows: readonly Row[],
  about: {
    readonly implementations: readonly Implementation[];
    readonly threads: number;
    readonly args: readonly string[];
  },
): string {
  const parts = [
    "# The curve of threads",
    "Written by `npm run bench -- --scaling --results`. Medians with 1, 2, 4, … threads, how many times as fast as with one that is, and that divided by the number of threads. What is measured, and how, is told in [README.md](README.md).",
    scalingTable(rows),
    ...circumstances(rows, about),
  ];
  return `${parts.join("\n\n")}\n`;
}
