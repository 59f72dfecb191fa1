/** What the workers are told to do. */
const COMMANDS = ["reset", "step", "close"] as const;
export type Command = (typeof COMMANDS)[number];

/** A word each, of 32 bits. The words of the workers follow them. */
const COMMAND_COUNT = 0;
const COMMAND = 1;
const REMAINING = 2;
const WORKERS = 3;

/** The seed stands before the words. */
const SEED_BYTES = 8;
const NOT_IN_A_CALL = -1;

type Wait =
  | { readonly async: false; readonly value: "not-equal" | "timed-out" }
  | { readonly async: true; readonly value: Promise<"ok" | "timed-out"> };
const { waitAsync } = Atomics as typeof Atomics & {
  waitAsync(words: Int32Array, index: number, value: number): Wait;
};

/**
 * The memory through which the learner's thread tells its workers what to do, and they tell it when it is done. The
 * learner writes a command and adds 1 to the count of commands, on which the workers wait; each worker takes 1 from
 * the number of those remaining, on which the learner waits.
 */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #seed: Float64Array;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#seed = new Float64Array(buffer, 0, 1);
    this.#words = new Int32Array(buffer, SEED_BYTES);
  }

  /** For this many workers, each of which reports when it has started. */
  static for(workers: number): Control {
    const control = new Control(new SharedArrayBuffer(SEED_BYTES + 4 * (WORKERS + workers)));
    control.#words.fill(NOT_IN_A_CALL, WORKERS);
    control.#words[REMAINING] = workers;
    return control;
  }

  get #workers(): number {
    return this.#words.length - WORKERS;
  }

  /** Of the command `reset`; undefined for none. */
  get seed(): number | undefined {
    const seed = this.#seed[0] as number;
    return Number.isNaN(seed) ? undefined : seed;
  }

  // The learner's side.

  send(command: Command, seed?: number): void {
    this.#seed[0] = seed ?? Number.NaN;
    this.#words[COMMAND] = COMMANDS.indexOf(command);
    Atomics.store(this.#words, REMAINING, this.#workers);
    Atomics.add(this.#words, COMMAND_COUNT, 1);
    Atomics.notify(this.#words, COMMAND_COUNT);
  }

  /** Waits until all workers are done, while the event loop goes on. */
  async untilDone(): Promise<void> {
    for (let left = this.#remaining(); left > 0; left = this.#remaining()) {
      const wait = waitAsync(this.#words, REMAINING, left);
      if (wait.async) await wait.value;
    }
  }

  /** Ends the learner's waiting: a worker will never be done. */
  giveUp(): void {
    Atomics.store(this.#words, REMAINING, 0);
    Atomics.notify(this.#words, REMAINING);
  }

  /** The environment that a worker is calling, by its number; null between calls. */
  environmentOf(worker: number): number | null {
    const index = Atomics.load(this.#words, WORKERS + worker);
    return index === NOT_IN_A_CALL ? null : index;
  }

  // The workers' side.

  get command(): Command {
    return COMMANDS[this.#words[COMMAND] as number] as Command;
  }

  /**
   * Waits for a command after the first `count`. A notice may come late, when its command is done already: only the
   * count tells whether there is a new one.
   * @returns whether there is one within this many milliseconds.
   */
  waitForCommand(count: number, milliseconds: number): boolean {
    Atomics.wait(this.#words, COMMAND_COUNT, count, milliseconds);
    return this.#hasMoreThan(count);
  }

  /** As `waitForCommand`, as long as it takes, while the event loop goes on. */
  async untilCommand(count: number): Promise<void> {
    while (!this.#hasMoreThan(count)) {
      const wait = waitAsync(this.#words, COMMAND_COUNT, count);
      if (wait.async) await wait.value;
    }
  }

  /** Notes which environment the worker calls. */
  enter(worker: number, index: number): void {
    Atomics.store(this.#words, WORKERS + worker, index);
  }

  leave(worker: number): void {
    Atomics.store(this.#words, WORKERS + worker, NOT_IN_A_CALL);
  }

  done(): void {
    if (Atomics.sub(this.#words, REMAINING, 1) === 1) Atomics.notify(this.#words, REMAINING);
  }

  /** The count is a word of 32 bits. */
  #hasMoreThan(count: number): boolean {
    return Atomics.load(this.#words, COMMAND_COUNT) !== (count | 0);
  }

  #remaining(): number {
    return Atomics.load(this.#words, REMAINING);
  }
}
