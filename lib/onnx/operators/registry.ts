// The operators that `importOnnx` knows: by domain, name and the first opset that has this meaning.
import type { DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Attributes } from "../attributes.js";

/** What a node is told of the run that it is part of. */
export interface Run {
  /** Whether Dropout drops, and BatchNormalization uses the batch's own statistics: the module's mode. */
  readonly training: boolean;
  /** The dtype of tensors that the graph declares as this one: another one after the module's `to()`. */
  of(dtype: DType): DType;
}

/** The inputs of a node; null for one that it leaves out. */
export type Inputs = readonly (Tensor | null)[];

/** What a node computes. Several outputs are a list; null for one that there is not. */
export type Compute = (inputs: Inputs, run: Run) => Tensor | Inputs;

/** A node, as far as its operator needs to know it. */
export interface OperatorNode {
  readonly attributes: Attributes;
  /** The opset of the operator's domain. */
  readonly opset: number;
  /** Which outputs are asked for. */
  readonly outputs: readonly boolean[];
  /** To be called for a node that was written in training mode. */
  wasTraining(): void;
}

/** How many there may be. One number: exactly as many. */
export type Count = number | readonly [least: number, most: number];

export interface Operator {
  /** The first opset with this meaning. 1 stands for all before the next one. */
  readonly since: number;
  readonly inputs: Count;
  /** Default: 1. */
  readonly outputs?: Count;
  /**
   * Inputs whose floats are what a network learns. Default: of an operator with one input of data, those that are
   * learned where its result is used.
   */
  readonly learns?: readonly number[] | "all";
  /** Whether a number without axes among those inputs is rather a constant, as the 2 in 2·x. */
  readonly hasConstants?: boolean;
  /** Whether it joins its inputs: all of them are learned where its result is used. */
  readonly joins?: boolean;
  /** Inputs whose floats are the state of a layer, and not learned. */
  readonly keeps?: readonly number[];
  /** Whether its result depends on its inputs' shapes and dtypes only. */
  readonly readsShapes?: boolean;
  /** Whether two runs with the same inputs may differ. */
  readonly varies?: boolean;
  /** The input that says whether the node was written in training mode. */
  readonly trainingInput?: number;
  /** Reads the attributes, and gives what the node computes. */
  make(node: OperatorNode): Compute;
}

const operators = new Map<string, Operator[]>();

/** The domain of ONNX's own operators, which models may also call "ai.onnx". */
export const ONNX = "";
/** The domain of the operators for classical machine learning. */
export const ML = "ai.onnx.ml";

const keyOf = (domain: string, name: string): string => `${domain}:${name}`;

/** Adds an operator of ONNX's own domain. */
export function operator(name: string, description: Operator, domain = ONNX): void {
  const key = keyOf(domain, name);
  const versions = operators.get(key) ?? [];
  versions.push(description);
  versions.sort((a, b) => b.since - a.since);
  operators.set(key, versions);
}

/** The operator of that name in an opset; undefined where there is none. */
export function findOperator(domain: string, name: string, opset: number): Operator | undefined {
  return operators.get(keyOf(domain, name))?.find(({ since }) => since <= opset);
}

/** The names of all operators of a domain. */
export const operatorNames = (domain: string): string[] =>
  Array.from(operators.keys(), (key) => key.split(":") as [string, string])
    .filter(([own]) => own === domain)
    .map(([, name]) => name);

/** What a count allows. */
export const bounds = (count: Count): readonly [least: number, most: number] =>
  typeof count === "number" ? [count, count] : count;
