// The parameters and buffers of a run, and the functions that read them.
import type { AnyModule } from "../nn/module.js";
import { bufferSlotsOf, slotsOf } from "../nn/named.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { layerOf } from "../train/gradient-norms.js";
import type { DiagramNode, Held } from "./diagram.js";

export class Parameters {
  /** By memory. */
  readonly #held = new Map<Storage, Held>();
  readonly #readers = new Map<Storage, string[]>();

  /** Those of a module. @param prefix the module's name in the run. */
  addModule(prefix: string, module: AnyModule): void {
    const slots = [
      ...Array.from(slotsOf(module), ({ name, parameter }) => ({
        name,
        held: parameter,
        isFixed: !parameter.requiresGrad,
      })),
      ...Array.from(bufferSlotsOf(module), ({ name, buffer }) => ({ name, held: buffer, isFixed: true })),
    ];
    for (const { name, held, isFixed } of slots) {
      if (this.#held.has(held.storage)) continue;
      const whole = prefix === "" ? name : `${prefix}.${name}`;
      this.#held.set(held.storage, { name: whole, shape: held.shape, tensor: held, isFixed });
    }
  }

  /** A parameter of no module. */
  add(name: string, tensor: Tensor): void {
    this.#held.set(tensor.storage, { name, shape: tensor.shape, tensor, isFixed: false });
  }

  /** The function reads the tensor, if it is one of these. */
  read(id: string, { storage }: Tensor): void {
    if (!this.#held.has(storage)) return;
    const readers = this.#readers.get(storage) ?? [];
    if (!readers.includes(id)) readers.push(id);
    this.#readers.set(storage, readers);
  }

  /** Another function reads what this one did. */
  move(id: string, to: string): void {
    for (const [storage, readers] of this.#readers) {
      const others = readers.map((reader) => (reader === id ? to : reader));
      this.#readers.set(storage, [...new Set(others)]);
    }
  }

  byReader(): Map<string, Held[]> {
    const found = new Map<string, Held[]>();
    for (const [storage, readers] of this.#readers) {
      const held = this.#held.get(storage) as Held;
      for (const id of readers) found.set(id, [...(found.get(id) ?? []), held]);
    }
    return found;
  }

  /** Those that the same functions read, together. */
  groups(): Iterable<{ readonly readers: readonly string[]; readonly held: readonly Held[] }> {
    const groups = new Map<string, { readers: readonly string[]; held: Held[] }>();
    for (const [storage, readers] of this.#readers) {
      const key = readers.join(" ");
      const group = groups.get(key) ?? { readers, held: [] };
      group.held.push(this.#held.get(storage) as Held);
      groups.set(key, group);
    }
    return groups.values();
  }
}

/** Puts parameters at a node. @param owner what the node says of their names. */
export function hang(node: DiagramNode, held: readonly Held[], owner: string): void {
  node.parameters = shortNames(held, owner);
  const trained = held.filter(({ isFixed }) => !isFixed);
  if (trained.length > 0) node.layers = [...new Set(trained.map(({ name }) => layerOf(name)))];
}

/** The module that has all of them: "a" of "a.0.weight" and "a.1.bias". */
export const ownerOf = (held: readonly Held[]): string =>
  commonPrefix(held.map(({ name }) => name.split(".").slice(0, -1))).join(".");

function commonPrefix(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  const end = first.findIndex((part, i) => others.some((list) => list[i] !== part));
  return end < 0 ? [...first] : first.slice(0, end);
}

/** "m0.weight" at the module m0: "weight". */
const shortNames = (held: readonly Held[], owner: string): Held[] =>
  held.map((one) => ({
    ...one,
    name: one.name.startsWith(`${owner}.`) ? one.name.slice(owner.length + 1) : one.name,
  }));
