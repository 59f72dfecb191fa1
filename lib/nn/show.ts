// A module as text, as PyTorch prints it, with our names.
import { describe, isPlainObject } from "../options.js";
import { format } from "../tensor/shape.js";
import { isTensor } from "../tensor/tensor.js";
import { argumentsOf, isModule, makingOf } from "./describe.js";
import type { AnyModule } from "./module.js";

/** Levels of modules that are shown. */
const MOST_LEVELS = 100;

/** The name of a module's class: that which it has in files, or else its own; "Module" for a class without one. */
export const kindOf = (module: AnyModule): string =>
  makingOf(module)?.name ?? (module.constructor.name || "Module");

/**
 * `Linear(inFeatures=3, outFeatures=5, bias=true)`, and the modules below it in lines of their own
 * (`torch.nn.Module.__repr__`). The modules below one that stands in several places are shown at the first: a model
 * whose levels each hold the next one twice would have a text that no memory holds.
 * @param seen modules whose children are shown already.
 */
export function showModule(module: AnyModule, level = 0, seen = new Set<AnyModule>()): string {
  const kind = kindOf(module);
  if (seen.has(module) || level >= MOST_LEVELS) return `${kind}(…)`;
  // A class in JavaScript may give nothing.
  const extra = String(module.extraRepr() ?? "");
  const own = [...module.namedChildren()];
  if (own.length === 0 && !extra.includes("\n")) return `${kind}(${extra})`;
  if (own.length > 0) seen.add(module);
  const children = own.map(([name, child]): [string, string] => [name, showModule(child, level + 1, seen)]);
  const shown = (kind === "ModuleList" ? grouped(children) : children).map(
    ([name, text]) => `(${name}): ${text}`,
  );
  const lines = [...(extra === "" ? [] : [extra]), ...shown].join("\n");
  return `${kind}(\n${lines.replace(/^/gm, "  ")}\n)`;
}

/** Modules of a list that look the same one after the other, in one line: `(0-3): 4 x Linear(…)`. */
function grouped(children: readonly [name: string, text: string][]): [name: string, text: string][] {
  const groups: { first: string; last: string; count: number; text: string }[] = [];
  for (const [name, text] of children) {
    const group = groups.at(-1);
    if (group?.text !== text) groups.push({ first: name, last: name, count: 1, text });
    else {
      group.last = name;
      group.count++;
    }
  }
  return groups.map(({ first, last, count, text }) =>
    count === 1 ? [first, text] : [`${first}-${last}`, `${count} x ${text}`],
  );
}

/** The arguments of a module's constructor, `inFeatures=3, outFeatures=5, bias=true`; "" for a class that is not registered. */
export function showArguments(module: AnyModule): string {
  const registered = makingOf(module);
  if (registered === undefined) return "";
  const { takes = [], unnamed = false } = registered.description;
  return argumentsOf(module, registered)
    .filter(([name, value]) => name !== "dtype" && !isModules(value))
    .map(([name, value]) => (unnamed && takes.includes(name) ? show(value) : `${name}=${show(value)}`))
    .join(", ");
}

/** Whether a value is modules alone, or nothing: they are shown below, with their names. */
function isModules(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (isModule(value)) return true;
  return (Array.isArray(value) || isPlainObject(value)) && Object.values(value).every(isModules);
}

function show(value: unknown): string {
  if (typeof value === "number") return showNumber(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (isTensor(value)) return format(value.shape);
  if (!isPlainObject(value)) return describe(value);
  const entries = Object.entries(value).map(([name, item]) => `${name}: ${show(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** As Python: 1e-5, not 0.00001. */
function showNumber(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
}
