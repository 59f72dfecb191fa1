import { types } from "node:util";
import { distance } from "fastest-levenshtein";
import { ArgumentError, OptionError } from "./errors.js";

// Names of other libraries, and the option that is meant.
const FAMILIAR: Readonly<Record<string, string>> = {
  learningRate: "lr",
  learning_rate: "lr",
  alpha: "lr",
  beta1: "betas",
  beta2: "betas",
  epsilon: "eps",
  axis: "dim",
  axes: "dim",
  keepDims: "keepdim",
  keepDim: "keepdim",
  l2: "weightDecay",
  decay: "weightDecay",
  loss: "cost",
  dataset: "data",
  nEpochs: "epochs",
};

/**
 * Refuses options that do not exist, so that a misspelt option is not silently ignored.
 * @throws OptionError naming the option that was probably meant.
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options !== undefined) checkRequired(where, options, known);
}

/** As `checkOptions`, for options that must not be undefined. */
export function checkRequired(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined || options === null || typeof options !== "object" || Array.isArray(options)) {
    throw new ArgumentError(`${where}: expected an object of options, got ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = suggest(key, known);
    const hint =
      meant === undefined ? `known options: ${known.join(", ") || "none"}` : `did you mean "${meant}"?`;
    throw new OptionError(`${where}: unknown option "${key}"; ${hint}`);
  }
}

function suggest(key: string, known: readonly string[]): string | undefined {
  const familiar = FAMILIAR[key];
  if (familiar !== undefined && known.includes(familiar)) return familiar;
  const plain = (word: string) => word.toLowerCase().replaceAll("_", "");
  let best: string | undefined;
  let least = 3;
  for (const candidate of known) {
    const steps = distance(plain(key), plain(candidate));
    if (steps < least && steps < candidate.length) [best, least] = [candidate, steps];
  }
  return best;
}

/**
 * Whether the value is an instance of that class, whose constructor may be private. A proxy of an instance is not: it
 * lacks the #private fields.
 */
export function isInstance<T>(
  value: unknown,
  kind: (NewableFunction | CallableFunction) & { readonly prototype: T },
): value is T {
  return value instanceof kind && !types.isProxy(value);
}

/** @throws ArgumentError unless the value is a function. */
export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new ArgumentError(`${where}: expected ${name} to be a function, got ${describe(value)}`);
}

/**
 * Looks for the method, not for the class: each realm has an AbortSignal class of its own.
 * @throws ArgumentError unless the value is an AbortSignal.
 */
export function checkSignal(where: string, value: unknown): AbortSignal {
  if (typeof (value as Partial<AbortSignal> | null)?.throwIfAborted === "function")
    return value as AbortSignal;
  throw new ArgumentError(`${where}: expected signal to be an AbortSignal, got ${describe(value)}`);
}

/**
 * The elements of an array or of another iterable object.
 * @throws ArgumentError
 */
export function checkList(where: string, what: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return Array.from(value);
  const isIterable =
    typeof value === "object" &&
    value !== null &&
    !types.isProxy(value) &&
    !ArrayBuffer.isView(value) &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function";
  if (isIterable) return [...(value as Iterable<unknown>)];
  throw new ArgumentError(`${where}: expected ${what}, got ${describe(value)}`);
}

/** Whether the value is an object without a class, from any realm: `{ … }`, or an object without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A short word for any value, for error messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "object":
      return describeObject(value);
    case "function":
      return isClass(value) ? describeClass(value) : "a function";
    default:
      return String(value);
  }
}

/** Whether the function is a class, which only `new` may call. */
export const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));

/** Whoever gives a class most likely left out the `new`. */
function describeClass(value: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value;
  if (typeof name !== "string" || name === "") return "a class";
  return `the class ${name} (new ${name}(…) makes an instance)`;
}

/** An error message must not run code of the object that it describes: getters and proxies may throw. */
function describeObject(value: object): string {
  try {
    if (types.isProxy(value)) return "a proxy";
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name: unknown = isPlainObject(value) ? "" : value.constructor?.name;
    return typeof name === "string" && name !== "" ? `a ${name}` : "an object";
  } catch {
    return "an object";
  }
}

/** As `describe`, but shows the elements of a short list. */
export function describeList(value: unknown): string {
  try {
    if (Array.isArray(value) && value.length <= SHORT) return `[${Array.from(value, describe).join(", ")}]`;
  } catch {
    // An element cannot be read: described as any other object.
  }
  return describe(value);
}

const SHORT = 16;

/** Bounds of a number, all optional. `min` and `max` are inclusive, `above` and `below` exclusive. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
  readonly integer?: boolean;
}

/**
 * Returns the value if it is a finite number within the bounds.
 * @throws ArgumentError that names what was expected and what was given.
 */
export function checkNumber(where: string, name: string, value: unknown, bounds: Bounds = {}): number {
  const fits =
    typeof value === "number" &&
    Number.isFinite(value) &&
    (bounds.integer !== true || Number.isSafeInteger(value)) &&
    (bounds.min === undefined || value >= bounds.min) &&
    (bounds.max === undefined || value <= bounds.max) &&
    (bounds.above === undefined || value > bounds.above) &&
    (bounds.below === undefined || value < bounds.below);
  if (fits) return value;
  const limits = [
    bounds.min === undefined ? "" : `≥ ${bounds.min}`,
    bounds.above === undefined ? "" : `> ${bounds.above}`,
    bounds.max === undefined ? "" : `≤ ${bounds.max}`,
    bounds.below === undefined ? "" : `< ${bounds.below}`,
  ].filter((limit) => limit !== "");
  const kind = bounds.integer === true ? "a whole number" : "a number";
  throw new ArgumentError(
    `${where}: expected ${name} to be ${[kind, limits.join(" and ")].join(" ").trim()}, got ${describe(value)}`,
  );
}

/** @throws ArgumentError unless the value is true or false. */
export function checkFlag(where: string, name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new ArgumentError(`${where}: expected ${name} to be true or false, got ${describe(value)}`);
}

/** @throws ArgumentError unless the value is one of the choices. */
export function checkChoice<T extends string>(
  where: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const list = choices.map((choice) => `"${choice}"`).join(", ");
  throw new ArgumentError(`${where}: expected ${name} to be one of ${list}, got ${describe(value)}`);
}
