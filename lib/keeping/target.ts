import * as fs from "node:fs";
import { basename, dirname, join, parse, resolve } from "node:path";
import process from "node:process";
import { checkPath, type FilePath, fileError } from "../files/path.js";
import { type Replacement, replaceFiles } from "../files/replace.js";
import { planReplacement, randomName } from "../files/write.js";
import { replaceInBackground } from "./background-writer.js";
import { lock } from "./lock.js";
import type { StateFile } from "./state-file.js";

/** What else a write does. */
export interface Also {
  /** Other names in the same folder that the file gets, too. */
  readonly paths?: readonly string[];
  /** Files that are removed after that. */
  readonly remove?: readonly string[];
}

/**
 * A path that states are written to, locked for this process from when it is made until it is closed. What a killed
 * process left next to it is removed.
 */
export class Target {
  readonly #where: string;
  /** As it was given, for messages. */
  readonly #given: string;
  /** Absolute, with symbolic links followed. */
  readonly path: string;
  readonly #unlock: () => void;

  /** @throws ArgumentError; FileError if no file can be written there; BusyError while another run writes there */
  constructor(where: string, path: FilePath) {
    this.#where = where;
    this.#given = checkPath(where, path);
    try {
      this.path = resolve(planReplacement(where, this.#given).path);
    } catch (error) {
      throw fileError(where, this.#given, "written", error);
    }
    this.#unlock = lock(where, this.path);
    try {
      this.#removeLeftovers();
    } catch (error) {
      this.#unlock();
      throw fileError(where, this.#given, "written", error);
    }
  }

  /** The path with a suffix before its extension: `runs/a.safetensors` → `runs/a-best.safetensors`. */
  variant(suffix: string): string {
    const { dir, name, ext } = parse(this.path);
    return join(dir, `${name}-${suffix}${ext}`);
  }

  /**
   * Writes a file on a thread of its own. Its chunks are transferred.
   * @returns the memory of the chunks, when the file is on the device.
   * @throws FileError; BackendError if the thread has ended
   */
  async write(file: StateFile, also: Also = {}): Promise<readonly ArrayBuffer[]> {
    try {
      return await replaceInBackground(this.#replacement(file, also));
    } catch (error) {
      throw fileError(this.#where, this.#given, "written", error);
    }
  }

  /** As `write`, on this thread. */
  writeSync(file: StateFile): void {
    try {
      const { crc32 } = process.getBuiltinModule("node:zlib");
      replaceFiles({ fs, crc32 }, this.#replacement(file, {}));
    } catch (error) {
      throw fileError(this.#where, this.#given, "written", error);
    }
  }

  /** Unlocks the path. */
  close(): void {
    this.#unlock();
  }

  #replacement(file: StateFile, { paths = [], remove = [] }: Also): Replacement {
    return {
      ...planReplacement(this.#where, this.path),
      ...file,
      temporary: `${this.#temporary}${randomName()}.tmp`,
      paths: [...paths, this.path],
      remove,
    };
  }

  /** How the names of temporary files begin. */
  get #temporary(): string {
    return join(dirname(this.path), `.${basename(this.path)}.`);
  }

  #removeLeftovers(): void {
    const [folder, prefix] = [dirname(this.path), basename(this.#temporary)];
    for (const name of fs.readdirSync(folder)) {
      if (!name.startsWith(prefix) || !/^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) continue;
      fs.rmSync(join(folder, name), { force: true });
    }
  }
}
