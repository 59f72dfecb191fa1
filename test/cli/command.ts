import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterAll } from "vitest";

/** The file of the command. */
export const main = join(dirname(process.env["THALWEG_TEST_LIBRARY"] as string), "cli", "main.js");

/** A folder that is removed at the end of the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What runs the command in a folder; `input` is its standard input. */
export const commandIn =
  (folder: string) =>
  (args: readonly string[], input?: Uint8Array | string): Promise<Ran> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [main, ...args], { cwd: folder });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data) => {
        stdout += data;
      });
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.on("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(input);
    });
