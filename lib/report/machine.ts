import { arch, cpus, platform } from "node:os";
import process from "node:process";
import { backendInfo } from "../native/backend.js";

/** What a run computes on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly threads: number;
  /** The instruction set of the kernels. */
  readonly kernels: string;
  readonly matmul: string;
  readonly node: string;
  readonly system: string;
}

export function thisMachine(): Machine {
  const { isa, threads, cores, matmul } = backendInfo();
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores,
    threads,
    kernels: isa,
    matmul,
    node: process.version,
    system: `${platform()} ${arch()}`,
  };
}

/** A machine of a file. */
export const readMachine = (read: { text(name: string): string; count(name: string): number }): Machine => ({
  cpu: read.text("cpu"),
  cores: read.count("cores"),
  threads: read.count("threads"),
  kernels: read.text("kernels"),
  matmul: read.text("matmul"),
  node: read.text("node"),
  system: read.text("system"),
});
