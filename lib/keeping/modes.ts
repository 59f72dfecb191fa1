// What decides how a model is trained besides the values of its tensors: its modules' options and modes, and which of its
// parameters are frozen. In the state of a run, next to the tensors.

import { argumentsOf, makingOf } from "../nn/describe.js";
import type { AnyModule } from "../nn/module.js";
import { isPlainObject } from "../options.js";

type Plain = null | boolean | number | string | readonly Plain[];

interface ModuleMode {
  readonly training: boolean;
  /** The name of a registered class, with those of its options that are plain values; null for another class. */
  readonly class: string | null;
  readonly options: Readonly<Record<string, Plain>>;
}

/** How the modules of a model are set. */
export interface ModelModes {
  /** By their dotted names; the model itself is "". */
  readonly modules: Readonly<Record<string, ModuleMode>>;
  /** The names of the parameters that require no gradient. */
  readonly frozen: readonly string[];
}

const MOST_LEVELS = 4;

const isPlain = (value: unknown, level = 0): value is Plain =>
  Array.isArray(value)
    ? level < MOST_LEVELS && value.every((one) => isPlain(one, level + 1))
    : value === null || ["boolean", "number", "string"].includes(typeof value);

/** How the modules of a model are set now. */
export function modesOf(model: AnyModule): ModelModes {
  const modules = Array.from(model.namedModules(), ([name, module]): [string, ModuleMode] => {
    const { training } = module;
    const registered = makingOf(module);
    if (registered === undefined) return [name, { training, class: null, options: {} }];
    const options = argumentsOf(module, registered).filter((one): one is [string, Plain] => isPlain(one[1]));
    return [name, { training, class: registered.name, options: Object.fromEntries(options) }];
  });
  const frozen = Array.from(model.namedParameters()).filter(([, { requiresGrad }]) => !requiresGrad);
  return { modules: Object.fromEntries(modules), frozen: frozen.map(([name]) => name) };
}

/** Which modules are others, in words: of another class or with other options. Modes are put back, so they may differ. */
export function modeDifferences(model: AnyModule, { modules: saved }: ModelModes): string[] {
  const own = modesOf(model).modules;
  return [...new Set([...Object.keys(own), ...Object.keys(saved)])].flatMap((name) => {
    const [now, before] = [moduleNamed(own, name), moduleNamed(saved, name)];
    const what = name === "" ? "model" : `model: ${name}`;
    if (now === undefined || before === undefined) {
      return [`${what} is ${textOf(now)}; the checkpoint has ${textOf(before)}`];
    }
    // The program that wrote it may have registered other classes.
    if (now.class === null || before.class === null) return [];
    if (now.class !== before.class) return [`${what} is ${now.class}; the checkpoint has ${before.class}`];
    const options = new Set([...Object.keys(now.options), ...Object.keys(before.options)]);
    return [...options].flatMap((option) => {
      const [value, other] = [optionText(now, option), optionText(before, option)];
      const place = name === "" ? option : `${name}.${option}`;
      return value === other ? [] : [`model: ${place} is ${value}; the checkpoint has ${other}`];
    });
  });
}

const moduleNamed = (modules: ModelModes["modules"], name: string): ModuleMode | undefined =>
  Object.hasOwn(modules, name) ? modules[name] : undefined;

const textOf = (module: ModuleMode | undefined): string =>
  module === undefined ? "nothing" : (module.class ?? "a module");

const optionText = ({ options }: ModuleMode, name: string): string =>
  Object.hasOwn(options, name) ? plainText(options[name] as Plain) : "nothing";

function plainText(value: Plain): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return typeof value === "object" && value !== null
    ? `[${value.map(plainText).join(", ")}]`
    : JSON.stringify(value);
}

/** Sets the modules' modes, and which parameters require a gradient. */
export function putModes(model: AnyModule, { modules, frozen }: ModelModes): void {
  for (const [name, module] of model.namedModules()) {
    module.training = moduleNamed(modules, name)?.training ?? module.training;
  }
  const still = new Set(frozen);
  for (const [name, parameter] of model.namedParameters()) parameter.requiresGrad = !still.has(name);
}

/** Whether a value from a file is `ModelModes`. */
export function isModelModes(value: unknown): value is ModelModes {
  if (!isPlainObject(value)) return false;
  const { modules, frozen } = value;
  return (
    Array.isArray(frozen) &&
    frozen.every((name) => typeof name === "string") &&
    isPlainObject(modules) &&
    Object.values(modules).every(isModuleMode)
  );
}

function isModuleMode(value: unknown): value is ModuleMode {
  if (!isPlainObject(value)) return false;
  const { training, class: kind, options } = value;
  const isNamed = kind === null || typeof kind === "string";
  return (
    typeof training === "boolean" &&
    isNamed &&
    isPlainObject(options) &&
    Object.values(options).every((one) => isPlain(one))
  );
}
