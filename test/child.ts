import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

export const root = join(import.meta.dirname, "..");

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The URL of the library, compiled by test/setup.ts. */
export const library = pathToFileURL(process.env["THALWEG_TEST_LIBRARY"] as string).href;

/** Runs a module given as text in a Node process of its own, at the package's root. */
export function runModule(
  source: string,
  options: { env?: Record<string, string>; args?: readonly string[]; timeout?: number } = {},
): Promise<Ended> {
  const args = [...(options.args ?? []), "--input-type=module", "--eval", source];
  return runCommand(process.execPath, args, options);
}

/** Runs a program to its end; it is killed where that takes too long. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; timeout?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeout ?? 50_000,
      killSignal: "SIGKILL",
    });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (part: string) => {
        text[name] += part;
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...text }));
  });
}
