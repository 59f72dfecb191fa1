// What modules hold, by dotted name as in PyTorch: "m0.weight", "m0.running_mean".
import { ArgumentError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import { Buffer } from "./buffer.js";
import type { AnyModule } from "./module.js";
import { Parameter } from "./parameter.js";
import { isStandIn } from "./stand-ins.js";

const join = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);

/** A module and all below it, each once. */
export function* modulesOf(
  module: AnyModule,
  prefix = "",
  seen = new Set<AnyModule>(),
): Generator<[name: string, module: AnyModule]> {
  if (seen.has(module)) return;
  seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module.namedChildren()) yield* modulesOf(child, join(prefix, name), seen);
}

/** A field that holds a parameter, or what stands in for one. */
export interface Slot {
  readonly name: string;
  readonly module: AnyModule;
  readonly field: string;
  readonly parameter: Parameter;
}

/** The fields of a module and of all below it that hold parameters. */
export function* slotsOf(module: AnyModule): Generator<Slot> {
  for (const [prefix, part] of module.namedModules()) {
    for (const [field, value] of Object.entries(part)) {
      if (value instanceof Parameter || isStandIn(value)) {
        yield { name: join(prefix, field), module: part, field, parameter: value };
      }
    }
  }
}

/** A field that holds a buffer. */
export interface BufferSlot {
  readonly name: string;
  readonly module: AnyModule;
  readonly field: string;
  readonly buffer: Buffer;
}

/** The name of a buffer in the state, in PyTorch's spelling: "running_mean" of the field runningMean. */
const stateName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields of a module and of all below it that hold buffers. */
export function* bufferSlotsOf(module: AnyModule): Generator<BufferSlot> {
  for (const [prefix, part] of module.namedModules()) {
    for (const [field, value] of Object.entries(part)) {
      if (value instanceof Buffer) {
        yield { name: join(prefix, stateName(field)), module: part, field, buffer: value };
      }
    }
  }
}

/** The buffers of a module and of all below it, each once. */
export function* buffersOf(module: AnyModule): Generator<[name: string, buffer: Buffer]> {
  const seen = new Set<Buffer>();
  for (const { name, buffer } of bufferSlotsOf(module)) {
    if (seen.has(buffer)) continue;
    seen.add(buffer);
    yield [name, buffer];
  }
}

/**
 * The parameters and buffers by name.
 * @throws ArgumentError where two have one name.
 */
export function namedState(where: string, module: AnyModule): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  for (const [name, held] of [...module.namedParameters(), ...module.namedBuffers()]) {
    const other = state.get(name);
    if (other !== undefined && other !== held) {
      const [one, two] = [other, held].map((tensor) => fieldOf(module, tensor));
      throw new ArgumentError(
        `${where}: ${one} and ${two} both have the name "${name}" in the state: rename one of the fields`,
      );
    }
    state.set(name, held);
  }
  return state;
}

/** Where a module holds a tensor first, for errors. */
function fieldOf(module: AnyModule, held: Tensor): string {
  const parameter = [...slotsOf(module)].find((slot) => slot.parameter === held);
  const slot = parameter ?? [...bufferSlotsOf(module)].find(({ buffer }) => buffer === held);
  const kind = parameter === undefined ? "buffer" : "parameter";
  return slot === undefined
    ? `a ${kind}`
    : `the ${kind} "${slot.field}" of a ${slot.module.constructor.name}`;
}

/**
 * The parameter or buffer of this name by any way that leads to it: what is shared has several names, of which
 * `stateDict()` has the first. Undefined if there is none.
 */
export function heldAt(
  module: AnyModule,
  name: string,
  above: readonly AnyModule[] = [],
): Tensor | undefined {
  for (const [field, value] of Object.entries(module)) {
    if ((value instanceof Parameter || isStandIn(value)) && field === name) return value;
    if (value instanceof Buffer && stateName(field) === name) return value;
  }
  const way = [...above, module];
  for (const [child, part] of module.namedChildren()) {
    if (!name.startsWith(`${child}.`) || way.includes(part)) continue;
    const found = heldAt(part, name.slice(child.length + 1), way);
    if (found !== undefined) return found;
  }
  return undefined;
}
