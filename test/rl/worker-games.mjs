// Environments that the tests of WorkerVectorEnvironment make in threads.
import { appendFileSync, existsSync } from "node:fs";
import process from "node:process";

const rl = await import(new URL("./rl/index.js", `file://${process.env["THALWEG_TEST_LIBRARY"]}`));

const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/**
 * Walks by what it is told and by chance; the episode ends at 30.
 * `trouble`: { index, step, what }, what comes in that environment at that step.
 */
export class Walk {
  observationSpace = new rl.Box(-1000, 1000, { shape: [2] });
  actionSpace = new rl.MultiDiscrete([3, 5]);
  #trouble;
  #inner = new rl.MountainCarContinuous({ maxEpisodeSteps: 30 });
  #steps = 0;

  constructor(trouble, index) {
    this.#trouble = trouble?.index === index ? trouble : undefined;
  }

  reset(options) {
    return { ...this.#inner.reset(options), info: { steps: this.#steps } };
  }

  step([a, b]) {
    const result = this.#inner.step([(a - b) / 8]);
    if (++this.#steps === this.#trouble?.step) return { ...result, ...this.#do(this.#trouble.what) };
    return result.truncated ? { ...result, info: { score: this.#steps } } : result;
  }

  #do(what) {
    switch (what) {
      case "throw":
        throw new RangeError("off the board");
      case "nan":
        return { observation: [Number.NaN, 0] };
      case "exit":
        return process.exit(3);
      case "later":
        setTimeout(() => {
          throw new RangeError("in a timer");
        }, 1);
        return {};
      case "hang":
        for (;;);
      case "function in info":
        return { info: { draw: () => "" } };
    }
  }
}

/** An environment of each kind of space. */
export async function ofKind(kind) {
  await Promise.resolve();
  const spaces = {
    discrete: new rl.Discrete(4, { start: -1 }),
    binary: new rl.MultiBinary([2, 2]),
    scalar: new rl.Box(-1, 1, { shape: [] }),
  };
  const space = spaces[kind];
  let last = kind === "discrete" ? 0 : kind === "binary" ? [0, 0, 0, 0] : [0];
  const told = () => ({ observation: last, info: {} });
  return {
    observationSpace: space,
    actionSpace: space,
    reset: told,
    step(action) {
      last = action;
      return { ...told(), reward: 1, terminated: false, truncated: false };
    },
  };
}

/** Not the same for all. */
export const different = (_, index) => (index < 2 ? new rl.CartPole() : new rl.MountainCar());

export const ending = () => process.exit(5);

export const notAFunction = 3;

export class Closing extends rl.CartPole {
  close() {
    throw new RangeError("cannot be closed");
  }
}

/** `data`: a file, to whose end each writes its number when it is closed, the last one later than the others. */
export class ClosingLate extends rl.CartPole {
  #file;
  #index;

  constructor(file, index) {
    super();
    this.#file = file;
    this.#index = index;
  }

  close() {
    if (this.#index === 2) pause(300);
    appendFileSync(this.#file, `${this.#index}`);
  }
}

export class ClosingNever extends rl.CartPole {
  close() {
    for (;;);
  }
}

/** Its step ends the thread. It is never made while there is a file `data`. */
export class StartingNever extends rl.CartPole {
  constructor(file) {
    super();
    while (existsSync(file));
  }

  step() {
    return process.exit(3);
  }
}

// biome-ignore lint/style/noDefaultExport: the threads make what a module exports by default.
export default Walk;
