// Measures the machine's peak of fused multiply-adds with peak/peak.cc, which it compiles first.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { errorText } from "./process.js";

export interface Peak {
  /** GFLOP/s in float32 with one thread, and with all threads of the benchmark. */
  readonly one: number;
  readonly all: number;
}

/** Measures the peak. @returns the reason if it could not be measured, for instance without a compiler. */
export function measurePeak(threads: number): Peak | { readonly missing: string } {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-peak-"));
  try {
    const program = join(folder, "peak");
    const source = join(import.meta.dirname, "peak", "peak.cc");
    const flags = ["-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-pthread"];
    execFileSync(process.env["CXX"] ?? "g++", [...flags, source, "-o", program], { stdio: "pipe" });
    const measure = (count: number) => Number(execFileSync(program, [String(count)], { encoding: "utf8" }));
    const one = measure(1);
    return { one, all: threads === 1 ? one : measure(threads) };
  } catch (error) {
    return { missing: `the peak could not be measured: ${errorText(error).split("\n")[0]}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
