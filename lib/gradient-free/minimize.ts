import { checkChoice, checkFlag, checkFunction, checkOptions, checkSignal } from "../options.js";
import { isPromise } from "../realms.js";
import { atOnce, type BatchedObjective, type Objective, oneByOne, Pause } from "./evaluate.js";
import { STRATEGY_OPTIONS, type StopReason } from "./limits.js";
import { type Point, readPoint } from "./read.js";
import { type Method, type MethodDescription, type Methods, registeredMethods } from "./registry.js";
import type { StrategyState } from "./state.js";
import type { Best, Strategy } from "./strategy.js";

/** One generation. */
export interface Generation {
  /** Counted from 1. */
  readonly generation: number;
  /** How many values there were until its end. */
  readonly evaluations: number;
  /** The least value so far; NaN if none was finite yet. */
  readonly best: number;
}

/** The argument of `onGeneration`. */
export interface GenerationReport extends Generation {
  /** The best point so far; a zero-length array if no value was finite yet. */
  readonly x: Float64Array;
  /** The method at work: its `stateDict()` can be kept, and given as the option `state` to another call. */
  readonly strategy: Strategy;
}

export interface MinimizeResult {
  /** The best point; x0 if no value was finite. */
  readonly x: Float64Array;
  /** Its value; NaN if no value was finite. */
  readonly value: number;
  readonly evaluations: number;
  readonly generations: number;
  readonly reason: StopReason;
  /** Each generation of this call. */
  readonly history: readonly Generation[];
}

interface CallOptions {
  /** Whether `f` gets all points of a generation at once. Default: false. */
  readonly batched?: boolean;
  /** A state to go on from, of a strategy of the same method, dimension and options. */
  readonly state?: StrategyState;
  /** Ends the call; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each generation. If it returns a promise, `minimize` waits for it. */
  readonly onGeneration?: (report: GenerationReport) => void | Promise<void>;
}

const CALL_OPTIONS = ["method", "batched", "state", "signal", "onGeneration"] as const;

/** The default method. */
const DEFAULT = "cma-es";

type Chosen<M extends Method> = M extends typeof DEFAULT
  ? { /** Default: "cma-es". */ readonly method?: M }
  : { readonly method: M };

/** The method's name, the method's options, and those of the call. */
export type MinimizeOptions = { [M in Method]: Chosen<M> & Methods[M] & CallOptions }[Method];

/**
 * Minimises a function by its values alone.
 *
 * A value that is NaN or infinite means "draw again": the method tries another point. Each call of `f` counts as an
 * evaluation. If `f` returns a promise, `minimize` waits for it before the next call; for calls at the same time use
 * `batched`. The event loop has its turn about every 20 ms, between two calls of `f`.
 *
 * If `f` or `onGeneration` throws, the promise is rejected with that very error. It gets the property `best`,
 * { x, value }, with the best so far, if it is an object that can be extended and has no `best` of its own.
 *
 * The options of the methods are those of their classes: `RandomSearch`, …
 *
 * @param f A function of a point, or with `batched` of a generation of points.
 * @param x0 Where to start.
 * @returns the best point, its value, and why the method ended.
 * @throws ArgumentError, OptionError before `f` is called; ArgumentError if `f` gives something else than numbers.
 * @example
 * const sphere = (x) => x.reduce((sum, xi) => sum + xi * xi, 0);
 * const { x, value } = await minimize(sphere, [3, 4], { method: "random-search", sigma: 0.3, seed: 1 });
 * value < 1e-2   // true
 */
export function minimize(
  f: Objective,
  x0: Point,
  options?: MinimizeOptions & { readonly batched?: false },
): Promise<MinimizeResult>;
export function minimize(
  f: BatchedObjective,
  x0: Point,
  options: MinimizeOptions & { readonly batched: true },
): Promise<MinimizeResult>;
export async function minimize(
  f: Objective | BatchedObjective,
  x0: Point,
  options: MinimizeOptions = {} as MinimizeOptions,
): Promise<MinimizeResult> {
  const { strategy, batched, signal, onGeneration } = readCall(f, x0, options);
  const { dimension } = strategy;
  const pause = new Pause(signal);
  const evaluate = batched
    ? atOnce(f as BatchedObjective, dimension)
    : oneByOne(f as Objective, dimension, pause);
  const history: Generation[] = [];
  signal?.throwIfAborted();
  try {
    while (strategy.reason === null) {
      const { generations } = strategy;
      const values = evaluate(strategy.ask());
      strategy.tell(isPromise(values) ? await values : values);
      if (strategy.generations > generations) {
        const report = reportOf(strategy);
        history.push(report);
        if (onGeneration !== undefined) {
          const x = strategy.best?.x ?? new Float64Array(0);
          await onGeneration({ ...report, x, strategy });
        }
      }
      if (pause.isDue()) await pause.take();
    }
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) noteBest(error, strategy.best);
    throw error;
  }
  return {
    x: strategy.best?.x ?? readPoint("minimize", "x0", x0),
    value: strategy.bestValue,
    evaluations: strategy.evaluations,
    generations: strategy.generations,
    reason: strategy.reason,
    history,
  };
}

const reportOf = (strategy: Strategy): Generation => ({
  generation: strategy.generations,
  evaluations: strategy.evaluations,
  best: strategy.bestValue,
});

/** Checks the arguments and makes the strategy. */
function readCall(f: unknown, x0: Point, options: MinimizeOptions) {
  const where = "minimize";
  checkFunction(where, "f", f);
  const named: unknown = (options as MinimizeOptions | null)?.method ?? DEFAULT;
  const name = checkChoice<string>(where, "method", named, [...registeredMethods.keys()]);
  const description = registeredMethods.get(name) as MethodDescription;
  checkOptions(where, options, [...CALL_OPTIONS, ...STRATEGY_OPTIONS, ...description.options]);
  const { method: _, batched, state, signal, onGeneration, ...own } = options;
  checkFlag(where, "batched", batched ?? false);
  if (signal !== undefined) checkSignal(where, signal);
  if (onGeneration !== undefined) checkFunction(where, "onGeneration", onGeneration);
  const usual = batched === true ? {} : description.oneByOne;
  const strategy = description.make(x0, { ...usual, ...own });
  if (state !== undefined) strategy.loadStateDict(state);
  return { strategy, batched: batched ?? false, signal, onGeneration };
}

/** The errors that got their `best` here: one that is thrown again gets that of the new call. */
const noted = new WeakSet<object>();

/** Writes the best so far on an error, unless it is no object, cannot be extended or has a `best` of its own. */
function noteBest(error: unknown, best: Best | null): void {
  if (typeof error !== "object" || error === null || best === null) return;
  try {
    if (Object.hasOwn(error, "best") && !noted.has(error)) return;
    const isDone = Reflect.defineProperty(error, "best", {
      value: best,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    if (isDone) noted.add(error);
  } catch {
    // A proxy that refuses: it is thrown as it is.
  }
}
