import type { StoredArray } from "../../formats/stored-array.js";
import { decodeModel } from "../../onnx/proto.js";
import type { GraphProto, TypeProto, ValueInfoProto } from "../../onnx/schema.js";
import { dataTypeName, fromTensorProto } from "../../onnx/tensor-proto.js";
import type { Kind, Table } from "./kind.js";

// A ModelProto begins with its field 1, ir_version, in all files that are written in order. After it comes a number or
// a message.
const IR_VERSION = 0x08;
const MOST_VERSIONS = 64;
const WIRE_TYPES = [0, 2];

function shapeOf(type: TypeProto | undefined): string {
  const tensor = type?.tensor_type;
  if (tensor === undefined) return "no tensor";
  const sizes = tensor.shape?.dim.map(({ dim_value, dim_param }) => dim_param || String(dim_value ?? "?"));
  return `[${sizes?.join(", ") ?? "…"}]`;
}

const ports = (title: string, list: readonly ValueInfoProto[]): Table => ({
  title,
  columns: ["name", "dtype", "shape"],
  rows: list.map(({ name = "", type }) => [
    name,
    dataTypeName(type?.tensor_type?.elem_type ?? 0).toLowerCase(),
    shapeOf(type),
  ]),
});

/** How often each operator is there. */
function operators({ node }: GraphProto): Table {
  const counts = new Map<string, number>();
  for (const { op_type = "", domain } of node) {
    const name = domain === undefined || domain === "" ? op_type : `${domain}.${op_type}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { title: "operators", columns: ["operator", "nodes"], rows };
}

function initializers(source: string, graph: GraphProto | undefined): Map<string, StoredArray> {
  return new Map(
    graph?.initializer.map((tensor) => [tensor.name ?? "", fromTensorProto(source, tensor)] as const),
  );
}

export const onnx: Kind = {
  extensions: ["onnx"],
  matches: ([first, version = MOST_VERSIONS, next = 1]) =>
    first === IR_VERSION && version < MOST_VERSIONS && WIRE_TYPES.includes(next & 7),
  inspect(bytes, source) {
    const model = decodeModel(source, bytes);
    const { graph } = model;
    const arrays = initializers(source, graph);
    const opsets = model.opset_import.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`);
    const own = model.metadata_props.map(({ key = "", value = "" }): [string, string] => [key, value]);
    const facts: [string, string][] = [
      ["operators", opsets.join(", ")],
      ["producer", [model.producer_name, model.producer_version].filter(Boolean).join(" ")],
      ["graph", graph?.name ?? ""],
      ...own,
    ];
    return {
      format: `ONNX, IR version ${model.ir_version ?? "?"}`,
      facts: Object.fromEntries(facts.filter(([, value]) => value !== "")),
      arrays,
      texts: {},
      tables:
        graph === undefined
          ? []
          : [
              ports(
                "inputs",
                graph.input.filter(({ name }) => !arrays.has(name ?? "")),
              ),
              ports("outputs", graph.output),
              operators(graph),
            ],
    };
  },
  read: (bytes, source) => ({
    arrays: initializers(source, decodeModel(source, bytes).graph),
    metadata: {},
  }),
};
