// Who reads each tensor of a run, and which op made it.
import type { Node } from "../eager/node.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Call } from "./units-run.js";

/** An op, a module whose ops are not looked at, or `null`: the model's caller. */
export type UnitReader = Node | Call | null;

export class Readers {
  readonly #readers = new Map<Tensor, Set<UnitReader>>();
  readonly #made = new Map<Node, Tensor>();

  of(tensor: Tensor): Set<UnitReader> {
    const readers = this.#readers.get(tensor) ?? new Set();
    this.#readers.set(tensor, readers);
    return readers;
  }

  /** An op gave the tensor. @param call the module that the op is of, if that is read as a whole. */
  note(tensor: Tensor, call: Call | undefined): void {
    const node = tensor.producer as Node;
    this.#made.set(node, tensor);
    for (const input of call?.inputs ?? node.inputs) this.of(input).add(call ?? node);
  }

  madeBy(node: Node): Tensor {
    return this.#made.get(node) as Tensor;
  }

  /** The first step on the way to a function's result that others read too. */
  escapedFrom(nodes: ReadonlySet<Node>, result: Tensor): Tensor | undefined {
    return [...nodes]
      .sort((a, b) => a.id - b.id)
      .map((node) => this.madeBy(node))
      .find((tensor) => tensor !== result && !this.#areAmong(nodes, tensor));
  }

  #areAmong(readers: ReadonlySet<unknown>, tensor: Tensor): boolean {
    return [...this.of(tensor)].every((reader) => readers.has(reader));
  }

  /** Whether only these read a tensor, and what it is a view of only as that. */
  isReadBy(tensor: Tensor, readers: ReadonlySet<unknown>): boolean {
    if (!this.#areAmong(readers, tensor)) return false;
    const { producer } = tensor;
    const isView = producer !== null && producer.op.instruction === null && producer.op.compute === undefined;
    return !isView || this.isReadBy(producer.inputs[0] as Tensor, new Set([producer]));
  }
}
