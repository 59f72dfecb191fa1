import { closeSync, fdatasync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { FileError } from "../errors.js";
import { frame } from "./records.js";
import { type EventMessage, encodeMessage } from "./schema.js";

const flushData = promisify(fdatasync);

let files = 0;

/**
 * An event file that grows. A record is in the file, whole, when `add` returns: a reader at work and the end of the
 * process find whole records alone.
 */
export class EventFile {
  readonly path: string;
  readonly #where: string;
  #file: number | null = null;
  /** The length of the file. */
  #length = 0;

  /** @throws FileError where the folder or the file cannot be made; PackageError. */
  constructor(where: string, folder: string, suffix: string) {
    this.#where = where;
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
    this.path = join(
      folder,
      `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}${suffix}`,
    );
    const first: EventMessage = { wallTime: Date.now() / 1000, fileVersion: "brain.Event:2" };
    const record = frame(where, encodeMessage(where, "Event", first));
    try {
      mkdirSync(folder, { recursive: true });
      this.#file = openSync(this.path, "ax");
    } catch (cause) {
      throw this.#failed(cause);
    }
    this.#append(record);
  }

  /** @throws FileError if it is closed, or the record could not be written: the ones before stay. */
  add(event: EventMessage): void {
    this.#append(frame(this.#where, encodeMessage(this.#where, "Event", event)));
  }

  /**
   * Waits until all records are on the device.
   * @throws FileError
   */
  async flush(): Promise<void> {
    if (this.#file === null) return;
    try {
      await flushData(this.#file);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** Closes the file; a second time does nothing. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file !== null) closeSync(file);
  }

  #append(record: Uint8Array): void {
    if (this.#file === null) throw new FileError(`${this.#where}: ${this.path} is closed`);
    try {
      for (let at = 0; at < record.length; ) at += writeSync(this.#file, record, at);
      this.#length += record.length;
    } catch (cause) {
      // Nothing after a part of a record could be read.
      ftruncateSync(this.#file, this.#length);
      throw this.#failed(cause);
    }
  }

  #failed(cause: unknown): FileError {
    return new FileError(`${this.#where}: ${this.path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
