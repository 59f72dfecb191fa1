import type * as NodeFs from "node:fs";
import type * as NodeZlib from "node:zlib";

/** A new file under one or more paths. */
export interface Replacement {
  /** The contents, in order. */
  readonly chunks: Iterable<Uint8Array>;
  /**
   * Where in the first chunk the CRC-32 of all bytes is written as eight digits. It is computed with the digits that
   * are there, which are zeros. Null for none; otherwise the chunks are a list.
   */
  readonly checksumAt: number | null;
  /** The folder of all files. */
  readonly folder: string;
  /** In that folder. Only this call uses it. */
  readonly temporary: string;
  /** The paths that the new file gets, at least one. */
  readonly paths: readonly string[];
  /** The file's permissions and owner; null for the usual ones. */
  readonly mode: number | null;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Files that are removed when the new one is on the device. */
  readonly remove: readonly string[];
  readonly flushesFolder: boolean;
}

/** What `replaceFiles` needs of Node. */
export interface System {
  readonly fs: typeof NodeFs;
  /** Only for a checksum. */
  readonly crc32?: typeof NodeZlib.crc32;
}

/**
 * Writes a file: a reader of a path sees the file from before or the new one, never a part of it, also after a crash of
 * the process or of the system. When it returns, the new file is on the device.
 *
 * A thread runs the text of this function, so it uses nothing from outside of itself. Its helpers are methods: for
 * functions in variables, compilers that keep names write calls of a function of their own.
 * @throws the system's errors; the files from before stay then.
 */
export function replaceFiles({ fs, crc32 }: System, job: Replacement): void {
  const { chunks, checksumAt, folder, temporary, paths, mode, owner, remove, flushesFolder } = job;
  const helpers = {
    unlessRefused(codes: readonly string[], run: () => void): void {
      try {
        run();
      } catch (error) {
        if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    },
    flush(path: string, flags: string): void {
      const file = fs.openSync(path, flags);
      try {
        fs.fsyncSync(file);
      } finally {
        fs.closeSync(file);
      }
    },
  };
  if (crc32 !== undefined && checksumAt !== null) {
    let checksum = 0;
    for (const chunk of chunks) {
      // It takes lengths of 32 bits.
      for (let at = 0; at < chunk.length; at += 1 << 30) {
        checksum = crc32(chunk.subarray(at, at + (1 << 30)), checksum);
      }
    }
    const digits = checksum.toString(16).padStart(8, "0");
    const [header] = chunks as readonly [Uint8Array];
    for (let i = 0; i < digits.length; i++) header[checksumAt + i] = digits.charCodeAt(i);
  }
  const [first, ...others] = paths as [string, ...string[]];
  try {
    // From the start nobody can open it who could not open the file from before.
    const file = fs.openSync(temporary, "wx", (mode ?? 0o666) & 0o777);
    try {
      const made = fs.fstatSync(file);
      if (owner !== null && (made.uid !== owner.uid || made.gid !== owner.gid)) {
        fs.fchownSync(file, owner.uid, owner.gid);
      }
      if (mode !== null && (made.mode & 0o7777) !== mode) fs.fchmodSync(file, mode);
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) {
          // The system writes somewhat less than 2 GiB in one call.
          at += fs.writeSync(file, chunk, at, Math.min(chunk.length - at, 1 << 30));
        }
      }
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(temporary, first);
    for (const path of others) {
      try {
        fs.linkSync(first, temporary);
      } catch {
        // Not every file system has hard links.
        fs.copyFileSync(first, temporary);
        helpers.flush(temporary, "r+");
      }
      fs.renameSync(temporary, path);
    }
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  // Some file systems, over a network for instance, cannot flush a folder, and say so.
  if (flushesFolder) helpers.unlessRefused(["EINVAL", "ENOTSUP"], () => helpers.flush(folder, "r"));
  for (const path of remove) helpers.unlessRefused(["ENOENT"], () => fs.unlinkSync(path));
}
