import { ArgumentError, MemoryError } from "../errors.js";
import { checkChoice, checkNumber, checkOptions } from "../options.js";
import { type BackendInfo, binding, isOutOfMemory } from "./binding.js";

export type { BackendInfo } from "./binding.js";

/**
 * What this machine offers and what is in use: instruction set, threads, matmul provider.
 * @example backendInfo().isa   // "x86_64_v4": AVX-512
 */
export function backendInfo(): BackendInfo {
  return orNoMemory("backendInfo", () => binding.backendInfo());
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
