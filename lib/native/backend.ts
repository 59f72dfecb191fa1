import process from "node:process";
import { ArgumentError, MemoryError } from "../errors.js";
import { checkChoice, checkNumber, checkOptions } from "../options.js";
import { binding, isOutOfMemory, type NativeBackendInfo } from "./binding.js";

/** What this machine offers and what is in use. */
export interface BackendInfo extends NativeBackendInfo {
  /** Why the plain kernels are in use, which are slow; null where fast ones are. */
  readonly slow: string | null;
}

/** The oldest instruction set of each architecture for which there are fast kernels, in words. */
const OLDEST: Readonly<Record<string, string>> = {
  x64: "x86-64-v2",
  arm64: "AArch64 with NEON",
};

/** Why no fast kernels are in use. */
function whySlow({ isa, isas, lacking }: NativeBackendInfo): string | null {
  if (isa !== "reference") return null;
  const plain = "plain kernels are in use, whose results are right but take many times as long";
  if (isas.length > 1) return `THALWEG_ISA asks for "reference": ${plain}`;
  const oldest = OLDEST[process.arch];
  return oldest === undefined
    ? `there are no fast kernels for ${process.arch}: ${plain}`
    : `this CPU is below ${oldest}, since it lacks ${lacking}: ${plain}`;
}

/**
 * What this machine offers and what is in use: instruction set, threads, matmul provider. On a CPU for which there are
 * no fast kernels, such as one below x86-64-v2, `slow` says so in a sentence.
 * @example backendInfo().isa   // "x86_64_v4": AVX-512
 */
export function backendInfo(): BackendInfo {
  return orNoMemory("backendInfo", () => {
    const told = binding.backendInfo();
    return { ...told, slow: whySlow(told) };
  });
}

/**
 * Sets the number of threads of large ops and training runs, for the whole process. Results have the same bits for any
 * number. Default: the number of cores that this process may use.
 * @throws ArgumentError unless it is a whole number in 1 … 1024.
 * @example setThreads(1);
 */
export function setThreads(count: number): void {
  binding.setThreads(
    checkNumber("setThreads", "the number of threads", count, { min: 1, max: 1024, integer: true }),
  );
}

/**
 * Chooses the provider of matrix multiplication, for the whole process: `"own"`, or `"cblas"` if the addon was built
 * with a CBLAS (`THALWEG_BLAS=openblas`).
 * @throws ArgumentError if this build has no such provider; OptionError
 * @example setBackend({ matmul: "own" });
 */
export function setBackend(options: { readonly matmul: string }): void {
  checkOptions("setBackend", options, ["matmul"]);
  if (options === undefined) throw new ArgumentError("setBackend: expected { matmul }, got undefined");
  orNoMemory("setBackend", () => {
    binding.setMatmul(
      checkChoice("setBackend", "matmul", options.matmul, binding.backendInfo().matmulProviders),
    );
  });
}

function orNoMemory<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw isOutOfMemory(error) ? new MemoryError(`${name}: out of memory`) : error;
  }
}
