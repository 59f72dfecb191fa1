// The runs in a folder, and in the folders in it.

import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  realpathSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { FileError } from "../../errors.js";
import { fileError } from "../../files/path.js";
import type { Command } from "../../train/following.js";
import { commandsOf, lineOf, RUN_FILE } from "../run-events.js";
import { RunReader } from "./run-reader.js";

const MOST_LEVELS = 5;
const MOST_RUNS = 200;
const MOST_ENTRIES = 20_000;
const MOST_COMMAND_BYTES = 1 << 16;

/** A run of the folder. */
export interface WatchedRun {
  /** Says nothing about the path, and is all that a request may name. */
  readonly id: string;
  /** The folders and the file's name, without its ending. */
  readonly name: string;
  readonly path: string;
  readonly reader: RunReader;
}

/** Finds the runs, and reads what they write. */
export class Runs {
  readonly #root: string;
  readonly #runs = new Map<string, WatchedRun>();

  /** @throws FileError unless it is a folder */
  constructor(folder: string) {
    try {
      this.#root = realpathSync(resolve(folder));
      if (!statSync(this.#root).isDirectory())
        throw new FileError(`watch: ${folder} is a file, not a folder`);
    } catch (error) {
      throw fileError("watch", folder, "read", error);
    }
  }

  get all(): readonly WatchedRun[] {
    return [...this.#runs.values()];
  }

  find(id: unknown): WatchedRun | null {
    return typeof id === "string" ? (this.#runs.get(id) ?? null) : null;
  }

  /** Looks for runs that are new. Links are not followed. */
  look(): void {
    for (const path of this.#files()) {
      const id = createHash("sha256").update(relative(this.#root, path)).digest("hex").slice(0, 16);
      if (this.#runs.has(id) || this.#runs.size >= MOST_RUNS || !this.#isInside(path)) continue;
      const name = relative(this.#root, path).slice(0, -RUN_FILE.length).split(sep).join("/");
      this.#runs.set(id, { id, name, path, reader: new RunReader(path) });
    }
  }

  /** The newest come first: the names begin with the time. */
  #files(): string[] {
    const found: string[] = [];
    let entries = 0;
    const walk = (folder: string, level: number): void => {
      for (const entry of entriesOf(folder)) {
        if (++entries > MOST_ENTRIES) return;
        const path = join(folder, entry.name);
        if (entry.isDirectory() && level < MOST_LEVELS) walk(path, level + 1);
        else if (entry.isFile() && entry.name.endsWith(RUN_FILE)) found.push(path);
      }
    };
    walk(this.#root, 0);
    return found
      .sort((a, b) => (a.slice(dirname(a).length) < b.slice(dirname(b).length) ? 1 : -1))
      .slice(0, MOST_RUNS);
  }

  /** Whether a folder of the path is still in the watched one, and not replaced by a link meanwhile. */
  #isInside(path: string): boolean {
    try {
      const folder = realpathSync(dirname(path));
      return folder === this.#root || folder.startsWith(this.#root + sep);
    } catch {
      return false;
    }
  }

  /** Asks a run for something. @throws FileError if the file for it cannot be written */
  ask({ path }: WatchedRun, command: Command): void {
    const file = commandsOf(path);
    try {
      if (!this.#isInside(path)) throw new FileError(`watch: ${file} is not in the folder`);
      const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
      const handle = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      try {
        const stats = fstatSync(handle);
        if (!stats.isFile() || stats.size > MOST_COMMAND_BYTES) {
          throw new FileError(`watch: ${file} takes no more commands`);
        }
        writeSync(handle, lineOf(command));
      } finally {
        closeSync(handle);
      }
    } catch (error) {
      throw fileError("watch", file, "written", error);
    }
  }

  close(): void {
    for (const { reader } of this.all) reader.close();
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It is gone, or there is no permission for it.
    return [];
  }
}
