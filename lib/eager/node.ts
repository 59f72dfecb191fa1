import { GraphError } from "../errors.js";
import type { TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Options of an op, by name. */
export type Attributes = object;

/**
 * A rule computes a tensor, with ops, from the op's inputs and attributes. Each op has its own type of context.
 * 0: the derivative is 0 everywhere.
 */
export type Rule = ((context: never) => Tensor) | 0;
export type Rules = Readonly<Record<string, Rule | undefined>>;

/** An op as the graph and autodiff see it. They never ask for its name. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  /** The result's shape and dtype. Throws if the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: Attributes): TensorSpec;
  /** The native instruction, or null for a view: the same memory under another shape. */
  readonly instruction: number | null;
  /** The instruction's parameters. */
  params(inputs: readonly Tensor[], output: TensorSpec, attributes: Attributes): readonly number[];
  /** Inputs and output in the instruction's own order. */
  buffers?(inputs: readonly Tensor[], output: Tensor): (Tensor | null)[];
  /** Row vector · Jacobian, for each input that has one. */
  readonly vjp: Rules;
  /** Jacobian · column vector, for each input that has one. */
  readonly jvp: Rules;
  /** Whether a user defined its rules. */
  readonly isCustom?: boolean;
  /** Computes the value with other ops, whose history is not kept. Takes the place of an instruction. */
  compute?(inputs: readonly Tensor[], attributes: Attributes): Tensor;
  /**
   * The op on all samples at once, for `vmap`. The result and each input that is `batched` have the axis of the
   * samples, of length `size`, in front.
   */
  batch?(
    inputs: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    attributes: Attributes,
  ): Tensor;
}

/** The context of an op's rule: its inputs by name, its attributes, and `others`. */
export function byName(
  names: readonly string[],
  inputs: readonly Tensor[],
  attributes: Attributes,
  others?: object,
): Record<string, unknown> {
  // Not a spread: adding to an object made by a spread takes many times as long.
  const context = Object.assign({} as Record<string, unknown>, attributes, others);
  for (let i = 0; i < names.length; i++) context[names[i] as string] = inputs[i];
  return context;
}

let lastId = 0;

/** One application of an op, kept while a gradient may need it. */
export class Node {
  /** Grows from node to node: the nodes of the inputs have smaller ids. */
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

  /** @throws GraphError if an earlier `backward()` freed the graph. */
  get inputs(): readonly Tensor[] {
    if (this.#inputs === null) {
      throw new GraphError(
        `backward: the graph through ${this.op.name} was freed by an earlier backward(); call that one with { retainGraph: true }`,
      );
    }
    return this.#inputs;
  }

  /** @throws GraphError if an input was written in place since the op used it. */
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
