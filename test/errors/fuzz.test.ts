import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { types } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as thalweg from "../../lib/index.js";
import { subpaths } from "../entry-points.js";
import { Dice, Hostile, UserError } from "./hostile.js";
import { seedsOf } from "./seeds.js";

// Other calls, or more of them, for a night: THALWEG_FUZZ_SEED=7 THALWEG_FUZZ_CALLS=50000.
const SEED = process.env["THALWEG_FUZZ_SEED"] ?? "";
const CALLS = Number(process.env["THALWEG_FUZZ_CALLS"] ?? 250);

type Callable = (...args: unknown[]) => unknown;

const isClass = (value: Callable): boolean => /^class\b/.test(Function.prototype.toString.call(value));

/** Every function and class that the package exports, by its name. */
function exported(from: object, prefix = ""): [name: string, value: Callable][] {
  return Object.entries(from).flatMap(([name, value]): [string, Callable][] => {
    if (typeof value === "function") {
      // Functions may hang on a function: draw.loss.
      const own = isClass(value as Callable) ? [] : exported(value, `${prefix}${name}.`);
      return [[prefix + name, value as Callable], ...own];
    }
    return typeof value === "object" && value !== null ? exported(value, `${prefix}${name}.`) : [];
  });
}

// Tensors are made by functions; the bases are for subclasses, whose constructors give them what they need.
const SKIPPED = new Set([
  "Tensor",
  "optim.Optimizer",
  "optim.LRScheduler",
  "optim.ParameterGroup",
  "gradient-free.Strategy",
  "distributions.Distribution",
  "rl.Simulation",
  "rl.Wrapper",
  "cost.crossEntropy.checkTargets", // fit calls it, with what it has checked
  ...Object.keys(thalweg).filter((name) => /Error$/.test(name)),
]);
// What TypeScript calls protected: only the library calls it.
const PROTECTED = new Set([
  "constructor",
  "update",
  "stateOf",
  "initialState",
  "updateGroup",
  "rate",
  "apply",
  "changing",
  "reserve",
  "generate",
  "redraw",
  "save",
  "prepare",
  "readSampling",
  "draw",
  "logDensity",
  "cumulative",
  "quantile",
  "expanded",
  "densityAnywhere",
  "standardized",
  "located",
  "begin",
  "advance",
  "observe",
  "innerReset",
  "innerStep",
]);

const FUNCTIONS = exported({ ...thalweg, ...subpaths }).filter(([name]) => !SKIPPED.has(name));

/** What can be called of a result of the library: itself and what hangs on it, or its methods. */
function callables(value: unknown): [name: string, call: Callable][] {
  if (types.isProxy(value)) return [];
  if (typeof value === "function") {
    const own = Object.entries(value).filter(([, part]) => typeof part === "function");
    return [["()", value as Callable], ...own.map(([name, part]): [string, Callable] => [`.${name}`, part])];
  }
  const ours = [thalweg.Tensor, thalweg.nn.Module, thalweg.optim.Optimizer, thalweg.optim.LRScheduler];
  const others = [thalweg.Generator, thalweg.optim.WeightAverage, thalweg.Predictor];
  const { Bytes, RowsFile, Table, Schema, StreamDataset } = thalweg.data;
  const rooms = [
    subpaths["gradient-free"].Strategy,
    subpaths.games.Game,
    subpaths.distributions.Distribution,
    subpaths.tensorboard.TensorBoard,
    subpaths.rl.Simulation,
    subpaths.rl.TensorEnvironment,
    subpaths.rl.ReplayBuffer,
    subpaths.rl.Box,
    subpaths.rl.Discrete,
    subpaths.rl.MultiDiscrete,
    subpaths.rl.MultiBinary,
    subpaths.rl.SyncVectorEnvironment,
    subpaths.rl.Wrapper,
  ];
  const kinds = [...ours, ...others, Bytes, RowsFile, Table, Schema, StreamDataset, ...rooms];
  if (!kinds.some((kind) => value instanceof kind)) return [];
  const found = new Map<string, Callable>();
  for (
    let from = Object.getPrototypeOf(value);
    from !== Object.prototype;
    from = Object.getPrototypeOf(from)
  ) {
    for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (PROTECTED.has(name) || found.has(name) || typeof method !== "function") continue;
      found.set(name, (...args) => method.apply(value, args));
    }
  }
  return Array.from(found, ([name, call]) => [`.${name}`, call]);
}

/** Calls of one export, each with arguments by chance or with some that went well, of which one is changed. */
class Fuzz {
  readonly findings = new Map<string, number>();
  readonly #dice: Dice;
  readonly #went = new Map<string, unknown[][]>();
  #hostile: Hostile;
  #calls = 0;

  constructor(seed: string) {
    this.#dice = new Dice(seed);
    this.#hostile = new Hostile(this.#dice);
  }

  get calls(): number {
    return this.#calls;
  }

  seed(name: string, args: unknown[]): void {
    this.#went.set(name, [args]);
  }

  /** @returns the result in a box: a promise of it alone would ask it for its `then`. */
  async call(name: string, most: number, run: Callable): Promise<{ readonly result: unknown }> {
    if (++this.#calls % 500 === 0) this.#hostile = new Hostile(this.#dice);
    const args = this.#arguments(name, most);
    try {
      const result = run(...args);
      const settled = types.isPromise(result) ? await result : result;
      this.#keep(name, args);
      return { result: settled };
    } catch (error) {
      this.#note(name, error);
      return { result: undefined };
    }
  }

  pick<T>(list: readonly T[]): T {
    return this.#dice.of(list);
  }

  #arguments(name: string, most: number): unknown[] {
    const known = this.#went.get(name);
    if (known === undefined || this.#dice.below(2) === 0) return this.#hostile.list(most);
    const args = [...this.#dice.of(known)];
    const at = this.#dice.below(args.length + 1);
    args[at] = this.#changed(args[at]);
    return args;
  }

  /** Another value; of an object of options often one option alone. */
  #changed(given: unknown): unknown {
    const other = this.#hostile.value();
    if (types.isProxy(given) || typeof given !== "object" || given === null) return other;
    const fields = Object.getOwnPropertyDescriptors(given);
    const keys = Object.keys(fields);
    const isPlain = Object.getPrototypeOf(given) === Object.prototype && keys.length > 0;
    if (!isPlain || this.#dice.below(2) === 0) return other;
    const changed = { value: other, enumerable: true, configurable: true, writable: true };
    return Object.defineProperties({}, { ...fields, [this.#dice.of(keys)]: changed });
  }

  #keep(name: string, args: unknown[]): void {
    const known = this.#went.get(name) ?? [];
    if (known.length < 16) known.push(args);
    else known[this.#dice.below(16)] = args;
    this.#went.set(name, known);
  }

  /** Notes an error that is neither the library's nor the caller's own. */
  #note(name: string, error: unknown): void {
    if (error instanceof thalweg.ThalwegError || error instanceof UserError) return;
    const { name: kind, message, stack } = error as Error;
    const line = /lib\/\S+:\d+/.exec(stack ?? "")?.[0] ?? stack ?? "";
    const finding = `${name}: ${kind}: ${String(message).slice(0, 120)} (${line})`;
    this.findings.set(finding, (this.findings.get(finding) ?? 0) + 1);
  }
}

// Some calls write files, with any text for a path, and wait until they are on the device: memory does not make them wait.
const before = process.cwd();
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "thalweg-fuzz-"));
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

describe("hostile calls give the library's own errors", () => {
  test.each(FUNCTIONS)("%s", async (name, value) => {
    const fuzz = new Fuzz(name + SEED);
    for (const [key, args] of Object.entries(seedsOf(name))) fuzz.seed(key, args);
    const make: Callable = isClass(value)
      ? (...args) => new (value as unknown as new (...args: unknown[]) => unknown)(...args)
      : value;
    while (fuzz.calls < CALLS) {
      const parts = callables((await fuzz.call(name, 5, make)).result);
      for (let i = 0; i < 3 && parts.length > 0; i++) {
        const [part, call] = fuzz.pick(parts);
        await fuzz.call(name + part, 3, call);
      }
    }
    expect([...fuzz.findings.keys()]).toEqual([]);
  });
});
