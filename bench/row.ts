import { summarize } from "./statistics.js";
import type { Job, Mode } from "./workloads.js";

/** One line of the results, as `--json` writes it. */
export interface Row {
  readonly workload: string;
  /** Null where nothing is optimized. */
  readonly optimizer: string | null;
  readonly mode: Mode;
  readonly impl: string;
  readonly threads: number;
  readonly batch: number;
  /** Microseconds a step; in time-to-accuracy, of the whole run. */
  readonly medianMicros: number;
  readonly p10Micros: number;
  readonly p90Micros: number;
  /** The matrix products' operations over the median; null where there are none, and in time-to-accuracy. */
  readonly gflops: number | null;
  /** `gflops` over the machine's measured peak with as many threads; null where that is not known. */
  readonly shareOfPeak: number | null;
  /** The most memory resident while stepping, less what was before preparing; null where not known. */
  readonly peakBytes: number | null;
}

export function toRow(
  {
    workload,
    optimizer,
    mode,
    batch,
    flops,
  }: Pick<Job, "workload" | "optimizer" | "mode" | "batch" | "flops">,
  threads: number,
  peak: number | null,
  measured: { impl: { name: string }; samples: readonly number[]; peakBytes: number | null },
): Row {
  const { median, p10, p90 } = summarize(measured.samples);
  const gflops = flops === null ? null : flops / median / 1000;
  return {
    workload,
    optimizer,
    mode,
    impl: measured.impl.name,
    threads,
    batch,
    medianMicros: median,
    p10Micros: p10,
    p90Micros: p90,
    gflops,
    shareOfPeak: gflops === null || peak === null ? null : gflops / peak,
    peakBytes: measured.peakBytes,
  };
}
