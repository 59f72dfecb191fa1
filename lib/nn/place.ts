// Where in a model an error was thrown: "Net.encoder.fc1 (Linear): expected x [..., 3], got [2, 4]".

import { assumeFields } from "../context/trace.js";
import { ThalwegError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyModule } from "./module.js";

/** The module whose `forward` an error left, and what the error said there. */
const origins = new WeakMap<ThalwegError, { readonly module: AnyModule; readonly message: string }>();

/**
 * The error, on its way out of the `forward` of a module: from the second one on it says where in this one it comes
 * from, by the names of `namedModules()`. The outermost has the last word. Class, code and stack stay.
 */
export function placed(error: unknown, module: AnyModule | undefined): unknown {
  if (!(error instanceof ThalwegError) || module === undefined) return error;
  const origin = origins.get(error);
  if (origin === undefined || origin.module === module) {
    if (origin === undefined) origins.set(error, { module, message: error.message });
    return error;
  }
  for (const [name, part] of module.namedModules()) {
    if (part !== origin.module) continue;
    const kind = part.constructor.name;
    const own = `${kind}: `;
    const said = origin.message.startsWith(own) ? origin.message.slice(own.length) : origin.message;
    reword(error, `${module.constructor.name}.${name} (${kind}): ${said}`);
    return error;
  }
  // It holds that module where nobody finds it: what is outside is told of this one.
  origins.set(error, { module, message: error.message });
  return error;
}

/** Gives an error another message, in its stack too. */
export function reword(error: ThalwegError, message: string): void {
  const { message: before, stack } = error;
  error.message = message;
  if (stack !== undefined) error.stack = stack.replace(before, () => message);
}

/**
 * Has the `forward` of a class tell errors their place, and gives it. A class is changed once, when its first module
 * is made; a call then passes one `try`, in which nothing is thrown. While a function is traced, a call tells that the
 * program depends on the module's fields. A `forward` that is a field of an object is left
 * as it is: its errors have the place of the module around it.
 */
export function placingForward(prototype: AnyModule): unknown {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, "forward")) owner = Object.getPrototypeOf(owner);
  if (owner === null) return undefined;
  const field = Object.getOwnPropertyDescriptor(owner, "forward") as PropertyDescriptor;
  const inner: unknown = field.value;
  if (typeof inner !== "function" || placing.has(inner) || field.configurable !== true) return inner;
  const value = {
    forward(this: AnyModule, ...inputs: Tensor[]): Tensor {
      if (this !== undefined) assumeFields(this);
      try {
        return inner.apply(this, inputs);
      } catch (error) {
        throw placed(error, this);
      }
    },
  }.forward;
  placing.add(value);
  Object.defineProperty(owner, "forward", { ...field, value });
  return value;
}

/** The functions that do so. */
const placing = new WeakSet<object>();
