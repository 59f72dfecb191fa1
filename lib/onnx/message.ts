// A graph as ONNX's message.
import type { StoredArray } from "../formats/stored-array.js";
import { version } from "../native/version.js";
import type { Attribute, Constant, GraphNode } from "./graph.js";
import type { Draft } from "./proto.js";
import {
  type AttributeProto,
  AttributeType,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from "./schema.js";
import type { SymbolicGraph, SymbolicValue } from "./symbolic.js";
import { dataTypeOf, toTensorProto } from "./tensor-proto.js";

/** The opsets that are written, and the version of the file format that came with each. */
export const IR_VERSIONS: Readonly<Record<number, number>> = {
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
  22: 10,
  23: 11,
};

export function toMessage(
  graph: SymbolicGraph,
  name: string,
  opset: number,
  metadata: Readonly<Record<string, string>>,
): Draft<ModelProto> {
  return {
    ir_version: BigInt(IR_VERSIONS[opset] as number),
    opset_import: [{ domain: "", version: BigInt(opset) }],
    producer_name: "thalweg",
    producer_version: version,
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: graph.nodes.map(nodeOf),
      initializer: Array.from(graph.constants, ([ref, constant]) => toTensorProto(ref, arrayOf(constant))),
      input: graph.inputs.map(valueOf),
      output: graph.outputs.map(valueOf),
    },
  };
}

function nodeOf({ operator, name, inputs, outputs, attributes }: GraphNode): Draft<NodeProto> {
  return {
    op_type: operator,
    name,
    input: inputs,
    output: outputs,
    attribute: Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeOf(value) })),
  };
}

function attributeOf(value: Attribute): Draft<AttributeProto> {
  if ("int" in value) return { type: AttributeType.INT, i: BigInt(value.int) };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  if ("ints" in value) return { type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  return { type: AttributeType.STRING, s: new TextEncoder().encode(value.text) };
}

function valueOf({ name, dtype, shape }: SymbolicValue): Draft<ValueInfoProto> {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dim_value: BigInt(size) } : { dim_param: size },
  );
  return { name, type: { tensor_type: { elem_type: dataTypeOf(dtype), shape: { dim } } } };
}

function arrayOf(constant: Constant): StoredArray {
  if (constant.kind === "sizes") {
    const values = BigInt64Array.from(constant.values, BigInt);
    return { dtype: "int64", shape: [values.length], bytes: new Uint8Array(values.buffer) };
  }
  const { dtype, shape } = constant;
  // Any other byte of a bool counts as 1 here, but not everywhere.
  const values = dtype === "bool" ? constant.values.map((value) => Number(value !== 0)) : constant.values;
  return { dtype, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
