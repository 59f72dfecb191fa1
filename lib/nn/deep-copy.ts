import { copyOf } from "../graph/copy.js";
import { Tensor } from "../graph/tensor.js";
import { Buffer } from "./buffer.js";
import { Parameter } from "./parameter.js";

export const copyWith = Symbol("copyWith");

/** What makes a copy of itself out of copies of its fields. */
export interface Copyable {
  [copyWith](seen: Map<object, object>): object;
}

/**
 * A copy of a value and of all that it holds; what is there twice is copied once. Functions and objects of other
 * classes are shared.
 */
export function deepCopy<T>(value: T, seen: Map<object, object>): T {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known as T;
  if (copyWith in value) return (value as Copyable)[copyWith](seen) as T;
  const keep = <C extends object>(copy: C): C => {
    seen.set(value, copy);
    return copy;
  };
  if (value instanceof Parameter) return keep(new Parameter(copyOf(value), value.requiresGrad)) as T;
  if (value instanceof Buffer) return keep(new Buffer(copyOf(value))) as T;
  if (value instanceof Tensor) {
    const copy = keep(copyOf(value));
    copy.requiresGrad = value.requiresGrad;
    return copy as T;
  }
  if (Array.isArray(value)) {
    const copy = keep<unknown[]>([]);
    for (const item of value) copy.push(deepCopy(item, seen));
    return copy as T;
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of value) copy.set(deepCopy(key, seen), deepCopy(item, seen));
    return copy as T;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of value) copy.add(deepCopy(item, seen));
    return copy as T;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = keep<Record<string, unknown>>({});
  for (const [key, item] of Object.entries(value)) copy[key] = deepCopy(item, seen);
  return copy as T;
}
