// What a writer sees of a recorded instruction.
import type { RecordedWithin } from "../../context/trace.js";
import type { Names } from "../../native/instruction-names.js";
import { descriptionOf, instructionName } from "../../native/instructions.js";
import { type Layout, layoutOf } from "../../plan/layout.js";
import type { Family } from "../../plan/named.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { GraphBuilder, Ref } from "../graph.js";

/** That an instruction cannot be written, and why. */
export class NotExportable extends Error {}

/** A recorded instruction with its operands and parameters by name, and the graph to write it to. */
export class Call<F extends Family> {
  readonly name: string;
  readonly graph: GraphBuilder;
  /** What it writes. */
  readonly y: Tensor;
  readonly recorded: RecordedWithin;
  readonly #layout: Layout;
  readonly #read: (tensor: Tensor) => Ref;

  constructor(recorded: RecordedWithin, graph: GraphBuilder, read: (tensor: Tensor) => Ref) {
    this.name = instructionName(recorded.instruction);
    this.graph = graph;
    this.recorded = recorded;
    this.y = recorded.written[0] as Tensor;
    this.#read = read;
    const { params, operands } = recorded;
    this.#layout = layoutOf({ name: this.name, params, operands: operands.map(() => null) });
  }

  param(name: Names[F]["param"]): number {
    return this.recorded.params[this.#layout.params.get(name)?.at as number] as number;
  }

  /** The name of a choice: a parameter whose values have names. */
  choice(name: Names[F]["param"]): string {
    const { choices } = descriptionOf(this.name).params.find((param) => param.name === name) ?? {};
    return choices?.[this.param(name)] as string;
  }

  /** The operand; null if it is left out. */
  optional(name: Names[F]["operand"]): Tensor | null {
    return this.recorded.operands[this.#layout.operands.get(name)?.at as number] ?? null;
  }

  operand(name: Names[F]["operand"]): Tensor {
    return this.optional(name) as Tensor;
  }

  /** Operands that are a list. */
  operands(name: Names[F]["operand"]): readonly Tensor[] {
    const { at, count } = this.#layout.operands.get(name) as { at: number; count: number };
    return this.recorded.operands.slice(at, at + count) as Tensor[];
  }

  /** The operands that it reads, in order. */
  get inputs(): readonly Tensor[] {
    return this.recorded.operands.filter((tensor): tensor is Tensor => tensor !== null && tensor !== this.y);
  }

  /** The value in the graph that the operand is. */
  read(name: Names[F]["operand"]): Ref {
    return this.#read(this.operand(name));
  }

  readAll(tensors: readonly Tensor[]): Ref[] {
    return tensors.map((tensor) => this.#read(tensor));
  }

  refuse(reason: string): never {
    throw new NotExportable(reason);
  }
}

/** Why a user's op cannot be written whose parameters and shapes are not those of the library's ops. */
export const OTHER_AXES = "its parameters are not those of the library's ops for these shapes";

/** Writes an instruction. @returns the value of its result */
export type Writer<F extends Family> = (call: Call<F>) => Ref;

/** Where in a shape the axes [begin, end) are, with that product of sizes before them and that of their own. */
export function spanOf(
  shape: Shape,
  outer: number,
  axis: number,
  result: Shape,
): [begin: number, end: number] | null {
  for (let begin = 0, before = 1; begin <= shape.length; before *= shape[begin++] as number) {
    if (before !== outer) continue;
    for (let end = begin, size = 1; end <= shape.length; size *= shape[end++] as number) {
      const rest = [...shape.slice(0, begin), ...shape.slice(end)];
      if (size === axis && rest.length === result.length && rest.every((n, d) => n === result[d]))
        return [begin, end];
    }
  }
  return null;
}

/**
 * The axis of a shape with that product of sizes before it, along which the size is that. The other shape differs from
 * it along that axis alone.
 * @throws NotExportable if there is none
 */
export function axisOf(shape: Shape, outer: number, size: number, other: Shape): number {
  let before = 1;
  for (let axis = 0; axis < shape.length; before *= shape[axis++] as number) {
    const fits = shape.every((n, d) => d === axis || n === other[d]);
    if (before === outer && shape[axis] === size && fits) return axis;
  }
  throw new NotExportable(OTHER_AXES);
}
