import process from "node:process";
import type { Worker } from "node:worker_threads";
import { BackendError } from "../errors.js";
import { type Replacement, replaceFiles } from "../files/replace.js";
import { isError } from "../realms.js";

// The thread's code is text: a file of its own would be lost where an application is bundled into one file, and could
// not be found where the library runs from its TypeScript sources.
const CODE = `
const { parentPort } = require("node:worker_threads");
const system = { fs: require("node:fs"), crc32: require("node:zlib").crc32 };
const replaceFiles = ${replaceFiles.toString()};
parentPort.on("message", ({ job, buffers }) => {
  let failure = null;
  try {
    replaceFiles(system, job);
  } catch (error) {
    failure = { message: error.message, code: error.code, syscall: error.syscall };
  }
  parentPort.postMessage({ failure, buffers }, buffers);
});
`;

/** A write that was asked for. */
interface Pending {
  resolve(buffers: readonly ArrayBuffer[]): void;
  reject(error: Error): void;
}

interface Answer {
  readonly failure: { readonly message: string; readonly code?: string; readonly syscall?: string } | null;
  readonly buffers: readonly ArrayBuffer[];
}

/** The thread, from the first write on. It does not keep the process alive while it has nothing to write. */
class BackgroundWriter {
  readonly #worker: Worker;
  /** In the order in which the thread does them. */
  readonly #pending: Pending[] = [];

  constructor() {
    // Loaded here, since few programs need it.
    const threads = process.getBuiltinModule("node:worker_threads");
    // No options of the process: they might load the application's modules once more.
    this.#worker = new threads.Worker(CODE, { eval: true, execArgv: [], env: {}, name: "thalweg: files" });
    this.#worker.unref();
    this.#worker.on("message", ({ failure, buffers }: Answer) => {
      const done = this.#pending.shift();
      if (this.#pending.length === 0) this.#worker.unref();
      if (failure === null) done?.resolve(buffers);
      else done?.reject(Object.assign(new Error(failure.message), failure));
    });
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", (code) => this.#end(new Error(`it ended with code ${code}`)));
  }

  write(job: Replacement): Promise<readonly ArrayBuffer[]> {
    const buffers = [...new Set(Array.from(job.chunks, ({ buffer }) => buffer as ArrayBuffer))];
    return new Promise((resolve, reject) => {
      this.#worker.postMessage({ job, buffers }, buffers);
      this.#worker.ref();
      this.#pending.push({ resolve, reject });
    });
  }

  #end(cause: unknown): void {
    if (writer === this) writer = null;
    const why = isError(cause) ? cause.message : String(cause);
    const error = new BackendError(`the thread that writes files has ended: ${why}`, { cause });
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

let writer: BackgroundWriter | null = null;

/** Starts the thread, so that the first write need not wait for it. */
export function startWriter(): void {
  writer ??= new BackgroundWriter();
}

/**
 * As `replaceFiles`, on a thread of its own: neither this thread nor those of libuv wait for a device.
 * @param job Its chunks are transferred.
 * @returns the memory of the chunks, when the file is on the device.
 * @throws the system's errors; BackendError if the thread has ended.
 */
export function replaceInBackground(job: Replacement): Promise<readonly ArrayBuffer[]> {
  startWriter();
  return (writer as BackgroundWriter).write(job);
}
