// From the message of a model to a checked graph: every name has one meaning, every operator is known.
import { DataError } from "../errors.js";
import { quote } from "../formats/stored-array.js";
import type { DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { Attributes } from "./attributes.js";
import { heldDType, readTensor } from "./constants.js";
import { bounds, type Compute, findOperator, ONNX, type Operator, operatorNames } from "./operators/index.js";
import type { AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from "./schema.js";
import { dataTypeName } from "./tensor-proto.js";

/** A size that a graph leaves open: by name, so that several can be told to be equal, or without one. */
export type OnnxSize = number | string | null;

/** An input or output of a model. */
export interface OnnxValue {
  readonly name: string;
  /** The dtype of its tensors. */
  readonly dtype: DType;
  /** Sizes; a string names one that is open, null stands for one without a name. null where the model says none. */
  readonly shape: readonly OnnxSize[] | null;
}

/** A node, ready to be computed. */
export interface Step {
  /** For messages: `node "fc1" (Gemm)`. */
  readonly what: string;
  readonly operator: Operator;
  /** Whether it says itself that it was written in training mode. */
  readonly wasTraining: boolean;
  /** Whether it gives its input as it is. */
  readonly isIdentity: boolean;
  readonly compute: Compute;
  /** Names of values; null for an input that the node leaves out. */
  readonly inputs: readonly (string | null)[];
  /** Names of values; null for an output that nobody needs. */
  readonly outputs: readonly (string | null)[];
}

export interface Graph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** The tensors in the file that a step needs, by name. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly steps: readonly Step[];
  /** Whether it was written in training mode. */
  readonly isTraining: boolean;
}

/** The opsets that are read. */
export const OPSETS = { oldest: 7, newest: 28 } as const;

/** A node of the model, with its operator's domain as "" for ONNX's own. */
interface Node {
  readonly proto: NodeProto;
  readonly type: string;
  readonly domain: string;
  readonly what: string;
  readonly outputs: readonly string[];
}

const ownDomain = (domain: string | undefined): string =>
  domain === undefined || domain === "ai.onnx" ? ONNX : domain;

/**
 * @param wanted names of the outputs that are needed. Default: all.
 * @throws DataError
 */
export function readGraph(where: string, model: ModelProto, wanted?: readonly string[]): Graph {
  const { graph } = model;
  if (graph === undefined) throw new DataError(`${where}: the model has no graph`);
  const opsets = readOpsets(where, model);
  const nodes = graph.node.map((proto, i) => nodeOf(proto, i));
  checkNames(where, graph, nodes);
  const outputs = chooseOutputs(where, graph, wanted);
  const needed = neededBy(
    nodes,
    outputs.map(({ name }) => name ?? ""),
  );
  refuseUnknown(where, needed.nodes, opsets);
  const initializers = new Map<string, Tensor>();
  for (const proto of graph.initializer) {
    const tensor = readTensor(where, proto);
    if (needed.values.has(proto.name ?? "")) initializers.set(proto.name ?? "", tensor);
  }
  const stored = new Set(graph.initializer.map(({ name }) => name));
  const steps = needed.nodes.map((node) => stepOf(where, node, opsets, needed.values));
  return {
    inputs: graph.input.filter(({ name }) => !stored.has(name)).map((info) => valueOf(where, "input", info)),
    outputs: outputs.map((info) => valueOf(where, "output", info)),
    initializers,
    steps,
    isTraining: steps.some((step) => step.wasTraining || saysTraining(step, initializers, steps)),
  };
}

/** Whether an input of the step, a constant, says that it was written in training mode. */
function saysTraining(
  { operator: { trainingInput }, inputs }: Step,
  initializers: ReadonlyMap<string, Tensor>,
  steps: readonly Step[],
): boolean {
  const name = trainingInput === undefined ? null : (inputs[trainingInput] ?? null);
  if (name === null) return false;
  const maker = steps.find((step) => step.inputs.length === 0 && step.outputs[0] === name);
  const value = initializers.get(name) ?? maker?.compute([], { training: false, of: (dtype) => dtype });
  return value instanceof Tensor && value.storage.forReading()[0] === 1;
}

/** The opset of each domain. */
function readOpsets(where: string, { opset_import }: ModelProto): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version = 0n } of opset_import) {
    const name = ownDomain(domain);
    if (opsets.has(name)) throw new DataError(`${where}: the model imports the domain ${quote(name)} twice`);
    opsets.set(name, Number(version));
  }
  if (opsets.size === 0) throw new DataError(`${where}: the model does not say which opset it needs`);
  const opset = opsets.get(ONNX) ?? OPSETS.newest;
  if (!(opset >= OPSETS.oldest && opset <= OPSETS.newest)) {
    throw new DataError(
      `${where}: expected a model of opset ${OPSETS.oldest} to ${OPSETS.newest}, this one is of opset ${opset}`,
    );
  }
  return opsets;
}

function nodeOf(proto: NodeProto, i: number): Node {
  const type = proto.op_type ?? "";
  const own = proto.name === undefined || proto.name === "" ? proto.output[0] : proto.name;
  return {
    proto,
    type,
    domain: ownDomain(proto.domain),
    what: `node ${quote(own ?? String(i))} (${type})`,
    outputs: proto.output,
  };
}

/** @throws DataError unless each name is given to one value, before it is used. */
function checkNames(where: string, graph: GraphProto, nodes: readonly Node[]): void {
  const known = new Set<string>();
  const add = (what: string, name = ""): void => {
    if (name === "") throw new DataError(`${where}: ${what} has no name`);
    if (known.has(name)) throw new DataError(`${where}: the name ${quote(name)} is given twice`);
    known.add(name);
  };
  if (graph.sparse_initializer.length > 0) {
    throw new DataError(`${where}: the model has sparse initializers, which are not supported`);
  }
  for (const { name } of graph.initializer) add("an initializer", name);
  const stored = new Set(known);
  const inputs = new Set<string>();
  for (const { name = "" } of graph.input) {
    if (inputs.has(name)) throw new DataError(`${where}: the name ${quote(name)} is given twice`);
    inputs.add(name);
    // An input with a default has that in an initializer.
    if (!stored.has(name)) add("an input", name);
  }
  const later = new Set(nodes.flatMap(({ outputs }) => outputs));
  for (const { proto, what, outputs } of nodes) {
    for (const name of proto.input) {
      if (name === "" || known.has(name)) continue;
      const why = later.has(name)
        ? "which a later node gives: the nodes are not in an order in which they can be computed, or form a circle"
        : "which nothing gives";
      throw new DataError(`${where}: ${what}: needs ${quote(name)}, ${why}`);
    }
    for (const name of outputs) if (name !== "") add(what, name);
  }
  for (const { name = "" } of graph.output) {
    if (!known.has(name))
      throw new DataError(`${where}: the model's output ${quote(name)} is given by nothing`);
  }
}

function chooseOutputs(
  where: string,
  { output }: GraphProto,
  wanted: readonly string[] | undefined,
): readonly ValueInfoProto[] {
  if (output.length === 0) throw new DataError(`${where}: the model has no output`);
  const names = new Set(output.map(({ name }) => name));
  if (names.size < output.length) throw new DataError(`${where}: the model has an output twice`);
  if (wanted === undefined) return output;
  return wanted.map((name) => {
    const found = output.find((info) => info.name === name);
    if (found !== undefined) return found;
    const list = output.map((info) => quote(info.name ?? "")).join(", ");
    throw new DataError(`${where}: the model has no output ${quote(name)}; it has ${list}`);
  });
}

/** The nodes that the outputs depend on, in their order, and all values that these need. */
function neededBy(
  nodes: readonly Node[],
  outputs: readonly string[],
): { readonly nodes: Node[]; readonly values: ReadonlySet<string> } {
  const values = new Set(outputs);
  const needed: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => values.has(name))) continue;
    needed.push(node);
    for (const name of node.proto.input) if (name !== "") values.add(name);
  }
  return { nodes: needed.reverse(), values };
}

/** @throws DataError that names every operator that is not known, with the nodes that have it. */
function refuseUnknown(where: string, nodes: readonly Node[], opsets: ReadonlyMap<string, number>): void {
  const unknown = new Map<string, Node[]>();
  for (const node of nodes) {
    const why = reasonAgainst(node, opsets);
    if (why === null) continue;
    const alike = unknown.get(why) ?? [];
    alike.push(node);
    unknown.set(why, alike);
  }
  if (unknown.size === 0) return;
  const lines = Array.from(unknown, ([why, alike]) => {
    const shown = alike.slice(0, 3).map(({ what }) => what.replace(/ \(.*\)$/, ""));
    const more = alike.length > 3 ? ` and ${alike.length - 3} more` : "";
    return `${why}: ${shown.join(", ")}${more}`;
  });
  throw new DataError(`${where}: the model has operators that are not supported:\n  ${lines.join("\n  ")}`);
}

function reasonAgainst({ proto, type, domain }: Node, opsets: ReadonlyMap<string, number>): string | null {
  const name = domain === ONNX ? type : `${domain}.${type}`;
  const opset = opsets.get(domain);
  if (opset === undefined) return `${name} of a domain that the model does not import`;
  if (findOperator(domain, type, opset) === undefined) {
    const isNewer = operatorNames(domain).includes(type);
    return isNewer ? `${name}, which opset ${opset} does not have` : `${name} (opset ${opset})`;
  }
  const holdsGraph = proto.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0);
  return holdsGraph ? `${name} with a graph within (opset ${opset})` : null;
}

function stepOf(
  where: string,
  { proto, type, domain, what, outputs }: Node,
  opsets: ReadonlyMap<string, number>,
  needed: ReadonlySet<string>,
): Step {
  const opset = opsets.get(domain) as number;
  const operator = findOperator(domain, type, opset) as Operator;
  const place = `${where}: ${what}`;
  const inputs = withoutLast(proto.input).map((name) => (name === "" ? null : name));
  const given = outputs.map((name) => (needed.has(name) && name !== "" ? name : null));
  const [least, most] = bounds(operator.inputs);
  const required = most === Number.MAX_SAFE_INTEGER ? inputs.length : least;
  checkCount(place, "input", inputs.length, operator.inputs);
  checkCount(place, "output", outputs.length, operator.outputs ?? 1);
  const missing = inputs.slice(0, required).indexOf(null);
  if (missing >= 0) throw new DataError(`${place}: lacks its input ${missing}`);
  const attributes = new Attributes(place, byName(place, proto.attribute));
  let wasTraining = false;
  const compute = operator.make({
    attributes,
    opset,
    outputs: given.map((name) => name !== null),
    wasTraining: () => {
      wasTraining = true;
    },
  });
  attributes.checkAllAsked();
  const isIdentity = domain === ONNX && type === "Identity";
  return { what, operator, wasTraining, isIdentity, compute, inputs, outputs: given };
}

/** The names without those at the end that are left out. */
function withoutLast(names: readonly string[]): readonly string[] {
  const end = names.findLastIndex((name) => name !== "");
  return names.slice(0, end + 1);
}

function checkCount(place: string, what: string, count: number, expected: Operator["inputs"]): void {
  const [least, most] = bounds(expected);
  if (count >= least && count <= most) return;
  const range =
    least === most
      ? `${least}`
      : most === Number.MAX_SAFE_INTEGER
        ? `${least} or more`
        : `${least} to ${most}`;
  throw new DataError(`${place}: expected ${range} ${what}${range === "1" ? "" : "s"}, found ${count}`);
}

function byName(place: string, attributes: readonly AttributeProto[]): ReadonlyMap<string, AttributeProto> {
  const named = new Map<string, AttributeProto>();
  for (const attribute of attributes) {
    const name = attribute.name ?? "";
    if (named.has(name)) throw new DataError(`${place}: has the attribute ${quote(name)} twice`);
    if (attribute.ref_attr_name !== undefined && attribute.ref_attr_name !== "") {
      throw new DataError(`${place}: attribute ${quote(name)} refers to one of a function outside of any`);
    }
    named.set(name, attribute);
  }
  return named;
}

/** What the model says of an input or output. */
function valueOf(where: string, what: string, { name = "", type }: ValueInfoProto): OnnxValue {
  const place = `${where}: ${what} ${quote(name)}`;
  const tensor = type?.tensor_type;
  if (tensor === undefined) {
    // A list of maps, from class to probability, is a tensor here.
    if (what === "output" && type?.sequence_type?.elem_type?.map_type !== undefined)
      return { name, dtype: "float32", shape: null };
    throw new DataError(`${place}: expected a tensor`);
  }
  const dtype = heldDType(tensor.elem_type ?? 0);
  if (dtype === undefined) {
    throw new DataError(`${place}: is ${dataTypeName(tensor.elem_type ?? 0)}, which no tensor is`);
  }
  if (tensor.shape === undefined) return { name, dtype, shape: null };
  const shape = tensor.shape.dim.map(({ dim_value, dim_param }): OnnxSize => {
    if (dim_value === undefined) return dim_param === undefined || dim_param === "" ? null : dim_param;
    if (dim_value < 0n || dim_value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new DataError(`${place}: has a size of ${dim_value}`);
    return Number(dim_value);
  });
  return { name, dtype, shape };
}
