import { closeSync, mkdirSync, openSync, write, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { FileError } from "../errors.js";
import { frame } from "./records.js";
import { type EventMessage, encodeMessage } from "./schema.js";

const append = promisify(write);

let files = 0;

/**
 * An event file that grows. Each record is written whole and after the one before; a reader at work sees whole records
 * alone. Records that come while others are being written go out together.
 */
export class EventFile {
  readonly path: string;
  readonly #where: string;
  #file: number | null;
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | null = null;
  #failure: FileError | null = null;

  /** @throws FileError where the folder or the file cannot be made; PackageError. */
  constructor(where: string, folder: string, suffix: string) {
    this.#where = where;
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
    this.path = join(
      folder,
      `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}${suffix}`,
    );
    const first = this.#record({ wallTime: Date.now() / 1000, fileVersion: "brain.Event:2" });
    try {
      mkdirSync(folder, { recursive: true });
      this.#file = openSync(this.path, "ax");
      writeSync(this.#file, first);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  /** @throws FileError if it is closed, or an earlier record could not be written. */
  add(event: EventMessage): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#file === null) throw new FileError(`${this.#where}: ${this.path} is closed`);
    this.#waiting.push(this.#record(event));
    this.#writing ??= this.#write(this.#file);
  }

  /**
   * Waits until all records are in the file.
   * @throws FileError if one could not be written.
   */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Writes what waits and closes the file; a second time does nothing. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await this.#writing;
    if (file !== null) closeSync(file);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Never rejects: the next call throws. */
  async #write(file: number): Promise<void> {
    // Records of the same turn of the event loop go out together.
    await null;
    try {
      while (this.#waiting.length > 0) {
        const bytes = Buffer.concat(this.#waiting);
        this.#waiting = [];
        for (let at = 0; at < bytes.length; ) at += (await append(file, bytes, at)).bytesWritten;
      }
    } catch (cause) {
      this.#failure = this.#failed(cause);
    }
    this.#writing = null;
  }

  #record(event: EventMessage): Uint8Array {
    return frame(this.#where, encodeMessage(this.#where, "Event", event));
  }

  #failed(cause: unknown): FileError {
    return new FileError(`${this.#where}: ${this.path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
