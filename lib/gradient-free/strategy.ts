import { ArgumentError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { Draws } from "./draws.js";
import {
  type Limits,
  readLimits,
  STOP_REASONS,
  STRATEGY_OPTIONS,
  type StopReason,
  type StrategyOptions,
} from "./limits.js";
import { readPoint } from "./read.js";
import { StateReader, type StrategyState } from "./state.js";

/** The best point so far and its value. */
export interface Best {
  readonly x: Float64Array;
  readonly value: number;
}

/** What a method says to the base class when it is made. */
export interface Setup {
  /** The method's name, for errors and states. */
  readonly method: string;
  readonly x0: unknown;
  readonly options: StrategyOptions;
  /** The names of the method's own options. */
  readonly known: readonly string[];
  /** Given the dimension. Default: no limit. */
  readonly maxEvaluations?: (dimension: number) => number;
}

/** After this many points of a generation in a row without a finite value it ends: "notFinite". */
const MAX_REDRAWS = 1000;

/**
 * A method of order zero as an object: it asks for the values of points and is told them.
 *
 *     while (strategy.reason === null) {
 *       const points = strategy.ask();                            // [count, dimension], row-major
 *       strategy.tell(valuesOf(points));                          // [count]
 *     }
 *
 * A generation is what the method needs to hear before it goes on. `ask` gives the points of the generation whose
 * values are missing. A value that is NaN or infinite means "draw again": the next `ask` gives another point for it.
 *
 * A method of its own extends this class. It has `generate`, which writes the next points into `points`, `redraw` and
 * `update`, which reads `values`; `save` and `prepare` keep its state.
 */
export abstract class Strategy {
  readonly method: string;
  readonly dimension: number;
  /** Where it starts. */
  protected readonly x0: Float64Array;
  protected readonly draws: Draws;
  /** The points of this generation, [count, dimension]; grown by `reserve`. */
  protected points: Float64Array = new Float64Array(0);
  /** Their values, [count]. A point whose value is not finite and that cannot be drawn again has +∞. */
  protected values: Float64Array = new Float64Array(0);
  readonly #limits: Limits;
  #count = 0;
  /** The rows whose value is missing: the first `#missing` of them. */
  #open = new Int32Array(0);
  #missing = 0;
  /** How many rows the last `ask` gave. */
  #asked = 0;
  #redraws = 0;
  #evaluations = 0;
  #generations = 0;
  #bestX: Float64Array;
  #bestValue = Number.POSITIVE_INFINITY;
  #isBestShared = false;
  #told = new Float64Array(0);
  /** The method's own reason; that of a limit follows from the counts. */
  #reason: StopReason | null = null;

  constructor({ method, x0, options, known, maxEvaluations }: Setup) {
    this.method = method;
    checkOptions(method, options, [...STRATEGY_OPTIONS, ...known]);
    this.x0 = readPoint(method, "x0", x0);
    this.dimension = this.x0.length;
    this.#bestX = new Float64Array(this.dimension);
    this.#limits = readLimits(
      method,
      options,
      maxEvaluations === undefined ? {} : { maxEvaluations: maxEvaluations(this.dimension) },
    );
    this.draws = new Draws(checkNumber(method, "seed", options.seed ?? 0, { min: 0, integer: true }));
  }

  /** How many values it was told. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** How many generations are complete. */
  get generations(): number {
    return this.#generations;
  }

  /** The option, or the method's default. */
  get maxEvaluations(): number {
    return this.#limits.maxEvaluations;
  }

  /** Why it has ended; null while it goes on. */
  get reason(): StopReason | null {
    if (this.#bestValue <= this.#limits.target) return "target";
    if (this.#reason !== null) return this.#reason;
    if (this.#evaluations >= this.#limits.maxEvaluations) return "maxEvaluations";
    return this.#generations >= this.#limits.maxGenerations ? "maxGenerations" : null;
  }

  /** The least value so far; NaN before the first finite value. */
  get bestValue(): number {
    return this.#bestValue === Number.POSITIVE_INFINITY ? Number.NaN : this.#bestValue;
  }

  /** The best point so far; null before the first finite value. The array is never written again. */
  get best(): Best | null {
    if (this.#bestValue === Number.POSITIVE_INFINITY) return null;
    this.#isBestShared = true;
    return { x: this.#bestX, value: this.#bestValue };
  }

  /**
   * The points whose values are missing, [count, dimension] row-major, in an array that is the caller's own. Asked
   * again before `tell`, it gives the same points.
   * @throws ArgumentError after the end.
   */
  ask(): Float64Array {
    const { reason } = this;
    if (reason !== null) {
      throw new ArgumentError(`${this.method}: expected ask before the end, which came by ${reason}`);
    }
    const d = this.dimension;
    if (this.#missing === 0) this.#begin(this.generate());
    const rows = Math.min(this.#missing, this.#limits.maxEvaluations - this.#evaluations);
    this.#asked = rows;
    if (this.#missing === this.#count) return this.points.slice(0, rows * d);
    const out = new Float64Array(rows * d);
    for (let i = 0; i < rows; i++) {
      const row = this.#open[i] as number;
      out.set(this.points.subarray(row * d, (row + 1) * d), i * d);
    }
    return out;
  }

  /**
   * The values of the points that `ask` gave, in their order. Fewer values are those of the first points; the next
   * `ask` gives the others again.
   * @throws ArgumentError unless there is a number for each, and before `ask`.
   */
  tell(values: ArrayLike<number>): void {
    const told = this.#read(values);
    const open = this.#open;
    const missing = this.#missing;
    this.#asked = 0;
    let left = 0;
    for (let i = 0; i < missing; i++) {
      const row = open[i] as number;
      if (i >= told || !this.#settle(row, this.#told[i] as number)) open[left++] = row;
    }
    this.#missing = left;
    this.#evaluations += told;
    if (left === 0) {
      this.#reason = this.update(this.#count);
      if (this.isWhole) this.#generations++;
    } else if (this.#redraws > MAX_REDRAWS) {
      this.#reason = "notFinite";
    }
  }

  /**
   * The state, from which another strategy of the same method, dimension and options goes on with the same bits, also
   * between `ask` and `tell`.
   */
  stateDict(): StrategyState {
    const d = this.dimension;
    const { best } = this;
    return {
      method: this.method,
      dimension: d,
      evaluations: this.#evaluations,
      generations: this.#generations,
      reason: this.#reason,
      best: best === null ? null : { x: best.x.slice(), value: best.value },
      pending:
        this.#missing === 0
          ? null
          : {
              points: this.points.slice(0, this.#count * d),
              // JSON has no infinities.
              values: this.values.slice(0, this.#count).map((value) => (value < Infinity ? value : 0)),
              failed: this.values.slice(0, this.#count).map((value) => (value < Infinity ? 0 : 1)),
              open: Float64Array.from(this.#open.subarray(0, this.#missing)),
              redraws: this.#redraws,
            },
      draws: this.draws.stateDict(),
      own: this.save(),
    };
  }

  /**
   * Goes on from a state.
   * @throws ArgumentError if it is none, or of another method, dimension or number of points; nothing has changed then.
   */
  loadStateDict(state: StrategyState): void {
    const where = `${this.method}: loadStateDict`;
    const reader = new StateReader(where, state);
    const method = reader.string("method");
    if (method !== this.method) {
      throw new ArgumentError(`${where}: expected a state of ${this.method}, got one of ${describe(method)}`);
    }
    const d = this.dimension;
    if (reader.number("dimension") !== d) {
      throw new ArgumentError(
        `${where}: expected a state of ${d} dimensions, got ${reader.number("dimension")}`,
      );
    }
    const evaluations = reader.number("evaluations", { min: 0, integer: true });
    const generations = reader.number("generations", { min: 0, integer: true });
    const reason = reader.isNull("reason") ? null : reader.choice("reason", STOP_REASONS);
    const best = reader.isNull("best") ? null : reader.inner("best");
    const bestX = best?.numbers("x", d) ?? this.#bestX.slice();
    const bestValue = best?.number("value") ?? Number.POSITIVE_INFINITY;
    const pending = reader.isNull("pending") ? null : readPending(reader.inner("pending"), d);
    const restoreDraws = this.draws.prepare(reader.inner("draws"));
    const restoreOwn = this.prepare(reader.inner("own"));
    restoreDraws();
    restoreOwn();
    this.#evaluations = evaluations;
    this.#generations = generations;
    this.#reason = reason;
    this.#bestX = bestX;
    this.#bestValue = bestValue;
    this.#isBestShared = false;
    this.#asked = 0;
    this.#missing = 0;
    this.#redraws = 0;
    if (pending === null) return;
    this.reserve(pending.values.length);
    this.#begin(pending.values.length);
    this.points.set(pending.points);
    this.values.set(pending.values);
    this.#open.set(pending.open);
    this.#missing = pending.open.length;
    this.#redraws = pending.redraws;
  }

  /** Whether values of the generation are missing: between `ask` and the last `tell`. */
  protected get isOpen(): boolean {
    return this.#missing > 0;
  }

  /** Whether the points so far make whole generations; asked after `update`. */
  protected get isWhole(): boolean {
    return true;
  }

  /** Makes room for this many points. */
  protected reserve(count: number): void {
    if (this.values.length >= count) return;
    this.points = new Float64Array(count * this.dimension);
    this.values = new Float64Array(count);
  }

  /** Writes the points of the next generation into `points`. @returns how many they are, at least one. */
  protected abstract generate(): number;

  /**
   * Writes another point into that row of `points`, for one whose value was not finite. @returns false if there is no
   * other; the row's value is +∞ then.
   */
  protected abstract redraw(row: number): boolean;

  /** Learns from `points` and `values`, the first `count` rows. @returns why it has ended, or null. */
  protected abstract update(count: number): StopReason | null;

  /** The method's own state, between two calls of `update`. */
  protected abstract save(): StrategyState;

  /**
   * Reads the method's own state and changes nothing. @returns what puts it in place.
   * @throws ArgumentError
   */
  protected abstract prepare(state: StateReader): () => void;

  #begin(count: number): void {
    this.#count = count;
    if (this.#open.length < count) this.#open = new Int32Array(count);
    for (let i = 0; i < count; i++) this.#open[i] = i;
    this.values.fill(0, 0, count);
    this.#missing = count;
  }

  /** Copies the values, so that nothing changes if one of them is bad. @returns how many they are. */
  #read(values: ArrayLike<number>): number {
    if (this.#asked === 0) throw new ArgumentError(`${this.method}: expected ask before tell`);
    const count: unknown = (values as ArrayLike<number> | null | undefined)?.length;
    if (typeof values !== "object" || typeof count !== "number" || !(count >= 1 && count <= this.#asked)) {
      const got = typeof count === "number" ? `${count} values` : describe(values);
      throw new ArgumentError(`${this.method}: expected tell to get ${this.#asked} values, got ${got}`);
    }
    if (this.#told.length < count) this.#told = new Float64Array(this.values.length);
    for (let i = 0; i < count; i++) {
      const value: unknown = values[i];
      if (typeof value !== "number") {
        throw new ArgumentError(
          `${this.method}: expected tell to get numbers, got ${describe(value)} at ${i}`,
        );
      }
      this.#told[i] = value;
    }
    return count;
  }

  /** Takes the value of a row. @returns whether the row has its value then. */
  #settle(row: number, value: number): boolean {
    if (!Number.isFinite(value)) {
      this.#redraws++;
      if (this.redraw(row)) return false;
      this.values[row] = Number.POSITIVE_INFINITY;
      return true;
    }
    this.#redraws = 0;
    this.values[row] = value;
    if (value < this.#bestValue) this.#keep(row, value);
    return true;
  }

  #keep(row: number, value: number): void {
    const d = this.dimension;
    if (this.#isBestShared) this.#bestX = new Float64Array(d);
    this.#isBestShared = false;
    const best = this.#bestX;
    for (let i = 0, from = row * d; i < d; i++) best[i] = this.points[from + i] as number;
    this.#bestValue = value;
  }
}

function readPending(state: StateReader, d: number) {
  const failed = state.numbers("failed");
  const count = failed.length;
  const values = state.numbers("values", count);
  const open = state.numbers("open");
  open.forEach((row, i) => {
    const fits = Number.isInteger(row) && row < count && row > (open[i - 1] ?? -1);
    if (!fits)
      throw new ArgumentError(`loadStateDict: expected open of the state to be rows in order, got ${row}`);
  });
  if (open.length === 0) throw new ArgumentError("loadStateDict: expected open of the state to have a row");
  return {
    points: state.numbers("points", count * d),
    values: values.map((value, i) => (failed[i] === 0 ? value : Number.POSITIVE_INFINITY)),
    open,
    redraws: state.number("redraws", { min: 0, integer: true }),
  };
}
