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
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { FileError } from "../../errors.js";
import { fileError } from "../../files/path.js";
import type { Command } from "../../train/following.js";
import { commandsOf, lineOf, MOST_COMMANDS, RUN_FILE } from "../run-events.js";
import { RunReader } from "./run-reader.js";

const MOST_LEVELS = 5;
const MOST_RUNS = 200;
const MOST_ENTRIES = 20_000;

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
  #leftOut = "";

  /** @throws FileError unless it is a folder */
  constructor(folder: string) {
    try {
      this.#root = realpathSync(resolve(folder));
      if (!statSync(this.#root).isDirectory())
        throw new FileError(`watch: ${folder} is a file, not a folder`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileError("watch", folder, "read", error);
      const advice = `fit(model, { …, watch: ${JSON.stringify(folder)} }) makes it with its first run`;
      throw new FileError(`watch: there is no folder ${folder} yet; ${advice}`, { cause: error });
    }
  }

  get all(): readonly WatchedRun[] {
    return [...this.#runs.values()];
  }

  /** What of the folder is not shown, in words; "" for nothing. */
  get leftOut(): string {
    return this.#leftOut;
  }

  find(id: unknown): WatchedRun | null {
    return typeof id === "string" ? (this.#runs.get(id) ?? null) : null;
  }

  /** Looks for runs that are new, and lets go those that are gone or no longer among the newest. */
  look(): void {
    const found = new Map(this.#files().map((path) => [this.#idOf(path), path]));
    for (const [id, { reader }] of this.#runs) {
      if (found.has(id)) continue;
      reader.close();
      this.#runs.delete(id);
    }
    for (const [id, path] of found) {
      if (this.#runs.has(id)) continue;
      const name = relative(this.#root, path).slice(0, -RUN_FILE.length).split(sep).join("/");
      this.#runs.set(id, { id, name, path, reader: new RunReader(path) });
    }
  }

  #idOf(path: string): string {
    return createHash("sha256").update(relative(this.#root, path)).digest("hex").slice(0, 16);
  }

  /**
   * The newest files of runs, which come first: their names begin with the time. Folders near the root are looked at
   * before those that are deeper, and links are not followed.
   */
  #files(): string[] {
    const found: string[] = [];
    let entries = 0;
    const folders = [{ folder: this.#root, level: 0 }];
    // The list grows while it is gone through.
    for (const { folder, level } of folders) {
      for (const entry of entriesOf(folder)) {
        if (++entries > MOST_ENTRIES) break;
        if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
        const path = join(folder, entry.name);
        if (entry.isDirectory() && level < MOST_LEVELS) folders.push({ folder: path, level: level + 1 });
        else if (entry.isFile() && entry.name.endsWith(RUN_FILE)) found.push(path);
      }
      if (entries > MOST_ENTRIES) break;
    }
    const inside = found.filter((path) => this.#isInside(path));
    this.#leftOut = leftOutOf(entries, inside.length);
    return inside.sort((a, b) => (basename(a) < basename(b) ? 1 : -1)).slice(0, MOST_RUNS);
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
        const line = Buffer.from(lineOf(command));
        // The run reads no line that ends after this.
        if (!stats.isFile() || stats.size + line.length > MOST_COMMANDS) {
          throw new FileError(`watch: ${file} takes no more commands`);
        }
        writeSync(handle, line);
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

function leftOutOf(entries: number, runs: number): string {
  const texts = [
    ...(entries > MOST_ENTRIES
      ? [`The folder has more than ${MOST_ENTRIES} entries: not all were looked at.`]
      : []),
    ...(runs > MOST_RUNS ? [`The newest ${MOST_RUNS} of ${runs} runs are shown.`] : []),
  ];
  return texts.join(" ");
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It is gone, or there is no permission for it.
    return [];
  }
}
