// The messages of event files (tensorboard/compat/proto: event.proto, summary.proto, tensor.proto, graph.proto,
// plugins/hparams), as far as they are used here.
import { optionalPackage } from "../optional-package.js";
import { bufferOf } from "../realms.js";

type Protobuf = typeof import("protobufjs");

/** An image as PNG, with its number of channels. */
export interface ImageMessage {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly colorspace: number;
  readonly encodedImageString: Uint8Array;
}

/** Counts between limits: bucket[i] values are in (bucketLimit[i − 1], bucketLimit[i]]. */
export interface HistogramMessage {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly bucketLimit: readonly number[];
  readonly bucket: readonly number[];
}

export interface TensorMessage {
  readonly dtype: number;
  readonly tensorShape?: { readonly dim?: readonly { readonly size: number }[] };
  readonly stringVal?: readonly Uint8Array[];
}

export interface MetadataMessage {
  readonly pluginData: { readonly pluginName: string; readonly content?: Uint8Array };
}

/** One value under a tag. One of `simpleValue`, `image`, `histo` and `tensor` is there, or none. */
export interface SummaryValue {
  readonly tag: string;
  readonly metadata?: MetadataMessage;
  readonly simpleValue?: number;
  readonly image?: ImageMessage;
  readonly histo?: HistogramMessage;
  readonly tensor?: TensorMessage;
}

/** A record of an event file. */
export interface EventMessage {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly graphDef?: Uint8Array;
  readonly summary?: { readonly value: readonly SummaryValue[] };
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly device?: string;
  readonly attr?: Readonly<Record<string, AttributeMessage>>;
}

interface ShapeMessage {
  readonly dim: readonly { readonly size: number }[];
}

export interface AttributeMessage {
  readonly s?: Uint8Array;
  readonly list?: { readonly shape: readonly ShapeMessage[] };
}

export interface GraphMessage {
  readonly node: readonly GraphNode[];
  readonly versions: { readonly producer: number };
}

/** A hyperparameter as google.protobuf.Value. */
export type PlainValue =
  | { readonly numberValue: number }
  | { readonly stringValue: string }
  | { readonly boolValue: boolean };

/** The data of the hyperparameters' plugin: one of the three. */
export interface HyperparametersMessage {
  readonly version: number;
  readonly experiment?: {
    readonly hparamInfos: readonly { readonly name: string; readonly type: number }[];
    readonly metricInfos: readonly { readonly name: { readonly tag: string } }[];
  };
  readonly sessionStartInfo?: { readonly hparams: Readonly<Record<string, PlainValue>> };
  readonly sessionEndInfo?: { readonly status: number };
}

interface Messages {
  readonly Event: EventMessage;
  readonly GraphDef: GraphMessage;
  readonly HParamsPluginData: HyperparametersMessage;
}

type Field = readonly [type: string, id: number, kind?: "repeated"];

/** A message of a schema: its fields, and which of them exclude each other. */
const message = (fields: Readonly<Record<string, Field>>, ...oneOf: readonly string[]) => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [type, id, rule]]) => [
      name,
      rule === undefined ? { type, id } : { rule, type, id },
    ]),
  ),
  ...(oneOf.length > 0 && { oneofs: { what: { oneof: [...oneOf] } } }),
});

const SCHEMA = {
  nested: {
    Event: message(
      {
        wallTime: ["double", 1],
        step: ["int64", 2],
        fileVersion: ["string", 3],
        graphDef: ["bytes", 4],
        summary: ["Summary", 5],
      },
      "fileVersion",
      "graphDef",
      "summary",
    ),
    Summary: message({ value: ["Value", 1, "repeated"] }),
    Value: message(
      {
        tag: ["string", 1],
        simpleValue: ["float", 2],
        image: ["Image", 4],
        histo: ["Histogram", 5],
        tensor: ["TensorProto", 8],
        metadata: ["Metadata", 9],
      },
      "simpleValue",
      "image",
      "histo",
      "tensor",
    ),
    Image: message({
      height: ["int32", 1],
      width: ["int32", 2],
      colorspace: ["int32", 3],
      encodedImageString: ["bytes", 4],
    }),
    Histogram: message({
      min: ["double", 1],
      max: ["double", 2],
      num: ["double", 3],
      sum: ["double", 4],
      sumSquares: ["double", 5],
      bucketLimit: ["double", 6, "repeated"],
      bucket: ["double", 7, "repeated"],
    }),
    TensorProto: message({
      dtype: ["int32", 1],
      tensorShape: ["TensorShape", 2],
      stringVal: ["bytes", 8, "repeated"],
    }),
    TensorShape: message({ dim: ["Dim", 2, "repeated"] }),
    Dim: message({ size: ["int64", 1] }),
    Metadata: message({ pluginData: ["PluginData", 1] }),
    PluginData: message({ pluginName: ["string", 1], content: ["bytes", 2] }),
    GraphDef: message({ node: ["NodeDef", 1, "repeated"], versions: ["Versions", 4] }),
    Versions: message({ producer: ["int32", 1] }),
    NodeDef: {
      fields: {
        name: { type: "string", id: 1 },
        op: { type: "string", id: 2 },
        input: { rule: "repeated", type: "string", id: 3 },
        device: { type: "string", id: 4 },
        attr: { keyType: "string", type: "Attribute", id: 5 },
      },
    },
    Attribute: message({ s: ["bytes", 2], list: ["AttributeList", 1] }),
    AttributeList: message({ shape: ["TensorShape", 7, "repeated"] }),
    HParamsPluginData: message({
      version: ["int32", 1],
      experiment: ["Experiment", 2],
      sessionStartInfo: ["SessionStart", 3],
      sessionEndInfo: ["SessionEnd", 4],
    }),
    Experiment: message({
      hparamInfos: ["HParamInfo", 4, "repeated"],
      metricInfos: ["MetricInfo", 5, "repeated"],
    }),
    HParamInfo: message({ name: ["string", 1], type: ["int32", 4] }),
    MetricInfo: message({ name: ["MetricName", 1] }),
    MetricName: message({ tag: ["string", 2] }),
    SessionStart: { fields: { hparams: { keyType: "string", type: "PlainValue", id: 1 } } },
    SessionEnd: message({ status: ["int32", 1] }),
    PlainValue: message(
      { numberValue: ["double", 2], stringValue: ["string", 3], boolValue: ["bool", 4] },
      "numberValue",
      "stringValue",
      "boolValue",
    ),
  },
};

let root: InstanceType<Protobuf["Root"]> | null = null;

/** @throws PackageError where protobufjs is not installed. */
function typeOf(where: string, name: keyof Messages): InstanceType<Protobuf["Type"]> {
  root ??= optionalPackage<Protobuf>(where, "protobufjs").Root.fromJSON(SCHEMA);
  return root.lookupType(name);
}

/** @throws PackageError */
export function encodeMessage<K extends keyof Messages>(
  where: string,
  kind: K,
  content: Messages[K],
): Uint8Array {
  return typeOf(where, kind).encode(content).finish();
}

/** @throws PackageError; Error where the bytes are no such message. */
export function decodeMessage<K extends keyof Messages>(
  where: string,
  kind: K,
  bytes: Uint8Array,
): Messages[K] {
  const type = typeOf(where, kind);
  return type.toObject(type.decode(bufferOf(bytes)), { longs: Number, arrays: true }) as Messages[K];
}
