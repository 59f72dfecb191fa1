import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from "node:worker_threads";
import { EnvironmentError } from "../errors.js";
import { entryUrl } from "../native/package-root.js";
import { sizeOf } from "../tensor/shape.js";
import { encoderOf } from "./encode.js";
import { checkSameSpace } from "./environment-rows.js";
import type { WorkerMemory, WorkerMessage, WorkerStart } from "./environment-worker.js";
import { textOf } from "./numbered-environment.js";
import { fromPlain } from "./plain-space.js";
import { allocate, bytesOfRows, noInfos, type RowInfos, type Rows, rowsOf } from "./rows.js";
import { isNumberList, type Space } from "./space.js";
import { type Command, Control } from "./worker-control.js";

export interface WorkersOptions {
  /** Of the module that makes environments. */
  readonly url: string;
  /** The name of what it exports for that. */
  readonly exported: string;
  readonly data: unknown;
  readonly n: number;
  readonly workers: number;
  /** In milliseconds. */
  readonly startTimeout: number;
  /** In milliseconds. */
  readonly closeTimeout: number;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly first: number;
  readonly count: number;
  /** What ended it; null while it runs. */
  end: { readonly text: string; readonly cause: unknown } | null;
}

/** What all threads know when their environments are made. */
interface Ready {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly names: readonly string[];
  readonly rows: Rows;
  /** [n, width] */
  readonly actions: Float64Array;
}

const WHERE = "WorkerVectorEnvironment";

/**
 * What a thread runs first. Where Node.js runs with tsx, a thread does not by itself: it asks for tsx, if it is
 * installed, before it loads TypeScript.
 */
const codeOf = (entry: string): string => `
import("node:worker_threads").then(async ({ workerData: { url } }) => {
  const entry = ${JSON.stringify(entry)};
  if ([entry, url].some((one) => /\\.[cm]?tsx?$/.test(one))) {
    await import("tsx/esm/api").then(({ register }) => register(), () => undefined);
  }
  await import(entry);
});`;

/** The threads of a WorkerVectorEnvironment. One that has ended is not started again: others are made. */
export class EnvironmentWorkers {
  readonly options: WorkersOptions;
  readonly #control: Control;
  readonly #threads: readonly Thread[];
  readonly #ready: Ready;

  private constructor(options: WorkersOptions, control: Control, threads: readonly Thread[], ready: Ready) {
    this.options = options;
    this.#control = control;
    this.#threads = threads;
    this.#ready = ready;
  }

  /**
   * Starts the threads, and waits until their environments are made.
   * @param closing Ends the waiting, and then the threads.
   * @throws EnvironmentError, MemoryError
   */
  static async start(options: WorkersOptions, closing: AbortSignal): Promise<EnvironmentWorkers> {
    const control = Control.for(options.workers);
    const threads = startThreads(options, control);
    const giveUp = (): void => control.giveUp();
    closing.addEventListener("abort", giveUp);
    const timer = setTimeout(giveUp, options.startTimeout);
    await control.untilDone();
    clearTimeout(timer);
    closing.removeEventListener("abort", giveUp);
    try {
      return new EnvironmentWorkers(options, control, threads, readyOf(options, threads));
    } catch (error) {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
      throw error;
    }
  }

  get observationSpace(): Space {
    return this.#ready.observationSpace;
  }

  get actionSpace(): Space {
    return this.#ready.actionSpace;
  }

  get rows(): Rows {
    return this.#ready.rows;
  }

  /** Whether a thread has ended. */
  get isBroken(): boolean {
    return this.#threads.some(({ end }) => end !== null);
  }

  /** Writes the actions of the next step. */
  writeActions(actions: ArrayLike<unknown>): void {
    const { actions: to, names } = this.#ready;
    const width = to.length / names.length;
    for (let i = 0; i < names.length; i++) {
      const action = actions[i];
      if (isNumberList(action)) to.set(action, i * width);
      else to[i * width] = action as number;
    }
  }

  /**
   * Does a command in all environments.
   * @param call How an error names it where an environment cannot: "step 12".
   * @throws EnvironmentError that names the first environment that failed.
   */
  async run(command: Command, call: string, seed?: number): Promise<RowInfos> {
    if (!this.isBroken) {
      for (const { worker } of this.#threads) worker.ref();
      this.#control.send(command, seed);
      await this.#control.untilDone();
      for (const { worker } of this.#threads) worker.unref();
    }
    const messages = messagesOf(this.#threads);
    throwFirst(messages);
    this.#threads.forEach((thread, number) => {
      if (thread.end !== null) throw this.#ended(thread, number, call);
    });
    return infosOf(messages);
  }

  /**
   * Closes all environments, and ends the threads.
   * @throws EnvironmentError that names the first environment that failed, or that takes longer than it may.
   */
  async close(): Promise<void> {
    const { closeTimeout } = this.options;
    let late: string | null = null;
    const timer = setTimeout(() => {
      late = this.#namesOfCalled();
      this.#control.giveUp();
    }, closeTimeout);
    try {
      await this.run("close", "close");
      if (late !== null)
        throw new EnvironmentError(`${late}: close: expected it to end within ${closeTimeout} ms`);
    } finally {
      clearTimeout(timer);
      await this.terminate();
    }
  }

  /** Ends all threads, whatever they do. */
  async terminate(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    this.#control.giveUp();
  }

  /** The environments that the threads call at present. */
  #namesOfCalled(): string {
    const called = this.#threads.map((_, number) => this.#control.environmentOf(number));
    return called.flatMap((index) => (index === null ? [] : [this.#ready.names[index]])).join(", ");
  }

  #ended({ first, count, end }: Thread, number: number, call: string): EnvironmentError {
    const index = this.#control.environmentOf(number);
    const last = first + count - 1;
    const place =
      index === null
        ? `environments ${first} to ${last}: between calls`
        : `${this.#ready.names[index]}: ${call}`;
    return new EnvironmentError(`${place}: ${end?.text}`, { cause: end?.cause });
  }
}

function startThreads(options: WorkersOptions, control: Control): Thread[] {
  const { n, workers, url, exported, data } = options;
  const code = codeOf(entryUrl("rl/environment-worker"));
  return Array.from({ length: workers }, (_, number) => {
    const first = Math.floor((number * n) / workers);
    const count = Math.floor(((number + 1) * n) / workers) - first;
    const { port1: port, port2 } = new MessageChannel();
    const start: WorkerStart = {
      purpose: WHERE,
      control: control.buffer,
      port: port2,
      number,
      url,
      exported,
      data,
      first,
      count,
      n,
    };
    const worker = new Worker(code, {
      eval: true,
      name: `thalweg: environments ${first} to ${first + count - 1}`,
      workerData: start,
      transferList: [port2],
    });
    const thread: Thread = { worker, port, first, count, end: null };
    worker.unref();
    worker.on("error", (cause) => {
      thread.end = { text: textOf(cause), cause };
    });
    worker.on("exit", (code) => {
      thread.end ??= { text: `its thread ended with exit code ${code}`, cause: undefined };
      control.giveUp();
    });
    return thread;
  });
}

/** Whether this code runs in such a thread. */
export const isInItsThread = (): boolean => (workerData as Partial<WorkerStart> | null)?.purpose === WHERE;

type ReadyMessage = Extract<WorkerMessage, { kind: "ready" }>;

/** Reads what the threads have sent. */
function messagesOf(threads: readonly Thread[]): WorkerMessage[] {
  return threads.flatMap(({ port }) => {
    const messages: WorkerMessage[] = [];
    for (;;) {
      const received = receiveMessageOnPort(port);
      if (received === undefined) return messages;
      messages.push(received.message as WorkerMessage);
    }
  });
}

/** @throws EnvironmentError that names the first environment that failed. */
function throwFirst(messages: readonly WorkerMessage[]): void {
  const errors = messages.filter((message) => message.kind === "error");
  const [first] = errors.sort((a, b) => a.index - b.index);
  if (first !== undefined) throw new EnvironmentError(first.message, { cause: first.cause });
}

function infosOf(messages: readonly WorkerMessage[]): RowInfos {
  const told = noInfos();
  for (const message of messages) {
    if (message.kind !== "infos") continue;
    for (const name of ["infos", "finalInfos"] as const) {
      for (const [row, info] of message.told[name]) told[name].set(row, info);
    }
  }
  return told;
}

/**
 * Reads what the threads have made, and gives them the memory for their results.
 * @throws EnvironmentError, MemoryError
 */
function readyOf({ n, startTimeout }: WorkersOptions, threads: readonly Thread[]): Ready {
  const messages = messagesOf(threads);
  throwFirst(messages);
  const ready = messages.filter((message) => message.kind === "ready");
  const end = threads.find((thread) => thread.end !== null)?.end;
  if (ready.length < threads.length) {
    throw new EnvironmentError(
      `${WHERE}: expected each thread to make its environments within ${startTimeout} ms: ${end?.text ?? "one takes longer"}`,
      { cause: end?.cause },
    );
  }
  const names = ready.flatMap((message) => message.names);
  const observationSpace = onlySpace(ready, "observationSpace");
  const actionSpace = onlySpace(ready, "actionSpace");
  const { size } = encoderOf(WHERE, observationSpace);
  const rows = allocate(WHERE, bytesOfRows(n, size), SharedArrayBuffer);
  const actions = allocate(WHERE, 8 * n * sizeOf(actionSpace.shape), SharedArrayBuffer);
  const memory: WorkerMemory = { rows, actions };
  for (const { port } of threads) port.postMessage(memory);
  return {
    observationSpace,
    actionSpace,
    names,
    rows: rowsOf(rows, n, size),
    actions: new Float64Array(actions),
  };
}

/** The space that the environments of all threads have. */
function onlySpace(ready: readonly ReadyMessage[], name: "observationSpace" | "actionSpace"): Space {
  const [space, ...others] = ready.map((message) => fromPlain(message[name])) as [Space, ...Space[]];
  others.forEach((other, i) => {
    checkSameSpace(ready[i + 1]?.names[0] as string, name, other, space);
  });
  return space;
}
