// The results of the mode `sparse`: what layers without most weights save against layers with all.
import { OURS } from "../implementations.js";
import type { Row } from "../row.js";
import { micros, ratio, table } from "../table.js";
import { DENSE } from "./jobs.js";

export const LEGEND = `Two layers of 1,024 × 1,024 with ReLU between them, of which that percentage of the weights does not exist. "× dense" is the
median of the same implementation's dense layers over that of its sparse ones: above 1, the sparse layers are faster.
"× ${OURS}'s dense" compares with the dense layers of ${OURS}.`;

export function sparseTable(rows: readonly Row[]): string {
  const denseOf = ({ optimizer, batch, noise }: Row, name: string): Row | undefined =>
    rows.find(
      (row) =>
        row.workload === DENSE &&
        row.impl === name &&
        row.optimizer === optimizer &&
        row.batch === batch &&
        row.noise === noise,
    );
  const times = (dense: Row | undefined, row: Row): string =>
    dense === undefined ? "—" : ratio(dense.medianMicros / row.medianMicros);
  const body = rows
    .filter(({ workload }) => workload !== DENSE)
    .map((row) => [
      row.optimizer === null ? "forward" : `step of ${row.optimizer}`,
      String(row.batch),
      row.workload.replace("sparse-", ""),
      row.impl,
      micros(row.medianMicros),
      micros(row.p10Micros),
      micros(row.p90Micros),
      times(denseOf(row, row.impl), row),
      times(denseOf(row, OURS), row),
    ]);
  const head = ["work", "B", "% zeros", "by", "median µs", "p10", "p90", "× dense", `× ${OURS}'s dense`];
  return table(head, body);
}
