import { constants } from "node:buffer";
import * as fs from "node:fs";
import { DataError, FileError, MemoryError } from "../errors.js";
import { checkPath, type FilePath, fileError } from "./path.js";

export interface ReadOptions {
  /** The longest file that is read, in bytes. Default: no limit. */
  readonly maxBytes?: number;
}

/**
 * The bytes of a file. Its size is checked before memory is taken.
 * @throws FileError, also if the path is a folder or a device; DataError if the file is longer than `maxBytes`;
 *   MemoryError; ArgumentError unless it is a path.
 */
export async function readWhole(
  where: string,
  path: FilePath,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  const given = checkPath(where, path);
  try {
    const handle = await fs.promises.open(given, FLAGS);
    try {
      const bytes = reserve(where, given, await handle.stat(), options);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        const most = Math.min(bytes.length - length, MOST_BYTES);
        read = (await handle.read(bytes, length, most, length)).bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(where, given, "read", error);
  }
}

/** As `readWhole`, on this thread. */
export function readWholeSync(where: string, path: FilePath, options: ReadOptions = {}): Uint8Array {
  const given = checkPath(where, path);
  try {
    const file = fs.openSync(given, FLAGS);
    try {
      const bytes = reserve(where, given, fs.fstatSync(file), options);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = fs.readSync(file, bytes, length, Math.min(bytes.length - length, MOST_BYTES), length);
      }
      return bytes.subarray(0, length);
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    throw fileError(where, given, "read", error);
  }
}

// Without O_NONBLOCK, opening a pipe waits for its writer. Windows lacks the flag.
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);
// The system reads somewhat less than 2 GiB in one call.
const MOST_BYTES = 1 << 30;

/** Memory for the whole file. @throws unless it is a file of at most `maxBytes`. */
function reserve(where: string, path: string, file: fs.Stats, { maxBytes }: ReadOptions): Uint8Array {
  if (!file.isFile()) {
    const what = file.isDirectory() ? "a folder" : "a device or pipe";
    throw new FileError(`${where}: ${path} could not be read: it is ${what}, not a file`);
  }
  if (maxBytes !== undefined && file.size > maxBytes) {
    throw new DataError(
      `${where}: ${path}: the file has ${file.size} bytes, more than the limit of ${maxBytes} (maxBytes)`,
    );
  }
  try {
    if (file.size > constants.MAX_LENGTH) throw new RangeError("longer than an ArrayBuffer");
    // Not a Buffer, whose slice() is no copy.
    return new Uint8Array(Buffer.allocUnsafeSlow(file.size).buffer);
  } catch {
    throw new MemoryError(`${where}: ${path}: there is no memory for ${file.size} bytes`);
  }
}
