// What makes a graph shorter without changing it.
import type { Constant, GraphNode, Ref } from "./graph.js";
import type { SymbolicGraph } from "./symbolic.js";

/** Leaves out nodes that copy, reshapes between reshapes, what nothing uses, and constants that are there twice. */
export function simplify(graph: SymbolicGraph): SymbolicGraph {
  const results = new Set(graph.outputs.map(({ name }) => name));
  const { constants, same } = shareConstants(graph.constants);
  const nodes = nameResults(dropCopies(graph.nodes, same, results), results);
  return { ...graph, ...keepUsed(nodes, constants, results) };
}

// Comparing larger ones costs more than they do.
const SMALL = 64;

/** Equal constants as one. */
function shareConstants(all: ReadonlyMap<Ref, Constant>): {
  constants: ReadonlyMap<Ref, Constant>;
  same: Map<Ref, Ref>;
} {
  const first = new Map<string, Ref>();
  const same = new Map<Ref, Ref>();
  const constants = new Map<Ref, Constant>();
  for (const [ref, constant] of all) {
    const key = constant.kind === "state" || constant.values.length > SMALL ? null : keyOf(constant);
    const known = key === null ? undefined : first.get(key);
    if (known !== undefined) {
      same.set(ref, known);
      continue;
    }
    if (key !== null) first.set(key, ref);
    constants.set(ref, constant);
  }
  return { constants, same };
}

function keyOf(constant: Constant): string {
  const numbers = Array.from(constant.values, (value) =>
    Object.is(value, -0) ? "-0" : String(value),
  ).join();
  return constant.kind === "sizes"
    ? `sizes ${numbers}`
    : `${constant.dtype} [${constant.shape.join()}] ${numbers}`;
}

/** Without the Identity nodes that are not for a result's name, and with one Reshape in place of two. */
function dropCopies(
  nodes: readonly GraphNode[],
  same: Map<Ref, Ref>,
  results: ReadonlySet<Ref>,
): GraphNode[] {
  const kept: GraphNode[] = [];
  /** What each Reshape is of. */
  const reshaped = new Map<Ref, Ref>();
  for (const node of nodes) {
    const inputs = node.inputs.map((ref) => same.get(ref) ?? ref);
    const [output] = node.outputs;
    if (node.operator === "Reshape" && output !== undefined) {
      inputs[0] = reshaped.get(inputs[0] as Ref) ?? (inputs[0] as Ref);
      reshaped.set(output, inputs[0]);
    }
    if (node.operator === "Identity" && output !== undefined && !results.has(output)) {
      same.set(output, inputs[0] as Ref);
    } else kept.push({ ...node, inputs });
  }
  return kept;
}

/** Gives the results' names to the nodes that compute them, where each computes one. */
function nameResults(nodes: readonly GraphNode[], results: ReadonlySet<Ref>): GraphNode[] {
  const computed = new Set(nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<Ref, Ref>();
  const kept: GraphNode[] = [];
  for (const node of nodes) {
    const [[input], [output]] = [node.inputs, node.outputs];
    const isName = node.operator === "Identity" && output !== undefined && results.has(output);
    if (isName && input !== undefined && computed.has(input) && !renamed.has(input) && !results.has(input))
      renamed.set(input, output);
    else kept.push(node);
  }
  const rename = (ref: Ref): Ref => renamed.get(ref) ?? ref;
  return kept.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

/** The nodes and constants on which the results depend. */
function keepUsed(
  nodes: readonly GraphNode[],
  constants: ReadonlyMap<Ref, Constant>,
  results: ReadonlySet<Ref>,
): { nodes: GraphNode[]; constants: ReadonlyMap<Ref, Constant> } {
  const used = new Set(results);
  const kept: GraphNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => used.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) used.add(input);
  }
  return {
    nodes: kept.reverse(),
    constants: new Map([...constants].filter(([ref]) => used.has(ref))),
  };
}
