// The form of an optimizer's state dict, which is PyTorch's: options and states by PyTorch's names.

import { checkAssignable } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { isTensor, Tensor } from "../tensor/tensor.js";

/** What a state dict holds: plain values and tensors. */
export type StateValue = number | string | boolean | null | Tensor | readonly StateValue[];

/** States by the parameter's number, and of each group the options with the numbers of its parameters. */
export interface OptimizerStateDict {
  readonly state: Readonly<Record<number, Readonly<Record<string, StateValue>>>>;
  readonly paramGroups: readonly Readonly<Record<string, StateValue>>[];
}

/** As PyTorch spells it. */
export interface TorchOptimizerStateDict {
  readonly state: OptimizerStateDict["state"];
  readonly param_groups: OptimizerStateDict["paramGroups"];
}

/** Tensors and numbers of one parameter, by PyTorch's names in camelCase. */
export type ParameterState = Record<string, Tensor | null>;

type Entries = Readonly<Record<string, unknown>>;

/** What the state dicts of all optimizers have in common. */
export interface Parsed {
  /** Of each group what the dict says, `params` left out. */
  readonly groups: readonly Entries[];
  /** By which numbers each group's parameters go in `state`. */
  readonly numbers: readonly (readonly unknown[])[];
  readonly state: Entries;
  /** The states of all parameters, in order; undefined where the dict has none. */
  readonly states: readonly (Entries | undefined)[];
}

/** `weightDecay` → `weight_decay` */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `weight_decay` → `weightDecay` */
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

// How PyTorch computes an update, and what its schedules leave in the groups: nothing that a group is set to here.
const OTHERS = new Set([
  "foreach",
  "fused",
  "capturable",
  "differentiable",
  "param_names",
  "max_lr",
  "min_lr",
  "max_momentum",
  "base_momentum",
]);

const isObject = (value: unknown): value is Entries =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value);

/** The options as they stand in a state dict: by PyTorch's names, lists copied, tensors over the same memory. */
export function written(settings: object): Record<string, StateValue> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [snake(name), plain(value)]));
}

function plain(value: StateValue): StateValue {
  if (isTensor(value)) return new Tensor(value.storage, value.shape, value.dtype);
  return Array.isArray(value) ? value.map(plain) : value;
}

/**
 * Reads what every optimizer's state dict has in common.
 * @param sizes How many parameters each group has.
 * @throws ArgumentError where it is none, or one of other groups.
 */
export function parsed(where: string, dict: unknown, sizes: readonly number[]): Parsed {
  const groups = isObject(dict) ? (dict["paramGroups"] ?? dict["param_groups"]) : undefined;
  if (!isObject(dict) || !Array.isArray(groups) || !groups.every(isObject)) {
    throw new ArgumentError(`${where}: expected a state dict, got ${describe(dict)}`);
  }
  const state = dict["state"];
  if (!isObject(state)) {
    throw new ArgumentError(`${where}: expected state to be an object, got ${describe(state)}`);
  }
  const numbers = groups.map(({ params }) => (Array.isArray(params) ? params : []));
  if (String(numbers.map(({ length }) => length)) !== String(sizes)) {
    const found = numbers.map(({ length }) => length).join(", ");
    throw new ArgumentError(
      `${where}: expected groups of ${sizes.join(", ")} parameters, got ${found || "none"}`,
    );
  }
  const order = numbers.flat().map(String);
  const known = new Set<string>();
  for (const number of order) {
    if (known.has(number)) throw new ArgumentError(`${where}: params hold ${number} more than once`);
    known.add(number);
  }
  for (const number of Object.keys(state)) {
    if (!known.has(number)) {
      throw new ArgumentError(`${where}: state is of a parameter ${number}, which no group has`);
    }
  }
  const states = order.map((number, i) => {
    const own = state[number];
    if (own !== undefined && !isObject(own)) {
      throw new ArgumentError(
        `${where}: expected the state of parameter ${i} to be an object, got ${describe(own)}`,
      );
    }
    return own;
  });
  return { groups: groups.map(({ params, ...rest }) => rest), numbers, state, states };
}

/**
 * The options of a group in a state dict, by our names.
 * @param fixed What is not an option here, with the value that it must have.
 * @throws OptionError for one that there is not; ArgumentError for one that cannot be had.
 */
export function optionsIn(
  where: string,
  group: Entries,
  known: readonly string[],
  fixed: Readonly<Record<string, StateValue>>,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(group)) {
    if (name in fixed) {
      if (JSON.stringify(value) === JSON.stringify(fixed[name])) continue;
      throw new ArgumentError(
        `${where}: expected ${name} to be ${JSON.stringify(fixed[name])}, got ${JSON.stringify(value)}`,
      );
    }
    if (!OTHERS.has(name)) options[camel(name)] = value;
  }
  checkOptions(where, options, known);
  return options;
}

/**
 * Fills a new state with what a state dict has for a parameter.
 * @throws ArgumentError, ShapeError, DTypeError where it is another optimizer's; DetachedError, BusyError
 */
export function fill(where: string, i: number, state: ParameterState, given: Entries): void {
  const names = Object.keys(state).map(snake);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new ArgumentError(
      `${where}: unknown state ${name} of parameter ${i}; known: ${names.join(", ") || "none"}`,
    );
  }
  for (const [name, target] of Object.entries(state)) {
    if (target === null) continue; // the options need none
    const source = given[snake(name)];
    if (name === "step") checkSteps(where, i, source);
    if (target.rank === 0 && typeof source === "number") {
      target.storage.forWriting()[0] = source;
      continue;
    }
    if (!isTensor(source)) {
      throw new ArgumentError(
        `${where}: expected ${snake(name)} of parameter ${i} to be a tensor, got ${describe(source)}`,
      );
    }
    // PyTorch's counts of steps are float32 or float64.
    if (target.rank !== 0 || source.rank !== 0)
      checkAssignable(`${where}: ${snake(name)} of parameter ${i}`, target, source);
    target.storage.forWriting().set(source.storage.forReading());
  }
}

/** @throws ArgumentError unless a number, or a tensor of one, counts steps. Of anything else nothing is said here. */
function checkSteps(where: string, i: number, source: unknown): void {
  const value = isTensor(source) && source.rank === 0 ? source.item() : source;
  if (typeof value === "number")
    checkNumber(where, `step of parameter ${i}`, value, { min: 0, integer: true });
}

/** Whether two states have tensors of the same names and shapes. */
export function isAlike(a: ParameterState, b: ParameterState): boolean {
  return Object.entries(a).every(([name, tensor]) => {
    const other = b[name] ?? null;
    return tensor === null || other === null
      ? tensor === other
      : String(tensor.shape) === String(other.shape);
  });
}

/** The tensors of a state. */
export const tensorsOf = (state: object): Tensor[] =>
  Object.values(state as ParameterState).filter((tensor) => tensor !== null);
