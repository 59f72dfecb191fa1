import { ThalwegError } from "../../errors.js";
import { openZip } from "../../formats/zip.js";

/** The names of a zip file's entries; none where it is no such file, or one that is refused. */
export function zipNames(bytes: Uint8Array): string[] {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return [];
  try {
    return [...openZip("zip", bytes, { maxBytes: Number.MAX_SAFE_INTEGER }).keys()];
  } catch (error) {
    if (error instanceof ThalwegError) return [];
    throw error;
  }
}
