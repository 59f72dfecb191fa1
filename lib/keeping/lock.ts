import * as fs from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { BusyError } from "../errors.js";
import { fileError } from "../files/path.js";
import { randomName } from "../files/write.js";

/** A thread of a process, as a lock file names it. A thread may end before its process, with no code of its own. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Node's number of the thread; 0 is the main one. */
  readonly thread: number;
  /** The system's number of the thread; 0 where it does not say. */
  readonly task: number;
  /** When the thread began, as the system counts; "" where it does not say. Numbers are used again. */
  readonly began: string;
}

/** The paths that this thread has locked. */
const held = new Set<string>();

/**
 * Locks a path for this thread: a file `.NAME.lock` next to it names process and thread. The lock of a process that has
 * ended is taken over; on Linux also that of a thread that has ended.
 * @returns what unlocks it.
 * @throws BusyError that names the process and the thread that has the lock; FileError
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
  const own = thisThread();
  const draft = `${lockFile}.${randomName()}`;
  try {
    fs.writeFileSync(draft, JSON.stringify(own), { flag: "wx" });
    // More than one process may try to take over: each removes only a lock that it has read.
    for (let attempt = 0; attempt < 100; attempt++) {
      if (placed(draft, lockFile)) return;
      const other = readOwner(lockFile);
      if (other !== null && mayRun(other)) {
        throw new BusyError(
          `${where}: ${path} is being written by ${textOf(other)}; if that has ended, remove ${lockFile}`,
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
    const { host, pid, thread, task, began } = JSON.parse(text) as Partial<Owner>;
    const isCount = (value: unknown, min: number): value is number =>
      Number.isSafeInteger(value) && (value as number) >= min;
    const isNamed = typeof host === "string" && typeof began === "string";
    return isNamed && isCount(pid, 1) && isCount(thread, 0) && isCount(task, 0)
      ? { host, pid, thread, task, began }
      : NOBODY;
  } catch {
    return NOBODY;
  }
}

const NOBODY: Owner = { host: "", pid: 0, thread: 0, task: 0, began: "" };

function thisThread(): Owner {
  // Loaded here, since few programs need it.
  const { threadId } = process.getBuiltinModule("node:worker_threads");
  const task = taskNumber();
  return { host: hostname(), pid: process.pid, thread: threadId, task, began: beginOf(process.pid, task) };
}

/** On Linux: the system's number of this thread; elsewhere 0. */
function taskNumber(): number {
  try {
    return Number(basename(fs.readlinkSync("/proc/thread-self")));
  } catch {
    return 0;
  }
}

function textOf({ host, pid, thread }: Owner): string {
  const isHere = host === hostname() && pid === process.pid;
  const whole = isHere ? "this process" : `process ${pid} on ${host}`;
  if (thread !== 0) return `thread ${thread} of ${whole}`;
  return isHere ? `the main thread of ${whole}` : whole;
}

/** Whether a thread may still run. Of another machine that cannot be known. */
function mayRun({ host, pid, task, began }: Owner): boolean {
  if (pid === 0) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return began === beginOf(pid, task);
}

/** On Linux: the tick at which a thread began. */
function beginOf(pid: number, task: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
    // The second field, a name in brackets, may hold spaces. The 22nd is the tick.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
