// The state of a strategy as plain data, and how it is read back.
import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { type Bounds, checkChoice, checkFlag, checkNumber, describe, isPlainObject } from "../options.js";

/** What a state holds. Typed arrays are kept by `structuredClone`; JSON writes them as objects, which are read, too. */
export type StateValue = number | string | boolean | null | Float64Array | StrategyState;

/** The state of a strategy: plain data, for `structuredClone`, `v8.serialize` or `JSON.stringify`. */
export interface StrategyState {
  readonly [name: string]: StateValue;
}

/** Reads the entries of a state that may come from outside. Each error names the entry. */
export class StateReader {
  readonly #where: string;
  readonly #state: Readonly<Record<string, unknown>>;

  /** @throws ArgumentError unless it is an object. */
  constructor(where: string, state: unknown) {
    if (!isPlainObject(state)) {
      throw new ArgumentError(`${where}: expected a state, got ${describe(state)}`);
    }
    this.#where = where;
    this.#state = state;
  }

  /** Whether it has no entries. */
  get isEmpty(): boolean {
    return Object.keys(this.#state).length === 0;
  }

  /** A number that is finite and within the bounds. */
  number(name: string, bounds: Bounds = {}): number {
    return checkNumber(this.#where, `${name} of the state`, this.#state[name], bounds);
  }

  flag(name: string): boolean {
    return checkFlag(this.#where, `${name} of the state`, this.#state[name]);
  }

  string(name: string): string {
    const value = this.#state[name];
    if (typeof value === "string") return value;
    throw new ArgumentError(
      `${this.#where}: expected ${name} of the state to be a string, got ${describe(value)}`,
    );
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    return checkChoice(this.#where, `${name} of the state`, this.#state[name], choices);
  }

  /** This many finite numbers, in a new array; of any number if no length is given. */
  numbers(name: string, length?: number): Float64Array {
    const what = `${name} of the state`;
    const list = listOf(this.#state[name]);
    if (list === null || (length !== undefined && list.length !== length)) {
      const expected = length === undefined ? "a list of numbers" : `${length} numbers`;
      const got = list === null ? describe(this.#state[name]) : list.length;
      throw new ArgumentError(`${this.#where}: expected ${what} to be ${expected}, got ${got}`);
    }
    return Float64Array.from(list, (value) => checkNumber(this.#where, `an element of ${what}`, value));
  }

  /** The numbers 0, …, length − 1 in some order. */
  permutation(name: string, length: number): Float64Array {
    const numbers = this.numbers(name, length);
    if (
      new Set(numbers).size === length &&
      numbers.every((n) => Number.isInteger(n) && n >= 0 && n < length)
    ) {
      return numbers;
    }
    throw new ArgumentError(
      `${this.#where}: expected ${name} of the state to be the numbers 0 to ${length - 1} in some order`,
    );
  }

  /** A state within the state. */
  inner(name: string): StateReader {
    return new StateReader(`${this.#where}: ${name}`, this.#state[name]);
  }

  /** A state within the state, as it is. */
  object(name: string): StrategyState {
    const value = this.#state[name];
    if (isPlainObject(value)) return value as StrategyState;
    throw new ArgumentError(`${this.#where}: expected ${name} to be a state, got ${describe(value)}`);
  }

  /** Whether the state says null there. */
  isNull(name: string): boolean {
    return this.#state[name] === null;
  }
}

/** The elements of a Float64Array, an array, or what JSON makes of a Float64Array; null of anything else. */
function listOf(value: unknown): ArrayLike<unknown> | null {
  if (types.isFloat64Array(value) || Array.isArray(value)) return value;
  if (!isPlainObject(value)) return null;
  const entries = Object.entries(value);
  return entries.every(([key], i) => key === String(i)) ? entries.map(([, element]) => element) : null;
}
