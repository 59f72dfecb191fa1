// A model made again from its description, which comes out of a file and may say anything.
import { within } from "../context/context.js";
import { DataError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { messageOf } from "../realms.js";
import { checkDType, type DType } from "../tensor/dtype.js";
import { sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Described, FORMAT, MAX_DEPTH, MOST_ARGUMENTS, VERSION } from "./describe.js";
import type { Module } from "./module.js";
import { bufferSlotsOf, slotsOf } from "./named.js";
import { type ModuleClass, moduleNamed, type Registered } from "./registry.js";

/** The arrays that a model is made of. */
export interface Arrays {
  /** Number of all their elements. */
  readonly elements: number;
  /** A tensor of the array of this name in this dtype; undefined if there is none. */
  tensorAt(name: string, dtype: DType): Tensor | undefined;
}

/** Memory that constructors may use for each element of the arrays: a float64, and some to initialise it. */
const BYTES_PER_ELEMENT = 4 * 8;
/** And for what does not depend on it. */
const BYTES_FOR_ALL = 1 << 24;

/**
 * The model that a description says, not yet with the values of the arrays. Constructors may not allocate much more than
 * the arrays take, so that a description of large layers over small arrays is refused. The default generator stays
 * where it is.
 * @param where function and file, for errors.
 * @throws DataError for a class that is not registered, options that it refuses, sizes beyond the arrays, and whatever
 *   is no description.
 */
export function buildModel(where: string, description: unknown, arrays: Arrays): Module {
  const refuse: Refuse = (what, cause) =>
    new DataError(`${where}: the description of the model: ${what}`, { cause });
  const own = record(description, "a description", refuse);
  if (own["format"] !== FORMAT || own["version"] !== VERSION) {
    throw refuse(
      `expected format "${FORMAT}", version ${VERSION}, got ${describe(own["format"])}, version ${describe(own["version"])}`,
    );
  }
  const state = defaultGenerator.getState();
  const budget = { bytes: arrays.elements * BYTES_PER_ELEMENT + BYTES_FOR_ALL };
  try {
    const model = within("budget", budget, () => new Builder(arrays, refuse).module(own, 0));
    tie(model, own["tied"], refuse);
    freeze(model, own["frozen"], refuse);
    setModes(model, own, refuse);
    return model;
  } finally {
    defaultGenerator.setState(state);
  }
}

type Refuse = (what: string, cause?: unknown) => DataError;
type Members = Readonly<Record<string, unknown>>;

function record(value: unknown, what: string, refuse: Refuse): Members {
  if (isPlainObject(value)) return value;
  throw refuse(`expected ${what}, got ${describe(value)}`);
}

function strings(value: unknown, what: string, refuse: Refuse): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw refuse(`expected ${what} to be a list of names, got ${describe(value)}`);
}

/** Makes one model out of its description. */
class Builder {
  readonly #arrays: Arrays;
  readonly #refuse: Refuse;
  /** In the order in which they are described; null while one is being made. */
  readonly #made: (Module | null)[] = [];

  constructor(arrays: Arrays, refuse: Refuse) {
    this.#arrays = arrays;
    this.#refuse = refuse;
  }

  module(value: unknown, depth: number): Module {
    const own = record(value, "a module", this.#refuse);
    if (own["same"] !== undefined) return this.#again(own["same"]);
    const at = this.#made.length;
    this.#made.push(null);
    const registered = this.#registered(own);
    const { name, kind } = registered;
    const options = own["options"] === undefined ? {} : record(own["options"], "options", this.#refuse);
    const given = Object.entries(options).map(([key, item]): [string, unknown] => [
      key,
      this.#value(item as Described, depth + 1),
    ]);
    const args = this.#arguments(registered, new Map(given));
    const module = this.#make(name, kind, args);
    this.#made[at] = module;
    return module;
  }

  #again(number: unknown): Module {
    const module = Number.isSafeInteger(number) ? this.#made[number as number] : undefined;
    if (module !== undefined && module !== null) return module;
    throw this.#refuse(`expected the number of a module before it, got ${describe(number)}`);
  }

  #registered(own: Members): Registered {
    const { class: name, unregistered } = own;
    const registered = typeof name === "string" ? moduleNamed(name) : undefined;
    if (registered !== undefined) return registered;
    const missing = typeof name === "string" ? name : unregistered;
    if (typeof missing !== "string") {
      throw this.#refuse(`expected the name of a class, got ${describe(missing)}`);
    }
    const shown = describe(missing);
    const kind = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(missing) ? missing : "MyModel";
    throw this.#refuse(
      typeof name === "string"
        ? `there is no class ${shown}; call registerClass(${shown}, ${kind}) before, or give the model to be filled: load(path, new ${kind}())`
        : `it is a ${shown}, which was not registered when it was saved; give the model to be filled: load(path, new ${kind}()), or call registerClass(${shown}, ${kind}) before saving it`,
    );
  }

  #arguments({ name, description }: Registered, given: Map<string, unknown>): unknown[] {
    const { takes = [], rest, options } = description;
    const taken = (field: string): unknown => {
      const value = given.get(field);
      given.delete(field);
      return value;
    };
    const first = takes.map(taken);
    const others = rest === undefined ? [] : taken(rest);
    if (!Array.isArray(others)) {
      throw this.#refuse(`expected ${rest} of a ${name} to be a list, got ${describe(others)}`);
    }
    if (others.length > MOST_ARGUMENTS) {
      throw this.#refuse(`expected at most ${MOST_ARGUMENTS} ${rest} of a ${name}, got ${others.length}`);
    }
    if (options === undefined && given.size > 0) {
      throw this.#refuse(`${name} has no option ${describe([...given.keys()][0])}`);
    }
    return [...first, ...others, ...(options === undefined ? [] : [Object.fromEntries(given)])];
  }

  #make(name: string, kind: ModuleClass, args: readonly unknown[]): Module {
    try {
      return new kind(...(args as never[])) as Module;
    } catch (error) {
      // A class of the user's may throw whatever it likes at options that it never gave.
      throw this.#refuse(`a ${name} cannot be made: ${messageOf(error)}`, error);
    }
  }

  #value(value: Described, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH) throw this.#refuse(`it is nested more than ${MAX_DEPTH} deep`);
    if (Array.isArray(value)) return value.map((item) => this.#value(item, depth + 1));
    const own = value as Readonly<Record<string, Described>>;
    const mark = Object.keys(own).find((name) => name.startsWith("$"));
    switch (mark) {
      case undefined:
        return Object.fromEntries(
          Object.entries(own).map(([name, item]) => [name, this.#value(item, depth + 1)]),
        );
      case "$number":
        return this.#number(own[mark]);
      case "$tensor":
        return this.#tensor(own);
      case "$module":
        return this.module(own[mark], depth);
      default:
        throw this.#refuse(`unknown mark ${describe(mark)}`);
    }
  }

  #number(value: unknown): number {
    if (typeof value === "string" && ["NaN", "Infinity", "-Infinity", "-0"].includes(value)) {
      return Number(value);
    }
    throw this.#refuse(`expected a number that JSON lacks, got ${describe(value)}`);
  }

  #tensor({ $tensor: name, dtype }: Members): Tensor {
    try {
      const found =
        typeof name === "string" ? this.#arrays.tensorAt(name, checkDType("dtype", dtype)) : undefined;
      if (found !== undefined) return found;
    } catch (error) {
      throw this.#refuse(`the tensor ${describe(name)}: ${(error as Error).message}`, error);
    }
    throw this.#refuse(`there is no array ${describe(name)}`);
  }
}

/** Puts parameters and buffers in the places of others, as the model had them. */
function tie(model: Module, tied: unknown, refuse: Refuse): void {
  if (tied === undefined) return;
  const parameters = Array.from(slotsOf(model), ({ parameter, ...slot }) => ({
    ...slot,
    held: parameter as Tensor,
  }));
  const buffers = Array.from(bufferSlotsOf(model), ({ buffer, ...slot }) => ({
    ...slot,
    held: buffer as Tensor,
  }));
  const slots = new Map<string, (typeof parameters)[number][]>();
  for (const slot of [...parameters, ...buffers]) {
    const others = slots.get(slot.name);
    if (others === undefined) slots.set(slot.name, [slot]);
    else others.push(slot);
  }
  for (const [name, first] of Object.entries(record(tied, "names of tied parameters", refuse))) {
    const other = slots.get(String(first))?.[0];
    for (const slot of slots.get(name) ?? [undefined]) {
      const fits =
        slot !== undefined &&
        other !== undefined &&
        slot.held.constructor === other.held.constructor &&
        slot.held.dtype === other.held.dtype &&
        sameShape(slot.held.shape, other.held.shape);
      if (!fits) throw refuse(`${describe(name)} cannot be tied to ${describe(first)}`);
      Object.assign(slot.module, { [slot.field]: other.held });
    }
  }
}

function freeze(model: Module, frozen: unknown, refuse: Refuse): void {
  const parameters = new Map(model.namedParameters());
  for (const name of strings(frozen, "frozen", refuse)) {
    const parameter = parameters.get(name);
    if (parameter === undefined) throw refuse(`there is no parameter ${describe(name)} to be frozen`);
    parameter.requiresGrad = false;
  }
}

function setModes(model: Module, own: Members, refuse: Refuse): void {
  const { training = true, otherMode } = own;
  if (typeof training !== "boolean") throw refuse(`expected training to be true or false`);
  model.train(training);
  const modules = new Map(model.namedModules());
  for (const name of strings(otherMode, "otherMode", refuse)) {
    const module = modules.get(name);
    if (module === undefined) throw refuse(`there is no module ${describe(name)}`);
    module.training = !training;
  }
}
