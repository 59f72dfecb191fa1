import { readFileSync } from "node:fs";
import { FileError } from "../errors.js";
import { readWholeSync } from "../files/read.js";

const STDIN = 0;

/** What messages call a file. */
export const sourceOf = (path: string): string => (path === "-" ? "standard input" : path);

/** The bytes of a file, or of standard input for "-". @throws FileError */
export function read(command: string, path: string): Uint8Array {
  if (path !== "-") return readWholeSync(command, path);
  try {
    return readFileSync(STDIN);
  } catch (cause) {
    throw new FileError(`${command}: standard input could not be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
