import { ArgumentError } from "../errors.js";
import { checkFunction, checkList, checkOptions, describe } from "../options.js";
import { Module } from "./module.js";
import { type Making, type ModuleClass, moduleNamed, registeredModule, registerModule } from "./registry.js";

/**
 * Gives a class of modules a name in files, so that `load(path)` makes a model of it without being given one. A file
 * names the class and the arguments of its constructor, which are fields of the module (`takes`, `rest`) and options:
 * numbers, strings, booleans, null, tensors of the state, other modules, and lists and objects of them. Parameters and
 * buffers come from the file's arrays, modes and `requiresGrad` are kept.
 *
 * `toString` shows these arguments as it shows those of nn's modules.
 * @param making `takes`: the names of the fields that are the constructor's first arguments. `rest`: the name of a
 *   field whose elements are its other arguments. `options(module)`: its object of options, the last argument. Default:
 *   a constructor without arguments.
 * @throws ArgumentError for a name or class that is registered already; OptionError
 * @example
 * class Net extends nn.Module {
 *   hidden: nn.Linear;
 *   constructor(readonly width: number) {
 *     super();
 *     this.hidden = new nn.Linear(4, width);
 *   }
 *   forward(x: Tensor): Tensor {
 *     return this.hidden.forward(x);
 *   }
 * }
 * registerClass("Net", Net, { takes: ["width"] });
 */
export function registerClass<C extends ModuleClass>(
  name: string,
  kind: C,
  making: Making<InstanceType<C>> = {},
): void {
  const where = "registerClass";
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`${where}: expected name to be a name, got ${describe(name)}`);
  }
  checkFunction(where, "kind", kind);
  if (!(kind.prototype instanceof Module)) {
    throw new ArgumentError(
      `${where}: expected kind to be a class that extends nn.Module, got ${describe(kind)}`,
    );
  }
  checkOptions(where, making, ["takes", "rest", "options"]);
  const { takes = [], rest, options } = making;
  for (const field of [
    ...checkList(where, "takes to be a list of fields", takes),
    ...(rest === undefined ? [] : [rest]),
  ]) {
    if (typeof field !== "string") {
      throw new ArgumentError(`${where}: expected the name of a field, got ${describe(field)}`);
    }
  }
  if (options !== undefined) checkFunction(where, "options", options);
  if (moduleNamed(name) !== undefined) {
    throw new ArgumentError(`${where}: there is a class ${describe(name)} already`);
  }
  const known = registeredModule(kind);
  if (known !== undefined) {
    throw new ArgumentError(`${where}: this class is registered as ${describe(known.name)} already`);
  }
  registerModule(name, kind, { ...making, takes });
}
