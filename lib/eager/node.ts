import { GraphError } from "../errors.js";
import type { TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Options of an op, by name. */
export type Attributes = object;

/** A rule gives, from what the op saw, a tensor made with ops. Each op's rules have a context of their own. */
export type Rule = (context: never) => Tensor;
export type Rules = Readonly<Record<string, Rule | undefined>>;

/** An op as the graph and autodiff see it: never by name. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  /** The result's shape and dtype. Throws where the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: Attributes): TensorSpec;
  /** The native instruction, or null for a view: the same memory under another shape. */
  readonly instruction: number | null;
  /** The instruction's parameters. */
  params(inputs: readonly Tensor[], output: TensorSpec, attributes: Attributes): readonly number[];
  /** Puts the memory of inputs and output in the order that the instruction takes. */
  buffers?(inputs: readonly Tensor[], output: Tensor): (Tensor | null)[];
  /** Row vector · Jacobian, for each input that has one. */
  readonly vjp: Rules;
  /** Jacobian · column vector, for each input that has one. */
  readonly jvp: Rules;
  /** Whether its rules are a user's. */
  readonly isCustom?: boolean;
  /** The value by other ops, whose history does not count; instead of an instruction. */
  compute?(inputs: readonly Tensor[], attributes: Attributes): Tensor;
  /**
   * The op on all samples at once, for `vmap`: inputs that are `batched` have the samples' axis in front,
   * of that size, and so has the result.
   */
  batch?(
    inputs: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    attributes: Attributes,
  ): Tensor;
}

/** What a rule of an op sees: its inputs by name, and attributes and others beside them. */
export function byName(
  names: readonly string[],
  inputs: readonly Tensor[],
  attributes: Attributes,
  others?: object,
): Record<string, unknown> {
  // Adding to an object that was made by a spread takes many times as long.
  const context = Object.assign({} as Record<string, unknown>, attributes, others);
  for (let i = 0; i < names.length; i++) context[names[i] as string] = inputs[i];
  return context;
}

let lastId = 0;

/** One application of an op, kept while a gradient may ask for it. */
export class Node {
  /** Grows from node to node: inputs always have a smaller one. */
  readonly id: number = ++lastId;
  readonly op: Op;
  readonly attributes: Attributes;
  /** The line that called the op, under `detectAnomaly`. */
  readonly line: string | null;
  #inputs: readonly Tensor[] | null;
  readonly #versions: readonly number[];

  constructor(op: Op, inputs: readonly Tensor[], attributes: Attributes, line: string | null = null) {
    this.op = op;
    this.attributes = attributes;
    this.line = line;
    this.#inputs = inputs;
    this.#versions = inputs.map((input) => input.storage.version);
  }

  /** @throws GraphError where the graph was freed by an earlier `backward()`. */
  get inputs(): readonly Tensor[] {
    if (this.#inputs === null) {
      throw new GraphError(
        `backward: the graph through ${this.op.name} was freed by an earlier backward(); call that one with { retainGraph: true }`,
      );
    }
    return this.#inputs;
  }

  /** @throws GraphError where an input was written to in place since. */
  checkUnchanged(): void {
    this.inputs.forEach((input, i) => {
      if (input.storage.version !== this.#versions[i]) {
        throw new GraphError(
          `backward: input ${this.op.inputs[i]} of ${this.op.name} was changed in place after ${this.op.name} used it`,
        );
      }
    });
  }

  free(): void {
    this.#inputs = null;
  }
}
