// The files that test/oracle/interchange.py and its neighbours made.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const folder = join(import.meta.dirname, "../oracle/interchange");
export const pathOf = (name: string): string => join(folder, name);
export const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(name)));
export const jsonOf = <T>(name: string): T => JSON.parse(readFileSync(pathOf(name), "utf8")) as T;

/** Runs with a temporary folder. */
export async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), "thalweg-interchange-"));
  try {
    await run(temporary);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
