// An ONNX graph for one batch size, before it is a message: nodes in order, and constants by name.

import type { DType, TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";

/** The name of a value: an input, a constant or the result of a node. */
export type Ref = string;

/** The value of an attribute, by its type in ONNX. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
  readonly attributes: Attributes;
  /** What the user wrote that made it, for messages. */
  readonly origin: string;
}

/** Known numbers: a state of the model, a constant, or sizes [n] in int64. */
export type Constant =
  | {
      readonly kind: "state" | "constant";
      readonly dtype: DType;
      readonly shape: Shape;
      readonly values: TypedArray;
    }
  | { readonly kind: "sizes"; readonly values: readonly number[] };

export interface GraphValue {
  readonly name: Ref;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Graph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<Ref, Constant>;
}

/** Makes nodes and constants with names of their own. */
export class GraphBuilder {
  readonly opset: number;
  readonly nodes: GraphNode[] = [];
  readonly constants = new Map<Ref, Constant>();
  /** The path of the module that is being written, for names. */
  scope = "";
  /** What the user wrote that is being written. */
  origin = "";
  readonly #taken: Set<string>;
  readonly #numbers = new Map<string, number>();

  /** @param taken names that values must not have */
  constructor(opset: number, taken: Iterable<string> = []) {
    this.opset = opset;
    this.#taken = new Set(taken);
  }

  /** Adds a node. @returns its only result */
  node(operator: string, inputs: readonly Ref[], attributes: Attributes = {}): Ref {
    return this.nodeOf(operator, inputs, attributes, 1)[0] as Ref;
  }

  /** Adds a node of several results. */
  nodeOf(operator: string, inputs: readonly Ref[], attributes: Attributes, results: number): Ref[] {
    const name = this.#name(operator);
    const outputs = Array.from({ length: results }, (_, i) =>
      i === 0 ? name : this.#name(`${operator}_output`),
    );
    this.nodes.push({ operator, name, inputs, outputs, attributes, origin: this.origin });
    return outputs;
  }

  /** A list of sizes, positions or axes: int64 [n]. */
  sizes(values: readonly number[]): Ref {
    const name = this.#name("sizes");
    this.constants.set(name, { kind: "sizes", values });
    return name;
  }

  /** A known tensor. */
  constant(values: TypedArray, shape: Shape, dtype: DType): Ref {
    const name = this.#name("constant");
    this.constants.set(name, { kind: "constant", dtype, shape, values });
    return name;
  }

  /** The value under another shape. */
  reshape(x: Ref, shape: Shape): Ref {
    const attributes: Attributes = shape.includes(0) ? { allowzero: { int: 1 } } : {};
    return this.node("Reshape", [x, this.sizes(shape)], attributes);
  }

  #name(what: string): string {
    const base = this.scope === "" ? what : `${this.scope}/${what}`;
    for (let number = this.#numbers.get(base) ?? 0; ; number++) {
      const name = number === 0 ? base : `${base}_${number}`;
      if (this.#taken.has(name)) continue;
      this.#numbers.set(base, number + 1);
      this.#taken.add(name);
      return name;
    }
  }
}
