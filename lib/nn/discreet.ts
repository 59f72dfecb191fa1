import type { AnyModule } from "./module.js";
import { placingForward } from "./place.js";

const forwards = new WeakSet<object>();

/**
 * Says of a class of modules that its `forward` shows no other code its input or its results, so that a `Sequential`
 * can reuse their memory. A hook gives a module another `forward`, which is not marked.
 */
export function markDiscreet(kind: { readonly prototype: AnyModule }): void {
  const forward = placingForward(kind.prototype);
  if (typeof forward === "function") forwards.add(forward);
}

export const isDiscreet = (module: AnyModule): boolean => forwards.has(module.forward);
