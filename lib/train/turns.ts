import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

/** Lets the event loop run now and then during long work. */
export class Turns {
  readonly #milliseconds: number;
  #last = performance.now();

  constructor(milliseconds = 10) {
    this.#milliseconds = milliseconds;
  }

  /** Gives way to the event loop if the last time is long enough ago. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.#last < this.#milliseconds) return;
    await setImmediate();
    this.#last = performance.now();
  }
}
