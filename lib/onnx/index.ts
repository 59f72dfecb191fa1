/** Models to and from ONNX. Needs the package protobufjs. */
export { type ExportOnnxOptions, exportOnnx } from "./export.js";
export { type ImportOnnxOptions, importOnnx, importOnnxSync, type OnnxInitializer } from "./import-onnx.js";
export type { OnnxModule } from "./onnx-module.js";
export type { OnnxSize, OnnxValue } from "./read-graph.js";
export type { OnnxRole } from "./roles.js";
export type { ModelProto } from "./schema.js";
