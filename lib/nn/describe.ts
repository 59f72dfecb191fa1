// A model as data: the classes that it is made of and their options, so that a file can say how to make it again.
import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { isTensor, type Tensor, type TensorJSON } from "../tensor/tensor.js";
import { partsOf } from "../tensor/tree.js";
import type { AnyModule } from "./module.js";
import { bufferSlotsOf, slotsOf } from "./named.js";
import { type Registered, registeredModule } from "./registry.js";

/**
 * A value in JSON. What JSON lacks is an object of one member that begins with "$": `$number` for NaN, infinities and
 * −0, `$tensor` for a tensor of the state, `$module` for a module.
 */
export type Described =
  | null
  | boolean
  | number
  | string
  | readonly Described[]
  | { readonly [name: string]: Described };

/** A module in JSON: its class and how it is made, or the name of a class that nobody registered. */
export type DescribedModule =
  | { readonly class: string; readonly options?: Readonly<Record<string, Described>> }
  | { readonly unregistered: string }
  /** The module that was described as the nth before; 0 is the model itself. */
  | { readonly same: number };

/** A model in JSON. */
export type ModelDescription = DescribedModule & {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** The mode of the model. Default: true. */
  readonly training?: boolean;
  /** Names of modules that are in the other mode. Default: none. */
  readonly otherMode?: readonly string[];
  /** Names of parameters that require no gradient. Default: none. */
  readonly frozen?: readonly string[];
  /** Names of parameters and buffers that are others, by the names of those. Default: none. */
  readonly tied?: Readonly<Record<string, string>>;
};

export const FORMAT = "thalweg";
export const VERSION = 1;
/** Of the constructor of a module that is made again; somewhat more do not fit the stack. */
export const MOST_ARGUMENTS = 50_000;
/** How deep modules and values may be nested. */
export const MAX_DEPTH = 200;

/**
 * What a model is made of. Its parameters and buffers are named as in its state dict; their values are not part of it.
 * Hooks are not part of it either.
 * @throws ArgumentError for an option of a registered class that JSON cannot hold.
 */
export function describeModel(model: AnyModule): ModelDescription {
  const frozen = Array.from(model.namedParameters()).flatMap(([name, { requiresGrad }]) =>
    requiresGrad ? [] : [name],
  );
  const otherMode = Array.from(model.namedModules()).flatMap(([name, { training }]) =>
    training === model.training ? [] : [name],
  );
  const tied = tiesOf(model);
  return {
    format: FORMAT,
    version: VERSION,
    ...new Describer(model).module(model, 0),
    ...(model.training ? {} : { training: false }),
    ...(otherMode.length === 0 ? {} : { otherMode }),
    ...(frozen.length === 0 ? {} : { frozen }),
    ...(tied.length === 0 ? {} : { tied: Object.fromEntries(tied) }),
  };
}

/** Names under which a parameter or buffer is met again, with the name that it has in the state. */
export function tiesOf(model: AnyModule): [name: string, first: string][] {
  const first = new Map<Tensor, string>();
  const ties: [string, string][] = [];
  const meet = (name: string, held: Tensor): void => {
    const known = first.get(held);
    if (known === undefined) first.set(held, name);
    else ties.push([name, known]);
  };
  for (const { name, parameter } of slotsOf(model)) meet(name, parameter);
  for (const { name, buffer } of bufferSlotsOf(model)) meet(name, buffer);
  return ties;
}

/**
 * What is known of a module's class, if the module is no more than its class makes it; undefined for a class that is
 * not registered, and for an object with a `forward` of its own.
 */
export function makingOf(module: AnyModule): Registered | undefined {
  // Hooks set it too, but not to be enumerated.
  const hasOwn = Object.prototype.propertyIsEnumerable.call(module, "forward");
  return hasOwn ? undefined : registeredModule(module.constructor);
}

/** The arguments of a module's constructor by name, in order: fields of the module, and options. */
export function argumentsOf(
  module: AnyModule,
  { description }: Registered,
): [name: string, value: unknown][] {
  const { takes = [], rest, options } = description;
  const fields = [...takes, ...(rest === undefined ? [] : [rest])];
  const entries = fields.map((name): [string, unknown] => [name, Reflect.get(module, name)]);
  return [...entries, ...Object.entries(options?.(module) ?? {})].filter(([, value]) => value !== undefined);
}

export const isModule = (value: object): value is AnyModule => partsOf in value && "namedModules" in value;

/** A model in JSON, with its values. */
export type ModelJSON = ModelDescription & { readonly state: Readonly<Record<string, TensorJSON>> };

/** The description of a model with the values of its parameters and buffers. @throws ArgumentError; BusyError, … */
export function modelToJSON(model: AnyModule): ModelJSON {
  const state = Object.entries(model.stateDict()).map(([name, held]) => [name, held.toJSON()] as const);
  return { ...describeModel(model), state: Object.fromEntries(state) };
}

/** What a description of one model is made with. */
class Describer {
  readonly #names: ReadonlyMap<Tensor, string>;
  readonly #numbers = new Map<AnyModule, number>();
  /** What is being described: whatever holds one of these holds itself. */
  readonly #open = new Set<object>();

  constructor(model: AnyModule) {
    const named = [...model.namedParameters(), ...model.namedBuffers()];
    this.#names = new Map(named.map(([name, held]) => [held, name]));
  }

  module(module: AnyModule, depth: number): DescribedModule {
    const known = this.#numbers.get(module);
    if (known !== undefined) return { same: known };
    this.#numbers.set(module, this.#numbers.size);
    const registered = makingOf(module);
    if (registered === undefined) return { unregistered: module.constructor.name };
    const { name, description } = registered;
    const rest: unknown = description.rest === undefined ? [] : Reflect.get(module, description.rest);
    if (Array.isArray(rest) && rest.length > MOST_ARGUMENTS) {
      throw new ArgumentError(
        `a ${name} has ${rest.length} ${description.rest}, of which a file may have ${MOST_ARGUMENTS}: put them into several`,
      );
    }
    const options = argumentsOf(module, registered).map(([option, value]): [string, Described] => [
      option,
      this.#value(value, `the option ${option} of a ${name}`, depth + 1),
    ]);
    return options.length === 0 ? { class: name } : { class: name, options: Object.fromEntries(options) };
  }

  #value(value: unknown, what: string, depth: number): Described {
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number") {
      const isPlain = Number.isFinite(value) && !Object.is(value, -0);
      return isPlain ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
    }
    if (typeof value !== "object" || types.isProxy(value)) throw refused(what, value);
    if (isTensor(value)) return this.#tensor(value, what);
    if (depth > MAX_DEPTH) throw new ArgumentError(`${what} is nested more than ${MAX_DEPTH} deep`);
    if (this.#open.has(value)) throw new ArgumentError(`${what} holds itself`);
    this.#open.add(value);
    const described = this.#object(value, what, depth);
    this.#open.delete(value);
    return described;
  }

  #object(value: object, what: string, depth: number): Described {
    if (isModule(value)) return { $module: this.module(value, depth) };
    if (Array.isArray(value)) return value.map((item) => this.#value(item, what, depth + 1));
    if (!isPlainObject(value)) throw refused(what, value);
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    const marked = entries.find(([name]) => name.startsWith("$"));
    if (marked !== undefined) {
      throw new ArgumentError(`${what} has a member ${marked[0]}; names that begin with $ are taken`);
    }
    return Object.fromEntries(entries.map(([name, item]) => [name, this.#value(item, what, depth + 1)]));
  }

  #tensor(value: Tensor, what: string): Described {
    const name = this.#names.get(value);
    if (name === undefined) {
      throw new ArgumentError(
        `${what} is a tensor that is neither a parameter nor a buffer of the model, so that it is not saved: make it an nn.Buffer`,
      );
    }
    return { $tensor: name, dtype: value.dtype };
  }
}

const refused = (what: string, value: unknown): ArgumentError =>
  new ArgumentError(
    `${what}: expected numbers, strings, true, false, null, tensors of the state, modules, or lists and objects of them, got ${describe(value)}`,
  );
