// What modules hold, by dotted name as in PyTorch: "m0.weight", "m0.running_mean".
import { Buffer } from "./buffer.js";
import type { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { isStandIn } from "./stand-ins.js";

const join = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);

/** A module and all below it, each once. */
export function* modulesOf(
  module: Module,
  prefix = "",
  seen = new Set<Module>(),
): Generator<[name: string, module: Module]> {
  if (seen.has(module)) return;
  seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module.namedChildren()) yield* modulesOf(child, join(prefix, name), seen);
}

/** A field that holds a parameter, or what stands in for one. */
export interface Slot {
  readonly name: string;
  readonly module: Module;
  readonly field: string;
  readonly parameter: Parameter;
}

/** The fields of a module and of all below it that hold parameters. */
export function* slotsOf(module: Module): Generator<Slot> {
  for (const [prefix, part] of module.namedModules()) {
    for (const [field, value] of Object.entries(part)) {
      if (value instanceof Parameter || isStandIn(value)) {
        yield { name: join(prefix, field), module: part, field, parameter: value };
      }
    }
  }
}

/** The buffers of a module and of all below it, each once. */
export function* buffersOf(module: Module): Generator<[name: string, buffer: Buffer]> {
  const seen = new Set<Buffer>();
  for (const [prefix, part] of module.namedModules()) {
    for (const [field, value] of Object.entries(part)) {
      if (!(value instanceof Buffer) || seen.has(value)) continue;
      seen.add(value);
      const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      yield [join(prefix, name), value];
    }
  }
}
