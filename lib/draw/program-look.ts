// How the parts of a program look in all panels of its picture.
import type { ProgramDescription } from "../explain/describe.js";
import type { Role } from "./theme.js";

export type Instruction = ProgramDescription["instructions"][number];
export type Kind = Instruction["kind"] | "data";

/** Colours by what an instruction is, and what a legend says of it. */
export const KINDS: Readonly<Record<Kind, { readonly role: Role; readonly says: string }>> = {
  product: { role: "series1", says: "matrix product" },
  chain: { role: "series3", says: "chain of elementwise ops" },
  update: { role: "series2", says: "update of parameters" },
  call: { role: "series8", says: "other" },
  data: { role: "series5", says: "samples in, results out" },
};

/** What an instruction does in a few words: what was fused is joined by "+". */
export function partsText({ parts }: Instruction): string {
  return parts.join(" + ");
}

const scaled = (value: number, units: readonly string[], base: number): string => {
  let at = 0;
  let rest = value;
  while (rest >= base && at < units.length - 1) {
    rest /= base;
    at++;
  }
  const digits = at === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${Number(rest.toFixed(digits)).toLocaleString("en")} ${units[at]}`;
};

/** "4.2 µs" */
export const timeText = (nanoseconds: number): string => scaled(nanoseconds, ["ns", "µs", "ms", "s"], 1000);
/** "64 KiB" */
export const bytesText = (bytes: number): string => scaled(bytes, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
/** "25.7 Mflop" */
export const flopsText = (flops: number): string =>
  scaled(flops, ["flop", "kflop", "Mflop", "Gflop", "Tflop"], 1000);

/** Round numbers from 0 to `most`, at most about `count` of them. */
export function ticks(most: number, count: number, base = 10): number[] {
  if (!(most > 0)) return [0];
  const rough = most / count;
  const power = base ** Math.floor(Math.log(rough) / Math.log(base));
  const steps = base === 2 ? [1, 2] : [1, 2, 5, 10];
  const step = power * (steps.find((factor) => factor * power >= rough) ?? base);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}
