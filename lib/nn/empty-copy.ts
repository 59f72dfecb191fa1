// What the copy of a module begins with: another of its class, without its fields.
import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { type Copies, deepCopy, inTheMaking } from "./deep-copy.js";
import type { AnyModule } from "./module.js";
import { ownPrivateMember } from "./private-members.js";

type CloneWith = (copy: <T>(value: T) => T) => AnyModule;

interface Making {
  /** The class's own way to begin, where it has one. */
  readonly cloneWith: CloneWith | undefined;
  /** A module of no class of its own. */
  readonly blank: () => AnyModule;
  /** What all modules inherit from. */
  readonly base: object;
}

/**
 * A module of the same class, for `clone()` to give the fields of this one.
 * @throws ArgumentError for a class with members that begin with # and no `cloneWith`
 */
export function emptyCopy<M extends AnyModule>(
  module: M,
  copies: Copies,
  { cloneWith, blank, base }: Making,
): M {
  const prototype = Object.getPrototypeOf(module);
  const kind = module.constructor.name;
  for (let at = prototype; at !== base; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, "cloneWith")) return madeCopy(module, cloneWith as CloneWith, copies);
    const member = ownPrivateMember(at);
    if (member === null) continue;
    throw new ArgumentError(
      `clone: ${kind} has private members (${member}) that cannot be copied from outside: give ${at.constructor.name} a method cloneWith, or make them private by TypeScript's "private"`,
    );
  }
  return Object.setPrototypeOf(blank(), prototype);
}

/** What the class's own `cloneWith` makes. */
function madeCopy<M extends AnyModule>(module: M, cloneWith: CloneWith, copies: Copies): M {
  const where = `cloneWith of a ${module.constructor.name}`;
  copies.set(module, inTheMaking);
  const copy: unknown = cloneWith.call(module, (value) => deepCopy(value, copies, where));
  const isObject = typeof copy === "object" && copy !== null && copy !== module;
  if (isObject && Object.getPrototypeOf(copy) === Object.getPrototypeOf(module)) return copy as M;
  throw new ArgumentError(
    `clone: expected ${where} to give another ${module.constructor.name}, got ${describe(copy)}`,
  );
}
