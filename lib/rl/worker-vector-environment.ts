import { availableParallelism } from "node:os";
import { ArgumentError, EnvironmentError } from "../errors.js";
import { checkNumber, checkRequired, describe, isInstance } from "../options.js";
import { isUrl } from "../realms.js";
import { EnvironmentWorkers, isInItsThread, type WorkersOptions } from "./environment-workers.js";
import { startOf, transitionOf } from "./rows.js";
import type { Space } from "./space.js";
import {
  checkActions,
  checkCount,
  checkReset,
  ResetSeeds,
  type VectorEnvironment,
  type VectorResetOptions,
  type VectorStart,
  type VectorState,
  type VectorTransition,
} from "./vector-environment.js";

export interface WorkerVectorOptions {
  /** The number of environments. */
  readonly n: number;
  /** The number of threads, `n` at most. Default: one for each core. */
  readonly workers?: number;
  /** What the maker gets as its first argument: a copy of it, so it must be data. */
  readonly data?: unknown;
  /** The name of what the module exports. Default: `"default"`. */
  readonly exportName?: string;
  /** How long a thread may take to make its environments, in milliseconds. Default: 60,000. */
  readonly startTimeout?: number;
  /** How long the environments may take to close, in milliseconds, before their threads are ended. Default: 10,000. */
  readonly closeTimeout?: number;
}

const NAME = "WorkerVectorEnvironment";
/** Of a timer, in milliseconds. */
const TIMEOUT = { min: 1, max: 2 ** 31 - 1 };

/**
 * Environments in threads of their own (`node:worker_threads`), each thread with some of them; for games that compute
 * for long. A step wakes the threads and waits for them: quick games are faster in a `SyncVectorEnvironment`.
 * Seeds give the same bits as there, for any number of threads. The event loop goes on meanwhile.
 *
 * The module's default export makes an environment: a class, or a function, which may be async. It is called with
 * `data` and the environment's number. Actions and observations pass through shared memory. What an environment tells
 * in `info` is sent, and costs time.
 *
 * An environment that gives what it must not, or throws, ends the call with an EnvironmentError as in a
 * `SyncVectorEnvironment`, and so does a thread that ends. After such an error only `reset` goes on; it starts the
 * threads again where one has ended. Threads that wait do not keep the process alive; `close` ends them.
 * @example
 * const game = `import { CartPole } from ${JSON.stringify(import.meta.resolve("thalweg/rl"))}; export default CartPole;`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(game)}`);
 * const environments = await WorkerVectorEnvironment.start(module, { n: 4, workers: 2 });
 * (await environments.reset({ seed: 1 })).observation.length   // 16
 * (await environments.step([0, 1, 1, 0])).reward   // [1, 1, 1, 1]
 * await environments.close();
 */
export class WorkerVectorEnvironment implements VectorEnvironment {
  readonly isVector = true;
  readonly n: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  #workers: EnvironmentWorkers;
  readonly #seeds: ResetSeeds;
  #state: VectorState = "new";
  /** The call that goes on, however it ends. */
  #call: Promise<unknown> | null = null;
  readonly #closing = new AbortController();
  #closed: Promise<void> | null = null;
  #steps = 0;

  /** @internal Use `await WorkerVectorEnvironment.start(…)`. */
  constructor(workers: EnvironmentWorkers) {
    if (!isInstance(workers, EnvironmentWorkers)) {
      throw new ArgumentError(
        `${NAME}: it is made by await ${NAME}.start(module, { n }), since threads take a while to start`,
      );
    }
    this.#workers = workers;
    this.n = workers.options.n;
    this.#seeds = new ResetSeeds(this.n);
    this.observationSpace = workers.observationSpace;
    this.actionSpace = workers.actionSpace;
  }

  /**
   * Starts the threads, and makes the environments in them.
   * @param module The address of a JavaScript module: `new URL("./game.js", import.meta.url)`. A TypeScript
   *   module is loaded by `tsx` where it is installed, else by Node.js itself where it can.
   * @throws ArgumentError, OptionError; EnvironmentError unless the module makes environments with the same spaces, and
   *   in a thread that runs environments: a module that starts threads where it is loaded would start ever more.
   */
  static async start(module: URL | string, options: WorkerVectorOptions): Promise<WorkerVectorEnvironment> {
    const workers = await EnvironmentWorkers.start(checkAll(module, options), new AbortController().signal);
    return new WorkerVectorEnvironment(workers);
  }

  /** @throws EnvironmentError that names the environment. */
  async reset(options: VectorResetOptions = {}): Promise<VectorStart> {
    const where = `${NAME}.reset`;
    const given = checkReset(where, options, this.n, this.#state);
    const isRunning = this.#state === "running";
    return await this.#exclusively(where, async () => {
      const { isBroken } = this.#workers;
      if (isBroken) await this.#startAgain(where);
      this.#steps = 0;
      const seed = this.#seeds.next(given, isRunning && !isBroken);
      const told = await this.#workers.run("reset", "reset", seed);
      return startOf(this.#workers.rows, told);
    });
  }

  /**
   * @throws ArgumentError for actions that are not in `actionSpace`, before any environment steps; EnvironmentError
   *   before `reset`, and that names the environment and its step.
   */
  async step(actions: ArrayLike<unknown>): Promise<VectorTransition> {
    const where = `${NAME}.step`;
    checkActions(where, actions, this.n, this.actionSpace, this.#call !== null ? "running" : this.#state);
    return await this.#exclusively(where, async () => {
      this.#workers.writeActions(actions);
      this.#steps++;
      const told = await this.#workers.run("step", `step ${this.#steps}`);
      return transitionOf(this.#workers.rows, told);
    });
  }

  /**
   * Closes each environment that has a `close`, and ends the threads; also during a call, which then fails. Each further
   * call waits for the first, and ends alike.
   * @throws EnvironmentError that names the first environment that failed, or that takes longer than `closeTimeout`.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const call = this.#call;
    this.#state = "closed";
    if (call === null && !this.#workers.isBroken) return await this.#workers.close();
    this.#closing.abort();
    await this.#workers.terminate();
    await call;
  }

  async #startAgain(where: string): Promise<void> {
    await this.#workers.terminate();
    this.#checkOpen(where);
    this.#workers = await EnvironmentWorkers.start(this.#workers.options, this.#closing.signal);
    if (this.#state === "closed") await this.#workers.terminate();
    this.#checkOpen(where);
  }

  /** One call at a time, since all use the same memory. */
  async #exclusively<T>(where: string, run: () => Promise<T>): Promise<T> {
    if (this.#call !== null) {
      throw new EnvironmentError(`${where}: the call before has not ended; await it first`);
    }
    this.#state = "failed";
    const call = run();
    this.#call = call.catch(() => undefined);
    try {
      const result = await call;
      this.#checkOpen(where);
      this.#state = "running";
      return result;
    } catch (error) {
      this.#checkOpen(where);
      throw error;
    } finally {
      this.#call = null;
    }
  }

  /** @throws EnvironmentError if it was closed during a call. */
  #checkOpen(where: string): void {
    if (this.#state === "closed") throw new EnvironmentError(`${where}: it was closed`);
  }
}

function checkAll(module: unknown, options: WorkerVectorOptions): WorkersOptions {
  if (isInItsThread()) {
    throw new EnvironmentError(
      `${NAME}: it was started in a thread of its own: the module that makes environments must not start any; it needs a file of its own`,
    );
  }
  const url = urlOf(module);
  checkRequired(NAME, options, ["n", "workers", "data", "exportName", "startTimeout", "closeTimeout"]);
  const n = checkCount(NAME, options.n);
  const most = Math.min(n, availableParallelism());
  const exported: unknown = options.exportName ?? "default";
  if (typeof exported !== "string") {
    throw new ArgumentError(`${NAME}: expected exportName to be a name, got ${describe(exported)}`);
  }
  return {
    url,
    exported,
    n,
    data: dataOf(options.data),
    workers: checkNumber(NAME, "workers", options.workers ?? most, { min: 1, max: n, integer: true }),
    startTimeout: checkNumber(NAME, "startTimeout", options.startTimeout ?? 60_000, TIMEOUT),
    closeTimeout: checkNumber(NAME, "closeTimeout", options.closeTimeout ?? 10_000, TIMEOUT),
  };
}

function urlOf(module: unknown): string {
  const text = isUrl(module) ? module.href : module;
  if (typeof text === "string" && /^(file|data):/.test(text) && URL.canParse(text)) return new URL(text).href;
  throw new ArgumentError(
    `${NAME}: expected the address of a module, such as new URL("./game.js", import.meta.url), got ${describe(module)}`,
  );
}

/** @throws ArgumentError for what cannot be sent to another thread. */
function dataOf(data: unknown): unknown {
  try {
    structuredClone(data);
  } catch {
    throw new ArgumentError(`${NAME}: expected data that can be sent to a thread, got ${describe(data)}`);
  }
  return data;
}
