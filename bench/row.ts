import type { Noise } from "./noise.js";
import { summarize } from "./statistics.js";
import type { Job, Mode } from "./workloads.js";

/** One row of the results, as `--json` writes it. */
export interface Row {
  readonly workload: string;
  /** Null if nothing is optimized. */
  readonly optimizer: string | null;
  readonly mode: Mode;
  readonly impl: string;
  readonly threads: number;
  readonly batch: number;
  /** What ran beside it. */
  readonly noise: Noise;
  /** Microseconds per step; in time-to-accuracy, of the whole run. */
  readonly medianMicros: number;
  readonly p10Micros: number;
  readonly p90Micros: number;
  /** Operations of the matrix products divided by the median; null if there are none, and in time-to-accuracy. */
  readonly gflops: number | null;
  /** `gflops` divided by the machine's measured peak with the same number of threads; null if not known. */
  readonly shareOfPeak: number | null;
  /** The peak of resident memory during the steps, minus that before the preparation; null if not known. */
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
  {
    impl,
    samples,
    peakBytes,
    noise = "none",
  }: { impl: { name: string }; samples: readonly number[]; peakBytes: number | null; noise?: Noise },
): Row {
  const { median, p10, p90 } = summarize(samples);
  const gflops = flops === null ? null : flops / median / 1000;
  return {
    workload,
    optimizer,
    mode,
    impl: impl.name,
    threads,
    batch,
    noise,
    medianMicros: median,
    p10Micros: p10,
    p90Micros: p90,
    gflops,
    shareOfPeak: gflops === null || peak === null ? null : gflops / peak,
    peakBytes,
  };
}
