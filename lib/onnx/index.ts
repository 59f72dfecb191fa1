/** Models to and from ONNX. Needs the package protobufjs. */
export { type ExportOnnxOptions, exportOnnx } from "./export.js";
