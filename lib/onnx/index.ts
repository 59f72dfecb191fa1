/** Models to and from ONNX. Needs the package protobufjs. */
export type { ModelProto } from "./schema.js";
