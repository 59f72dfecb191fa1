import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { FileError } from "../errors.js";
import { checkPath, type FilePath, fileError } from "./path.js";
import { type Replacement, replaceFiles } from "./replace.js";

/** The contents of a file in pieces, in order. */
export type Chunks = Iterable<Uint8Array>;

/**
 * Writes a whole file: a reader of the path sees the file from before or the new one, never a part of it, also after a
 * crash of the process or of the system.
 *
 * The bytes go to a temporary file `.thalweg-….tmp` in the same folder. It is flushed to the device and then renamed;
 * at last the folder is flushed. If anything fails, the temporary file is removed and the file from before stays. Two
 * processes that write the same path leave the whole file of one of them; of two calls of one thread, the later one's
 * is left.
 *
 * An existing file keeps its permissions, and its owner if the process may set it; one without write permission is
 * refused. A symbolic link is followed: the file that it points at is replaced, and the link stays.
 * @throws FileError, also if the path is a folder or a device; ArgumentError unless it is a path.
 */
export async function writeAtomically(where: string, path: FilePath, chunks: Chunks): Promise<void> {
  const given = checkPath(where, path);
  const absolute = resolve(given);
  await inTurn(absolute, () => write(where, given, absolute, chunks));
}

async function write(where: string, given: string, absolute: string, chunks: Chunks): Promise<void> {
  try {
    const { path: target, folder, temporary, mode, owner } = planReplacement(where, given, absolute);
    const handle = await fs.promises.open(temporary, "wx", (mode ?? 0o666) & 0o777);
    try {
      try {
        const made = await handle.stat();
        if (owner !== null && (made.uid !== owner.uid || made.gid !== owner.gid)) {
          await handle.chown(owner.uid, owner.gid);
        }
        if (mode !== null && (made.mode & PERMISSIONS) !== mode) await handle.chmod(mode);
        for (let batch of batches(chunks)) {
          while (batch.length > 0) batch = rest(batch, (await handle.writev(batch)).bytesWritten);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.promises.rename(temporary, target);
    } catch (error) {
      await fs.promises.rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    if (FOLDERS_CAN_BE_FLUSHED) await flushFolder(folder);
  } catch (error) {
    throw fileError(where, given, "written", error);
  }
}

/** The last write to each file that this thread has not ended. */
const writing = new Map<string, Promise<void>>();

/**
 * Runs a write when the writes to the same file that were asked for before have ended.
 * @param path absolute.
 */
export async function inTurn(path: string, run: () => Promise<void>): Promise<void> {
  const key = fileAt(path);
  const before = writing.get(key);
  const own = before === undefined ? run() : before.then(run, run);
  writing.set(key, own);
  try {
    await own;
  } finally {
    if (writing.get(key) === own) writing.delete(key);
  }
}

/** The one path, of all that lead to a file, by which it is known here. */
function fileAt(path: string): string {
  try {
    const target = findTarget(path);
    return join(fs.realpathSync(dirname(target)), basename(target));
  } catch {
    // The write says what is wrong.
    return path;
  }
}

/** As `writeAtomically`, on this thread and at once. A write that has begun before may replace the file after it. */
export function writeAtomicallySync(where: string, path: FilePath, chunks: Chunks): void {
  const given = checkPath(where, path);
  try {
    const target = planReplacement(where, given);
    replaceFiles({ fs }, { ...target, chunks, checksumAt: null, paths: [target.path], remove: [] });
  } catch (error) {
    throw fileError(where, given, "written", error);
  }
}

/**
 * What a file at a path replaces, and where it is written before.
 * @param given the path in messages.
 * @throws the system's errors; FileError if no file can be written there
 */
export function planReplacement(
  where: string,
  given: string,
  absolute: string = given,
): Pick<Replacement, "folder" | "temporary" | "mode" | "owner" | "flushesFolder"> & {
  readonly path: string;
} {
  const path = findTarget(absolute);
  const existing = checkReplaceable(where, given, fs.statSync(path, { throwIfNoEntry: false }));
  if (existing !== undefined) fs.accessSync(path, fs.constants.W_OK);
  const folder = dirname(path);
  return {
    path,
    folder,
    temporary: join(folder, temporaryName()),
    mode: existing === undefined ? null : existing.mode & PERMISSIONS,
    owner: existing !== undefined && maySetOwner() ? { uid: existing.uid, gid: existing.gid } : null,
    flushesFolder: FOLDERS_CAN_BE_FLUSHED,
  };
}

const PERMISSIONS = 0o7777;
const FOLDERS_CAN_BE_FLUSHED = process.platform !== "win32";
/** Only root may give a file to another user. */
const maySetOwner = () => process.getuid?.() === 0;
const temporaryName = () => `.thalweg-${randomName()}.tmp`;

/** A part of a file's name that no other process chooses. */
export function randomName(): string {
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  return randomBytes(8).toString("hex");
}

// As many as Linux follows.
const MOST_LINKS = 40;

/** The file that a path names, with symbolic links followed. It need not exist. */
function findTarget(path: string, links = 0): string {
  const isLink = fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (!isLink || links === MOST_LINKS) return path;
  return findTarget(resolve(fs.realpathSync(dirname(path)), fs.readlinkSync(path)), links + 1);
}

/** @throws FileError for what a file must not replace. */
function checkReplaceable(where: string, path: string, existing: fs.Stats | undefined): fs.Stats | undefined {
  if (existing === undefined || existing.isFile()) return existing;
  const what = existing.isDirectory() ? "a folder" : "a device or pipe";
  throw new FileError(`${where}: ${path} could not be written: it is ${what}, not a file`);
}

// The system takes at most 1024 pieces and somewhat less than 2 GiB in one call.
const MOST_PIECES = 1024;
const MOST_BYTES = 1 << 30;

/** The pieces in lists that one call can write. */
function* batches(chunks: Chunks): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += MOST_BYTES) {
      const piece = chunk.subarray(start, start + MOST_BYTES);
      if (batch.length === MOST_PIECES || bytes + piece.length > MOST_BYTES) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(piece);
      bytes += piece.length;
    }
  }
  if (batch.length > 0) yield batch;
}

/** What is left of the pieces after the first `written` bytes. */
function rest(pieces: Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  for (const [i, piece] of pieces.entries()) {
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(i + 1)];
    left -= piece.length;
  }
  return [];
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    checkFlushable(error);
  } finally {
    await handle.close();
  }
}

/** Some file systems, over a network for instance, cannot flush a folder, and say so. */
function checkFlushable(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EINVAL" && code !== "ENOTSUP") throw error;
}
