// Which modules a diagram shows by their parts.
import { ArgumentError } from "../errors.js";
import type { AnyModule } from "../nn/module.js";
import type { ModuleCall } from "../nn/record.js";
import { checkNumber, describe, describeList } from "../options.js";
import type { FlowOptions, Opening } from "./flow.js";

type NamedModules = readonly (readonly [name: string, module: AnyModule])[];

const hasParts = (module: AnyModule): boolean => !module.namedChildren().next().done;

/**
 * How far each call is opened, by the option `open` of a diagram.
 * @param base the depth of the calls of the models themselves.
 * @throws ArgumentError, also for a name that no module has
 */
export function openingBy(
  where: string,
  open: unknown,
  modules: NamedModules,
  base = 0,
): FlowOptions["openingOf"] {
  const byParts = ({ module }: ModuleCall): Opening => (hasParts(module) ? "parts" : "closed");
  if (open === undefined) return byParts;
  if (typeof open === "boolean") return () => (open ? "ops" : "closed");
  if (typeof open === "number") {
    const depth = checkNumber(where, "open", open, { min: 0, integer: true });
    return (call) => (call.depth - base < depth ? byParts(call) : "closed");
  }
  if (!Array.isArray(open)) {
    throw new ArgumentError(
      `${where}: expected open to be true, false, a depth or a list of names of modules, got ${describe(open)}`,
    );
  }
  const names = new Map(modules);
  const chosen = open.map((name: unknown) => {
    const found = typeof name === "string" ? names.get(name) : undefined;
    if (found !== undefined) return found;
    const known = [...names.keys()].filter((own) => own !== "");
    throw new ArgumentError(
      `${where}: open: there is no module ${describe(name)}; there are ${known.slice(0, 20).join(", ") || "none"}${known.length > 20 ? ", …" : ""}, got ${describeList(open)}`,
    );
  });
  const within = new Set(chosen.flatMap((module) => Array.from(module.namedModules(), ([, part]) => part)));
  return (call) => (within.has(call.module) ? "ops" : byParts(call));
}
