import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { BusyError } from "../errors.js";
import { fileError } from "../files/path.js";

/** A process, as a lock file names it. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system counts; "" where it does not say. Numbers of processes are used again. */
  readonly began: string;
}

/** The paths that this process has locked. */
const held = new Set<string>();

/**
 * Locks a path for this process: a file `.NAME.lock` next to it names the process. The lock of a process that has ended
 * is taken over.
 * @returns what unlocks it.
 * @throws BusyError that names the process that has the lock; FileError
 */
export function lock(where: string, path: string): () => void {
  if (held.has(path)) {
    throw new BusyError(`${where}: ${path} is being written by another run of this process`);
  }
  const lockFile = join(dirname(path), `.${basename(path)}.lock`);
  try {
    acquire(where, path, lockFile);
  } catch (error) {
    throw fileError(where, path, "written", error);
  }
  held.add(path);
  return () => {
    held.delete(path);
    fs.rmSync(lockFile, { force: true });
  };
}

function acquire(where: string, path: string, lockFile: string): void {
  const own: Owner = { host: hostname(), pid: process.pid, began: beginOf(process.pid) };
  const draft = `${lockFile}.${randomBytes(8).toString("hex")}`;
  fs.writeFileSync(draft, JSON.stringify(own), { flag: "wx" });
  try {
    // More than one process may try to take over: each removes only a lock that it has read.
    for (let attempt = 0; attempt < 100; attempt++) {
      if (placed(draft, lockFile)) return;
      const other = readOwner(lockFile);
      if (other !== null && mayRun(other)) {
        throw new BusyError(
          `${where}: ${path} is being written by process ${other.pid} on ${other.host}; if that process has ended, remove ${lockFile}`,
        );
      }
      if (other !== null) removeLockOf(other, lockFile, `${draft}.old`);
    }
    throw new BusyError(`${where}: ${path} is being written by other processes`);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Removes a lock file, unless it names another process by now. */
function removeLockOf(owner: Owner, lockFile: string, aside: string): void {
  try {
    fs.renameSync(lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = readOwner(aside);
  if (JSON.stringify(moved) !== JSON.stringify(owner)) placed(aside, lockFile);
  fs.rmSync(aside, { force: true });
}

/** Gives a file another name, unless that name is taken. The file with that name is whole at once. */
function placed(draft: string, name: string): boolean {
  try {
    fs.linkSync(draft, name);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // Not every file system has hard links.
    try {
      fs.copyFileSync(draft, name, fs.constants.COPYFILE_EXCL);
      return true;
    } catch (again) {
      if ((again as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw again;
    }
  }
}

/** Whom a lock file names: nobody if it cannot be read as one. Null if it is gone. */
function readOwner(lockFile: string): Owner | null {
  let text: string;
  try {
    text = fs.readFileSync(lockFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { host, pid, began } = JSON.parse(text) as Partial<Owner>;
    const isOwner = typeof host === "string" && typeof began === "string" && Number.isSafeInteger(pid);
    return isOwner && (pid as number) > 0 ? { host, pid: pid as number, began } : NOBODY;
  } catch {
    return NOBODY;
  }
}

const NOBODY: Owner = { host: "", pid: 0, began: "" };

/** Whether a process may still run. Of another machine that cannot be known. */
function mayRun({ host, pid, began }: Owner): boolean {
  if (pid === 0) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return began === beginOf(pid);
}

/** On Linux: the tick at which a process began. */
function beginOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, a name in brackets, may hold spaces. The 22nd is the tick.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
