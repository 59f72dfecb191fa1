// Measures the machine's peak of fused multiply-adds with peak/peak.cc, which it compiles first.
import { execFileSync } from "node:child_process";
import { compileProgram } from "./native-program.js";
import { errorText } from "./process.js";

export interface Peak {
  /** GFLOP/s in float32 with one thread, and with all threads of the benchmark. */
  readonly one: number;
  readonly all: number;
}

/**
 * Measures the peak.
 * @param folder for the program.
 * @returns the reason if it could not be measured, for instance without a compiler.
 */
export function measurePeak(threads: number, folder: string): Peak | { readonly missing: string } {
  try {
    const program = compileProgram(folder, "peak");
    const measure = (count: number) => Number(execFileSync(program, [String(count)], { encoding: "utf8" }));
    const one = measure(1);
    return { one, all: threads === 1 ? one : measure(threads) };
  } catch (error) {
    return { missing: `the peak could not be measured: ${errorText(error).split("\n")[0]}` };
  }
}
