// Small C++ programs of the benchmark.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

/**
 * Compiles a program of one source for this machine.
 * @param folder where the program is written to.
 * @throws if there is no compiler.
 */
export function compileProgram(folder: string, name: string): string {
  const program = join(folder, name);
  const source = join(import.meta.dirname, name, `${name}.cc`);
  const flags = ["-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-pthread"];
  execFileSync(process.env["CXX"] ?? "g++", [...flags, source, "-o", program], { stdio: "pipe" });
  return program;
}
